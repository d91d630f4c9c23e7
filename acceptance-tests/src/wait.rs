//! Waiting for what can be looked at, with a deadline.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::time::{MissedTickBehavior, interval};

/// How often a probe looks. A look costs one request on loopback.
const PACE: Duration = Duration::from_millis(25);

/// Looks until `probe` gives something or `patience` runs out. An error of the probe ends the wait.
///
/// # Errors
///
/// The probe's; else, when `patience` runs out, `what` was waited for.
pub fn until<T>(
    what: &str,
    patience: Duration,
    mut probe: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let pauses = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .context("starting the runtime")?;
    let mut ticks = pauses.block_on(async { interval(PACE) });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begun = Instant::now();
    loop {
        pauses.block_on(ticks.tick());
        if let Some(found) = probe()? {
            return Ok(found);
        }
        if begun.elapsed() > patience {
            bail!("{what}: not within {} s", patience.as_secs());
        }
    }
}

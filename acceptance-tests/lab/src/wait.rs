//! Waiting for what can be looked at, with a deadline.

use std::future::Future;
use std::time::Duration;

use anyhow::anyhow;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

/// How often a probe looks. A look costs one request on loopback.
const PACE: Duration = Duration::from_millis(50);

/// What one look showed.
#[derive(Debug)]
pub(crate) enum Look<T> {
    /// It is there.
    Ready(T),
    /// Not yet, and this is what was seen.
    Pending(String),
}

/// Looks until `probe` is ready or `patience` runs out.
///
/// # Errors
///
/// An error of `probe` at once, unchanged; else, when `patience` runs out, what was seen last.
pub(crate) async fn until<T, F>(
    what: &str,
    patience: Duration,
    mut probe: impl FnMut() -> F,
) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Look<T>>>,
{
    let deadline = Instant::now() + patience;
    let mut ticks = interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = "nothing".to_owned();
    let looking = async {
        loop {
            ticks.tick().await;
            match probe().await? {
                Look::Ready(found) => return Ok(found),
                Look::Pending(now) => seen = now,
            }
        }
    };
    match timeout_at(deadline, looking).await {
        Ok(outcome) => outcome,
        Err(_) => Err(anyhow!("{what}: not after {} s; last seen: {seen}", patience.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn running_out_of_patience_says_what_was_seen_last() {
        let outcome: anyhow::Result<()> =
            until("x", Duration::from_millis(120), async || Ok(Look::Pending("red".to_owned()))).await;
        assert_eq!(outcome.unwrap_err().to_string(), "x: not after 0 s; last seen: red");
    }

    #[tokio::test]
    async fn an_error_of_the_probe_ends_the_wait() {
        let outcome: anyhow::Result<()> =
            until("x", Duration::from_mins(1), async || Err(anyhow!("gone"))).await;
        assert_eq!(outcome.unwrap_err().to_string(), "gone");
    }
}

//! Sets the process up for logging.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use super::layer::Lines;
use super::level::{Choice, level_of};
use super::panics;
use crate::transport::environment;

/// Sends logs and panics to stderr, where Terraform reads them.
///
/// `provider` is the provider's short name, such as `kurator`: `TF_LOG_PROVIDER_KURATOR` then decides how much is
/// logged, before `TF_LOG_PROVIDER` and `TF_LOG`. If none is set, nothing is, and the work for it is skipped.
/// `ours` names the crates whose details may be logged; this one is always among them. From all others only
/// warnings and errors are taken.
///
/// Side effects: sets the process's `tracing` subscriber, unless there is one, and its panic hook.
pub fn install(provider: &str, ours: &[&'static str]) {
    panics::install_hook();
    let level = level_of(environment::log_level(provider).as_deref());
    if level == LevelFilter::OFF {
        return;
    }
    let mut ours = ours.to_vec();
    ours.push(env!("CARGO_CRATE_NAME"));
    let lines = Lines { choice: Choice { level, ours }, open: || io::stderr().lock() };
    // Refused only if a test has set its own already, which then wins.
    drop(tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines)));
}

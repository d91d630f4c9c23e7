//! Results as a table: what was tried under which host, and how long it took.

use std::fmt;
use std::time::Duration;

/// One line.
#[derive(Clone, Debug)]
pub struct Row {
    /// The claim.
    pub case: String,
    /// The host.
    pub host: String,
    /// Whether it held.
    pub held: bool,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, host, held, took } = self;
        let held = if *held { "ok" } else { "FAILED" };
        write!(formatter, "{case:<50} {host:<18} {held:<7} {:>6.1} s", took.as_secs_f64())
    }
}

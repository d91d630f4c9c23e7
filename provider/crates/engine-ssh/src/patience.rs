//! How long the other side may keep us waiting.

use std::time::Duration;

use engines::error::{EngineError, Kind};
use engines::limits::Limits;

use crate::errors::said;

/// How long the other side may keep us waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one SSH server on the way: the connection, the proof of its key and the login.
    pub login: Duration,
    /// For a sign of life on an idle connection. After the third that is missing the connection counts as lost.
    pub alive: Duration,
    /// For a machine that was there to be there again, once the connection is lost.
    pub resume: Duration,
    /// For a command to end once it was told to, before it is left to itself.
    pub end: Duration,
}

impl Default for Patience {
    /// 15 s for a login, because an SSH server that looks up our name in a dead DNS takes 10; lost after 15 to 20 s of
    /// silence; 90 s to come back, in which a machine reboots; 8 s to end, 3 more than what it takes to be killed.
    fn default() -> Self {
        Self {
            login: Duration::from_secs(15),
            alive: Duration::from_secs(5),
            resume: Duration::from_secs(90),
            end: Duration::from_secs(8),
        }
    }
}

/// Waits for `work` as long as `patience` lasts, and within the limits.
///
/// # Errors
///
/// As [`Limits::hold`], and [`Kind::Unreachable`] if patience ends first.
pub(crate) async fn patiently<T>(
    doing: &'static str,
    target: &str,
    limits: &Limits,
    patience: Duration,
    work: impl Future<Output = T>,
) -> Result<T, EngineError> {
    match limits.hold(doing, target, tokio::time::timeout(patience, work)).await? {
        Ok(done) => Ok(done),
        Err(_) => {
            let text = format!("nothing was heard for {} s", patience.as_secs_f32());
            Err(said(doing, target, Kind::Unreachable, text))
        }
    }
}

//! Waiting within limits.

use std::time::Duration;

use engines::error::{EngineError, Kind};
use engines::limits::Limits;

use crate::errors::said;

/// Waits for `work`, but not past the limits.
///
/// # Errors
///
/// [`Kind::Cancelled`] or [`Kind::TimedOut`].
pub(crate) async fn within<T>(
    doing: &'static str,
    target: &str,
    limits: &Limits,
    work: impl Future<Output = T>,
) -> Result<T, EngineError> {
    tokio::select! {
        biased;
        () = limits.cancel.cancelled() => Err(EngineError::new(doing, target, Kind::Cancelled)),
        done = work => Ok(done),
        () = tokio::time::sleep_until(limits.deadline) => Err(EngineError::new(doing, target, Kind::TimedOut)),
    }
}

/// Waits for `work` as long as `patience` lasts, and within the limits.
///
/// # Errors
///
/// As [`within`], and [`Kind::Unreachable`] if patience ends first.
pub(crate) async fn patiently<T>(
    doing: &'static str,
    target: &str,
    limits: &Limits,
    patience: Duration,
    work: impl Future<Output = T>,
) -> Result<T, EngineError> {
    match within(doing, target, limits, tokio::time::timeout(patience, work)).await? {
        Ok(done) => Ok(done),
        Err(_) => {
            let text = format!("nothing was heard for {} s", patience.as_secs_f32());
            Err(said(doing, target, Kind::Unreachable, text))
        }
    }
}

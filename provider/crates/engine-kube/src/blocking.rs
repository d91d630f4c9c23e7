//! Work that blocks, such as files and exec plugins, on a thread that may.

use engines::error::{EngineError, Kind};
use engines::limits::Limits;

use crate::errors::said;

/// Does `work` elsewhere. What hangs is left behind when `limits` end it; then `hung` says what gave nothing.
///
/// # Errors
///
/// [`Kind::Cancelled`], [`Kind::TimedOut`], and those of `work`.
pub(crate) async fn run<T: Send + 'static>(
    doing: &'static str,
    target: &str,
    hung: &'static str,
    limits: &Limits,
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    let work = tokio::task::spawn_blocking(work);
    tokio::select! {
        biased;
        () = limits.cancel.cancelled() => Err(EngineError::new(doing, target, Kind::Cancelled)),
        done = work => done.unwrap_or_else(|_| {
            Err(said(doing, target, Kind::Cancelled, "the provider is shutting down"))
        }),
        () = tokio::time::sleep_until(limits.deadline) => Err(said(doing, target, Kind::TimedOut, hung)),
    }
}

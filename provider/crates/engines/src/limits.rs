//! How long a call may take and what ends it early.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::{EngineError, Kind};

/// A deadline and the user's cancel, handed down from the RPC to every engine call.
#[derive(Clone, Debug)]
pub struct Limits {
    /// No call goes on after this.
    pub deadline: Instant,
    /// Fires when the user cancels. No new step starts; a mutating call in hand is finished.
    pub cancel: CancellationToken,
}

/// How long a look may take that says what exists after a change ended early. Terraform waits for the answer; what is
/// not seen in this time is taken from what is known to have been done.
const AFTERWARDS: Duration = Duration::from_secs(5);

impl Limits {
    /// Limits that end `after` from now.
    pub fn within(after: Duration, cancel: CancellationToken) -> Self {
        Self { deadline: Instant::now() + after, cancel }
    }

    /// Limits of the look that follows a change: once the user has cancelled or the time is over, a short time of its
    /// own, so that what is stored is what exists.
    #[must_use]
    pub fn afterwards(&self) -> Self {
        let late = self.cancel.is_cancelled() || self.deadline <= Instant::now() + AFTERWARDS;
        if late { Self::within(AFTERWARDS, CancellationToken::new()) } else { self.clone() }
    }

    /// Waits for `work`, which is being done to `target`, but not past the limits: then it is dropped where it is.
    ///
    /// # Errors
    ///
    /// [`Kind::Cancelled`] as soon as the user cancels, [`Kind::TimedOut`] at the deadline.
    pub async fn hold<T>(
        &self,
        doing: &'static str,
        target: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, EngineError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(EngineError::new(doing, target, Kind::Cancelled)),
            done = work => Ok(done),
            () = tokio::time::sleep_until(self.deadline) => Err(EngineError::new(doing, target, Kind::TimedOut)),
        }
    }

    /// The same cancel with a deadline at most `most` from now.
    #[must_use]
    pub fn at_most(&self, most: Duration) -> Self {
        Self { deadline: self.deadline.min(Instant::now() + most), cancel: self.cancel.clone() }
    }
}

//! How long a call may take and what ends it early.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A deadline and the user's cancel, handed down from the RPC to every engine call.
#[derive(Clone, Debug)]
pub struct Limits {
    /// No call goes on after this.
    pub deadline: Instant,
    /// Fires when the user cancels. No new step starts; a mutating call in hand is finished.
    pub cancel: CancellationToken,
}

impl Limits {
    /// Limits that end `after` from now.
    pub fn within(after: Duration, cancel: CancellationToken) -> Self {
        Self { deadline: Instant::now() + after, cancel }
    }

    /// The same cancel with a deadline at most `most` from now.
    #[must_use]
    pub fn at_most(&self, most: Duration) -> Self {
        Self { deadline: self.deadline.min(Instant::now() + most), cancel: self.cancel.clone() }
    }
}

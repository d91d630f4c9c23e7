//! The orderly end: handlers told, answers written, only then the server gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::stop::Stops;
use crate::transport::in_flight::{Drained, InFlight};

/// How long handlers have to come to an end once told. Terraform itself sets no limit on Shutdown.
const DRAIN: Duration = Duration::from_secs(10);

/// A connection that wrote nothing for this long has written what was queued.
///
/// Without it the answer to Shutdown could overtake the rest of a large answer, and the caller hangs up on it.
const QUIET: Duration = Duration::from_millis(50);

/// How long a connection may keep writing after the last handler has answered.
const LAST_BYTES: Duration = Duration::from_secs(2);

/// What everybody who ends the process shares.
#[derive(Clone, Debug)]
pub(crate) struct Lifecycle {
    pub(crate) stops: Stops,
    pub(crate) in_flight: InFlight,
    /// Notified whenever a connection wrote bytes.
    pub(crate) writes: Arc<Notify>,
    /// Cancelled when the server shall take no more calls and go.
    pub(crate) ending: CancellationToken,
}

impl Lifecycle {
    pub(crate) fn new(stops: Stops, in_flight: InFlight) -> Self {
        Self { stops, in_flight, writes: Arc::new(Notify::new()), ending: CancellationToken::new() }
    }

    /// Tells all handlers to stop, and waits (bounded) until their answers have been written.
    pub(crate) async fn wind_down(&self) {
        let busy = self.in_flight.is_busy();
        self.stops.end();
        match self.in_flight.drain(DRAIN).await {
            Drained::Everything if busy => self.written().await,
            Drained::Everything => {}
            Drained::Left { still } => {
                tracing::error!(still, "ending although calls are under way");
            }
        }
    }

    async fn written(&self) {
        let limit = Instant::now() + LAST_BYTES;
        while Instant::now() < limit {
            if tokio::time::timeout(QUIET, self.writes.notified()).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_does_not_stop_holds_up_the_end_for_ten_seconds() {
        let lifecycle = Lifecycle::new(Stops::new(), InFlight::new());
        let stop = lifecycle.stops.current();
        let _held = lifecycle.in_flight.count();
        let began = Instant::now();
        lifecycle.wind_down().await;
        assert_eq!((began.elapsed().as_secs(), stop.is_cancelled()), (10, true));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_call_under_way_the_end_is_at_once() {
        let lifecycle = Lifecycle::new(Stops::new(), InFlight::new());
        let began = Instant::now();
        lifecycle.wind_down().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}

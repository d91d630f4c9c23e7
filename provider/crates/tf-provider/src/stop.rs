//! How handlers learn that the user wants them to end.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// Hands out the token that a handler watches, and cancels it when Terraform asks to stop.
///
/// A stop reaches the handlers that run at that moment. Later ones get a fresh token, because several
/// runs may share one process (reattach mode). Only [`Stops::end`] is for good.
/// Clones share everything.
#[derive(Clone, Debug)]
pub struct Stops {
    ending: CancellationToken,
    current: Arc<Mutex<CancellationToken>>,
}

impl Stops {
    /// Nothing stopped yet.
    pub fn new() -> Self {
        let ending = CancellationToken::new();
        let current = Arc::new(Mutex::new(ending.child_token()));
        Self { ending, current }
    }

    /// The token for a handler that starts now. Take it once, at the handler's beginning.
    pub fn current(&self) -> CancellationToken {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Cancels every token given out so far; tokens taken afterwards are fresh.
    ///
    /// This is the whole of the `StopProvider` call. It does not wait.
    pub fn stop(&self) {
        let stopped = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, self.ending.child_token())
        };
        stopped.cancel();
    }

    /// Cancels every token given out so far and every one still to come: the process is about to end.
    pub fn end(&self) {
        self.ending.cancel();
    }
}

impl Default for Stops {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Stops;

    #[test]
    fn a_stop_reaches_the_running_and_spares_the_later() {
        let stops = Stops::new();
        let running = stops.current();
        stops.clone().stop();
        assert_eq!((running.is_cancelled(), stops.current().is_cancelled()), (true, false));
    }

    #[test]
    fn an_end_reaches_the_later_too() {
        let stops = Stops::new();
        let running = stops.current();
        stops.end();
        stops.stop();
        assert_eq!((running.is_cancelled(), stops.current().is_cancelled()), (true, true));
    }
}

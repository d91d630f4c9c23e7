//! Handlers that a caller cannot cut, and a count of what is under way.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::Instrument as _;

/// A handler panicked; its process and the other handlers live on.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a handler panicked: {message}")]
pub struct HandlerPanic {
    /// What the panic said.
    pub message: String,
}

impl HandlerPanic {
    /// For users: from what a panic carried if that is a fixed text. A formatted one may hold values.
    pub(crate) fn telling(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&'static str>().copied();
        Self { message: text.unwrap_or("the provider's log has the details").to_owned() }
    }

    /// For the log: from what a panic carried, as far as that is text.
    pub(crate) fn saying(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self { message: text.unwrap_or_else(|| "no message".to_owned()) }
    }
}

/// What a wait for everything under way came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Nothing is under way any more.
    Everything,
    /// The deadline passed first.
    Left {
        /// How many handlers and answers are still under way.
        still: usize,
    },
}

/// Runs handlers in tasks of their own and counts them, together with answers not yet written.
///
/// Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct InFlight {
    tracker: TaskTracker,
}

impl InFlight {
    /// Nothing under way.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `handler` to its end, even if the caller goes away and this future is dropped.
    ///
    /// A server drops a handler's future when the client resets the stream. Whatever changes the world
    /// belongs in here, or it could be cut between making a thing and recording it.
    ///
    /// # Errors
    ///
    /// [`HandlerPanic`] if `handler` panicked.
    pub async fn run<T, F>(&self, handler: F) -> Result<T, HandlerPanic>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.run_or_report(handler, drop).await
    }

    /// Like [`InFlight::run`], whose handler gets a task of its own only once it waits; until then nobody can cut it.
    /// If nobody waits for the result any more, `unheard` gets it instead.
    ///
    /// For last words: what was made can then still be logged.
    ///
    /// # Errors
    ///
    /// [`HandlerPanic`] if `handler` panicked.
    pub async fn run_or_report<T, F, U>(&self, handler: F, unheard: U) -> Result<T, HandlerPanic>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
        U: FnOnce(T) + Send + 'static,
    {
        // Counted from the start: a task is only from its spawn on.
        let counted = self.count();
        let mut handler = Box::pin(AssertUnwindSafe(handler).catch_unwind());
        if let Poll::Ready(result) = futures::poll!(&mut handler) {
            return result.map_err(|payload| HandlerPanic::saying(&*payload));
        }
        let (answer, answered) = oneshot::channel();
        let task = async move {
            match answer.send(handler.await) {
                Ok(()) => {}
                Err(Ok(result)) => unheard(result),
                Err(Err(payload)) => {
                    tracing::error!("its caller had gone when {}", HandlerPanic::saying(&*payload));
                }
            }
        };
        self.tracker.spawn(task.in_current_span());
        drop(counted);
        match answered.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(payload)) => Err(HandlerPanic::saying(&*payload)),
            Err(_) => Err(HandlerPanic { message: "the process is ending".to_owned() }),
        }
    }

    /// Starts `task` and counts it until its end; nobody waits for its result.
    pub(crate) fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task.in_current_span());
    }

    /// Whether anything is under way.
    pub fn is_busy(&self) -> bool {
        !self.tracker.is_empty()
    }

    /// Waits until nothing is under way, at most for `deadline`.
    ///
    /// What starts during the wait is waited for too.
    pub async fn drain(&self, deadline: Duration) -> Drained {
        self.tracker.close();
        let drained = tokio::time::timeout(deadline, self.tracker.wait()).await;
        match drained {
            Ok(()) => Drained::Everything,
            Err(_) => Drained::Left { still: self.tracker.len() },
        }
    }

    /// Counts one more thing as under way until the token is dropped.
    pub(crate) fn count(&self) -> TaskTrackerToken {
        self.tracker.token()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_comes_back_as_an_error() {
        let number = 7;
        let outcome = InFlight::new().run(async move { panic!("out of {number}") }).await;
        let outcome: Result<(), _> = outcome;
        assert_eq!(outcome, Err(HandlerPanic { message: "out of 7".to_owned() }));
    }

    #[tokio::test]
    async fn dropping_the_wait_leaves_the_handler_running_and_reports_its_result() {
        let in_flight = InFlight::new();
        let (go, gone) = oneshot::channel();
        let (report, reported) = oneshot::channel();
        let handler = async move { gone.await.unwrap_or(0) };
        let unheard = move |made| assert_eq!(report.send(made), Ok(()));
        let waiting = in_flight.run_or_report(handler, unheard);
        assert_eq!(waiting.now_or_never(), None);
        assert!(in_flight.is_busy());
        go.send(5).unwrap();
        assert_eq!(reported.await, Ok(5));
        assert_eq!(in_flight.drain(Duration::from_secs(5)).await, Drained::Everything);
    }

    #[tokio::test]
    async fn a_handler_that_waits_for_nothing_ends_at_once_and_one_that_waits_goes_on() {
        let in_flight = InFlight::new();
        assert_eq!(in_flight.run(async { 5 }).now_or_never(), Some(Ok(5)));
        assert!(!in_flight.is_busy());
        let waits = in_flight.run(async {
            tokio::task::yield_now().await;
            7
        });
        assert_eq!(waits.await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_gives_up_at_its_deadline() {
        let in_flight = InFlight::new();
        let held = in_flight.count();
        assert_eq!(in_flight.drain(Duration::from_secs(10)).await, Drained::Left { still: 1 });
        drop(held);
        assert_eq!(in_flight.drain(Duration::from_secs(10)).await, Drained::Everything);
    }
}

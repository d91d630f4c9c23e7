//! Many ask, one goes: the answer is kept, and a failure of the slow kind is kept for a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engines::error::{CredentialProblem, EngineError, Kind};
use engines::limits::Limits;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::errors::said;

/// How long a failure to reach a cluster answers those who ask after it, at least. One that took longer to find out
/// is kept for as long as that took: a cluster, a fleet and an application on a hung host are read one after another,
/// and each would wait again.
const FAILURE_KEPT: Duration = Duration::from_secs(5);

/// A value that is made once, by whoever asks first.
pub(crate) struct SingleFlight<T> {
    /// Rises whenever what was made is no longer true.
    age: AtomicU64,
    kept: Mutex<Kept<T>>,
}

enum Kept<T> {
    Nothing,
    Value { age: u64, value: Arc<T> },
    Failure { until: Instant, kind: Kind, doing: &'static str, target: String, text: String },
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self { age: AtomicU64::new(0), kept: Mutex::new(Kept::Nothing) }
    }
}

impl<T> SingleFlight<T> {
    /// The kept value, or else the one that `make` gives. Those who ask meanwhile wait within their own limits.
    ///
    /// # Errors
    ///
    /// - [`Kind::Cancelled`] and [`Kind::TimedOut`] when `limits` end the wait for another's flight.
    /// - What `make` meets. Trouble of the cluster's also answers those who ask within the next seconds.
    pub(crate) async fn get<Making>(
        &self,
        doing: &'static str,
        target: &str,
        limits: &Limits,
        make: impl FnOnce() -> Making,
    ) -> Result<Arc<T>, EngineError>
    where
        Making: Future<Output = Result<T, EngineError>>,
    {
        let mut kept = tokio::select! {
            biased;
            () = limits.cancel.cancelled() => return Err(EngineError::new(doing, target, Kind::Cancelled)),
            kept = self.kept.lock() => kept,
            () = tokio::time::sleep_until(limits.deadline) => {
                return Err(said(doing, target, Kind::TimedOut, "somebody else is still asking the same"));
            }
        };
        match &*kept {
            Kept::Value { age, value } if *age == self.age() => return Ok(Arc::clone(value)),
            Kept::Failure { until, kind, doing, target, text } if Instant::now() < *until => {
                return Err(said(doing, target.as_str(), *kind, text.as_str()));
            }
            Kept::Value { .. } | Kept::Failure { .. } | Kept::Nothing => {}
        }
        // A change during the flight makes its result old before it is kept.
        let (age, begun) = (self.age(), Instant::now());
        match make().await {
            Ok(value) => {
                let value = Arc::new(value);
                *kept = Kept::Value { age, value: Arc::clone(&value) };
                Ok(value)
            }
            Err(error) => {
                *kept = if is_kept(error.kind) {
                    let text = error.cause.as_ref().map_or_else(String::new, ToString::to_string);
                    let until = Instant::now() + begun.elapsed().max(FAILURE_KEPT);
                    let (kind, doing, target) = (error.kind, error.doing, error.target.clone());
                    Kept::Failure { until, kind, doing, target, text }
                } else {
                    Kept::Nothing
                };
                Err(error)
            }
        }
    }

    /// Forgets the value: whoever asks next has it made anew.
    pub(crate) fn drop_it(&self) {
        self.age.fetch_add(1, Ordering::AcqRel);
    }

    fn age(&self) -> u64 {
        self.age.load(Ordering::Acquire)
    }
}

/// Whether trouble is the cluster's, or its credential plugin's, which every further attempt would pay for again. What
/// is wrong with a file costs nothing to find out, and another resource may be about to write it.
fn is_kept(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Busy
            | Kind::Throttled
            | Kind::Unreachable
            | Kind::Untrusted
            | Kind::Credentials(CredentialProblem::Incomplete)
            | Kind::Unauthenticated
            | Kind::Denied
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use tokio_util::sync::CancellationToken;

    fn limits() -> Limits {
        Limits::within(Duration::from_mins(1), CancellationToken::new())
    }

    async fn ask(flight: &SingleFlight<u32>, flights: &AtomicU32, fail: bool) -> Result<u32, Kind> {
        meet(flight, flights, fail.then_some(Kind::Unreachable)).await
    }

    async fn meet(
        flight: &SingleFlight<u32>,
        flights: &AtomicU32,
        trouble: Option<Kind>,
    ) -> Result<u32, Kind> {
        let limits = limits();
        let made = flight.get("asking", "it", &limits, || async {
            tokio::task::yield_now().await;
            let number = flights.fetch_add(1, Ordering::Relaxed) + 1;
            trouble.map_or(Ok(number), |kind| Err(said("asking", "it", kind, "refused")))
        });
        made.await.map(|value| *value).map_err(|error| error.kind)
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_make_one_flight_until_it_is_dropped() {
        let (flight, flights) = (SingleFlight::default(), AtomicU32::new(0));
        let all = futures::future::join_all((0..20).map(|_| ask(&flight, &flights, false))).await;
        assert_eq!(all, vec![Ok(1); 20]);
        flight.drop_it();
        assert_eq!(ask(&flight, &flights, false).await, Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_answers_for_some_seconds_and_no_longer() {
        let (flight, flights) = (SingleFlight::default(), AtomicU32::new(0));
        assert_eq!(ask(&flight, &flights, true).await, Err(Kind::Unreachable));
        assert_eq!(ask(&flight, &flights, false).await, Err(Kind::Unreachable));
        tokio::time::advance(FAILURE_KEPT).await;
        assert_eq!(ask(&flight, &flights, false).await, Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn an_expired_login_is_met_once_and_a_missing_file_every_time() {
        let (flight, flights) = (SingleFlight::default(), AtomicU32::new(0));
        for _ in 0..3 {
            let met = meet(&flight, &flights, Some(Kind::Unauthenticated)).await;
            assert_eq!(met, Err(Kind::Unauthenticated));
        }
        assert_eq!(flights.load(Ordering::Relaxed), 1);
        let (flight, missing) = (SingleFlight::default(), Kind::Credentials(CredentialProblem::Missing));
        assert_eq!(meet(&flight, &flights, Some(missing)).await, Err(missing));
        assert_eq!(meet(&flight, &flights, None).await, Ok(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_took_long_answers_for_as_long() {
        let (flight, flights) = (SingleFlight::default(), AtomicU32::new(0));
        let (limits, moment) = (limits(), Duration::from_millis(1));
        let long = FAILURE_KEPT * 2 + moment;
        let slow: Result<Arc<u32>, EngineError> = flight
            .get("asking", "it", &limits, || async {
                tokio::time::advance(long).await;
                Err(said("asking", "it", Kind::Unreachable, "no answer"))
            })
            .await;
        assert_eq!(slow.unwrap_err().kind, Kind::Unreachable);
        tokio::time::advance(FAILURE_KEPT * 2).await;
        assert_eq!(ask(&flight, &flights, false).await, Err(Kind::Unreachable));
        tokio::time::advance(moment).await;
        assert_eq!(ask(&flight, &flights, false).await, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_drop_during_the_flight_is_not_lost() {
        let (flight, limits) = (SingleFlight::default(), limits());
        let first = flight.get("asking", "it", &limits, || async {
            flight.drop_it();
            Ok(1)
        });
        assert_eq!(*first.await.unwrap(), 1);
        let second = flight.get("asking", "it", &limits, || async { Ok(2) });
        assert_eq!(*second.await.unwrap(), 2);
    }
}

//! The one way to wait: look until it is so, the time is over, or the user cancels.

use std::pin::pin;
use std::time::Duration;

use crate::error::{EngineError, Kind, said};
use crate::limits::Limits;

/// What a look saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// It is so.
    Ready(T),
    /// Not yet, and this is what it looks like.
    Pending(String),
}

/// How often to look: at first after `first`, then ever later by half as much again, never later than `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The pause after the first look.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
}

impl Pace {
    /// For objects that a controller on a healthy cluster settles within a second or two (lab, 2026-11-21: a
    /// Flux Kustomization 1.3 s, a namespace 5.2 s).
    pub const CONTROLLER: Self = Self { first: Duration::from_millis(100), most: Duration::from_secs(2) };

    /// For one object that somebody waits for and that takes some seconds: a node, a pod. With the longest pause of
    /// [`Self::CONTROLLER`] it is noticed a second late on average, and a cluster is made of several such waits.
    pub const CLOSE: Self = Self { first: Duration::from_millis(100), most: Duration::from_millis(500) };

    fn after(self, pause: Duration) -> Duration {
        (pause + pause / 2).min(self.most)
    }
}

/// Looks until `probe` is ready, the deadline passes, or the user cancels. A look that meets transient trouble
/// counts as "not yet".
///
/// `probe` must only read: on cancel and at the deadline it is dropped in mid-call.
///
/// # Errors
///
/// - [`Kind::TimedOut`], with the last thing seen as its cause.
/// - [`Kind::Cancelled`] as soon as the user cancels, even during a look.
/// - Any other error of `probe` whose kind is not transient, unchanged.
pub async fn until<T, Look>(
    doing: &'static str,
    target: &str,
    pace: Pace,
    limits: &Limits,
    probe: impl Fn() -> Look,
) -> Result<T, EngineError>
where
    Look: Future<Output = Result<Seen<T>, EngineError>>,
{
    let mut last = String::from("nothing was seen yet");
    let mut pause = pace.first;
    loop {
        let look = async {
            match probe().await {
                Ok(seen) => Ok(seen),
                Err(error) if error.kind.is_transient() => Ok(Seen::Pending(error.chain())),
                // A look has the same deadline and may notice it first; what was seen before says more.
                Err(error) if error.kind == Kind::TimedOut => {
                    Err(said(doing, target, Kind::TimedOut, last.as_str()))
                }
                Err(error) => Err(error),
            }
        };
        match bounded(doing, target, limits, &last, look).await?? {
            Seen::Ready(found) => return Ok(found),
            Seen::Pending(seen) => last = seen,
        }
        let rest = async {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one pause between looks that every wait shares"
            )]
            tokio::time::sleep(pause).await;
        };
        bounded(doing, target, limits, &last, rest).await?;
        pause = pace.after(pause);
    }
}

async fn bounded<T>(
    doing: &'static str,
    target: &str,
    limits: &Limits,
    last: &str,
    work: impl Future<Output = T>,
) -> Result<T, EngineError> {
    // By reference: a future that is handed on whole is kept once more by everyone who hands it on.
    limits.hold(doing, target, pin!(work)).await.map_err(|error| match error.kind {
        Kind::TimedOut => said(doing, target, Kind::TimedOut, last),
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio_util::sync::CancellationToken;

    fn limits(seconds: u64) -> Limits {
        Limits::within(Duration::from_secs(seconds), CancellationToken::new())
    }

    #[tokio::test(start_paused = true)]
    async fn it_looks_until_ready() {
        let looks = AtomicU32::new(0);
        let found = until("waiting for", "it", Pace::CONTROLLER, &limits(60), || async {
            match looks.fetch_add(1, Ordering::Relaxed) {
                0 => Ok(Seen::Pending("not yet".into())),
                1 => Err(EngineError::new("asking", "it", Kind::Busy)),
                n => Ok(Seen::Ready(n)),
            }
        })
        .await;
        assert_eq!(found.unwrap(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_out_says_what_was_seen_last() {
        let error = until("waiting for", "it", Pace::CONTROLLER, &limits(5), || async {
            Ok::<_, EngineError>(Seen::<()>::Pending("2 of 3".into()))
        })
        .await
        .unwrap_err();
        assert_eq!(error.kind, Kind::TimedOut);
        assert_eq!(error.chain(), "waiting for it: 2 of 3");
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_runs_into_the_deadline_itself_does_not_hide_what_was_seen() {
        let looks = AtomicU32::new(0);
        let limits = limits(5);
        let error = until("waiting for", "it", Pace::CONTROLLER, &limits, || async {
            if looks.fetch_add(1, Ordering::Relaxed) == 0 {
                return Ok(Seen::<()>::Pending("2 of 3".into()));
            }
            tokio::time::sleep_until(limits.deadline).await;
            Err(EngineError::new("asking", "it", Kind::TimedOut))
        })
        .await
        .unwrap_err();
        assert_eq!(error.chain(), "waiting for it: 2 of 3");
    }

    #[tokio::test(start_paused = true)]
    async fn fatal_trouble_and_cancel_end_it_at_once() {
        let fatal = until("waiting for", "it", Pace::CONTROLLER, &limits(5), || async {
            Err::<Seen<()>, _>(EngineError::new("asking", "it", Kind::Denied))
        })
        .await
        .unwrap_err();
        assert_eq!(fatal.kind, Kind::Denied);

        let cancelled = limits(5);
        cancelled.cancel.cancel();
        let error = until("waiting for", "it", Pace::CONTROLLER, &cancelled, || {
            std::future::pending::<Result<Seen<()>, EngineError>>()
        })
        .await
        .unwrap_err();
        assert_eq!(error.kind, Kind::Cancelled);
    }
}

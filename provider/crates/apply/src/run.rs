//! Runs the stages of a plan.

use futures::stream::{self, StreamExt};

use crate::journal::{Failure, Journal, Note};
use engines::limits::Limits;

/// Carries out `stages` in their order, the steps of a stage at the same time, at most `at_a_time` of them. A stage
/// with a failure is finished, and no later one begins; nor does one after the user cancelled.
pub async fn run<S, Work>(
    stages: Vec<Vec<S>>,
    at_a_time: usize,
    limits: &Limits,
    carry_out: impl Fn(S) -> Work,
) -> Journal<S>
where
    S: Clone,
    Work: Future<Output = Result<Vec<Note>, Failure>>,
{
    let mut journal = Journal::default();
    for stage in stages {
        if !journal.failed.is_empty() || limits.cancel.is_cancelled() {
            journal.not_begun.extend(stage);
            continue;
        }
        let mut results = stream::iter(stage.into_iter().map(|step| {
            let work = carry_out(step.clone());
            async move {
                let result = if limits.cancel.is_cancelled() { None } else { Some(work.await) };
                (step, result)
            }
        }))
        .buffered(at_a_time.max(1));
        while let Some((step, result)) = results.next().await {
            match result {
                Some(Ok(notes)) => {
                    journal.done.push(step);
                    journal.notes.extend(notes);
                }
                Some(Err(failure)) => journal.failed.push((step, failure)),
                None => journal.not_begun.push(step),
            }
        }
    }
    journal
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::error::{EngineError, Kind};
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    fn limits() -> Limits {
        Limits::within(Duration::from_mins(1), CancellationToken::new())
    }

    #[tokio::test]
    async fn a_failure_ends_its_stage_and_begins_no_other() {
        let journal = run(vec![vec![1, 2, 3], vec![4]], 2, &limits(), |step| async move {
            if step == 2 {
                let error = EngineError::new("doing", "it", Kind::Denied);
                return Err(Failure::Engine { member: None, error });
            }
            Ok(vec![])
        })
        .await;
        assert_eq!(journal.done, [1, 3]);
        assert_eq!(journal.failed.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [2]);
        assert_eq!(journal.not_begun, [4]);
    }

    #[tokio::test]
    async fn after_a_cancel_no_step_begins_and_the_one_in_hand_is_finished() {
        let limits = limits();
        let cancel = limits.cancel.clone();
        let journal = run(vec![vec![1, 2]], 1, &limits, |step| {
            let cancel = cancel.clone();
            async move {
                cancel.cancel();
                assert_eq!(step, 1);
                Ok(vec![])
            }
        })
        .await;
        assert_eq!((journal.done, journal.not_begun), (vec![1], vec![2]));
    }
}

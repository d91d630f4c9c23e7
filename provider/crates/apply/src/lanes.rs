//! Runs the stages of a plan whose steps come in lanes, one for each machine.

use std::collections::BTreeSet;

use domain::custom_cluster::MachineId;
use engines::limits::Limits;
use futures::stream::{self, StreamExt as _};
use planning::custom_cluster::{CustomClusterStages, CustomClusterStep, Lane};

use crate::journal::{Failure, Journal, Note};

/// A step and the machine it is for.
pub type MachineStep = (MachineId, CustomClusterStep);

/// Carries out `stages` in their order, the lanes of a stage at the same time, at most `at_a_time` of them, and the
/// steps of a lane one after the other. A step that fails ends what is to be done for its machine, in this stage and in
/// later ones, and nothing else, unless its lane is vital: then no later stage begins. Nor does one after the user
/// cancelled.
pub async fn run_lanes<Work>(
    stages: CustomClusterStages,
    at_a_time: usize,
    limits: &Limits,
    carry_out: impl Fn(MachineStep) -> Work,
) -> Journal<MachineStep>
where
    Work: Future<Output = Result<Vec<Note>, Failure>>,
{
    let mut journal = Journal::default();
    let mut given_up = BTreeSet::new();
    let mut is_over = false;
    for stage in stages {
        let (lost, begun): (Vec<Lane>, Vec<Lane>) =
            stage.into_iter().partition(|lane| is_over || given_up.contains(&lane.machine));
        // What a vital lane was to do cannot be done without it, nor what comes after.
        is_over |= lost.iter().any(|lane| lane.vital);
        journal.not_begun.extend(lost.into_iter().flat_map(steps));
        let mut ended = stream::iter(begun.into_iter().map(|lane| run_lane(lane, limits, &carry_out)))
            .buffered(at_a_time.max(1));
        while let Some((machine, vital, of_lane)) = ended.next().await {
            if !of_lane.is_complete() {
                is_over |= vital;
                given_up.insert(machine);
            }
            journal.done.extend(of_lane.done);
            journal.failed.extend(of_lane.failed);
            journal.not_begun.extend(of_lane.not_begun);
            journal.notes.extend(of_lane.notes);
        }
        is_over |= limits.cancel.is_cancelled();
    }
    journal
}

async fn run_lane<Work>(
    lane: Lane,
    limits: &Limits,
    carry_out: &impl Fn(MachineStep) -> Work,
) -> (MachineId, bool, Journal<MachineStep>)
where
    Work: Future<Output = Result<Vec<Note>, Failure>>,
{
    let (machine, vital) = (lane.machine.clone(), lane.vital);
    let mut journal = Journal::default();
    for step in steps(lane) {
        if !journal.is_complete() || limits.cancel.is_cancelled() {
            journal.not_begun.push(step);
            continue;
        }
        match carry_out(step.clone()).await {
            Ok(notes) => {
                journal.done.push(step);
                journal.notes.extend(notes);
            }
            Err(failure) => journal.failed.push((step, failure)),
        }
    }
    (machine, vital, journal)
}

fn steps(lane: Lane) -> impl Iterator<Item = MachineStep> {
    lane.steps.into_iter().map(move |step| (lane.machine.clone(), step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::name::Name;
    use engines::error::{EngineError, Kind};
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    fn limits() -> Limits {
        Limits::within(Duration::from_mins(1), CancellationToken::new())
    }

    fn lane(machine: &str, steps: &[CustomClusterStep]) -> Lane {
        let name = Name::parse(machine).unwrap();
        let vital = machine == "cp";
        Lane { machine: MachineId { name, address: String::new() }, steps: steps.to_vec(), vital }
    }

    fn stages() -> CustomClusterStages {
        use CustomClusterStep::{AwaitReady, Drain, Init, Join, Reset};
        vec![
            vec![lane("cp", &[Init]), lane("w1", &[Drain]), lane("w2", &[Drain])],
            vec![lane("w1", &[Join, AwaitReady]), lane("w2", &[Join, AwaitReady])],
            vec![lane("cp", &[Reset])],
        ]
    }

    async fn failing_at(machine: &'static str, step: &'static str) -> Journal<MachineStep> {
        run_lanes(stages(), 4, &limits(), |(id, done)| async move {
            if id.name.as_str() == machine && format!("{done:?}") == step {
                let error = EngineError::new("doing", "it", Kind::Denied);
                return Err(Failure::Engine { member: None, error });
            }
            Ok(vec![])
        })
        .await
    }

    fn told(steps: &[MachineStep]) -> Vec<String> {
        steps.iter().map(|(id, step)| format!("{} {step:?}", id.name)).collect()
    }

    #[tokio::test]
    async fn a_machine_that_fails_stops_no_other_one() {
        let journal = failing_at("w1", "Drain").await;
        assert_eq!(told(&journal.not_begun), ["w1 Join", "w1 AwaitReady"]);
        assert_eq!(told(&journal.done), ["cp Init", "w2 Drain", "w2 Join", "w2 AwaitReady", "cp Reset"]);
        let journal = failing_at("w1", "Join").await;
        assert_eq!(told(&journal.not_begun), ["w1 AwaitReady"]);
        assert_eq!(journal.done.len(), 6);
    }

    #[tokio::test]
    async fn nothing_goes_on_without_the_control_plane() {
        let journal = failing_at("cp", "Init").await;
        assert_eq!(told(&journal.done), ["w1 Drain", "w2 Drain"]);
        assert_eq!(journal.not_begun.len(), 5);
    }

    #[tokio::test]
    async fn after_a_cancel_no_step_begins() {
        let limits = limits();
        let cancel = limits.cancel.clone();
        let journal = run_lanes(stages(), 1, &limits, |_| {
            let cancel = cancel.clone();
            async move {
                cancel.cancel();
                Ok(vec![])
            }
        })
        .await;
        assert_eq!((journal.done.len(), journal.not_begun.len()), (1, 7));
    }
}

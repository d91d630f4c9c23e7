//! An application's steps as engine calls.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::application::{ApplicationFacts, PlacementId};
use domain::cluster_ref::ClusterRef;
use domain::fleet::FleetFacts;
use domain::mark::Mark;
use domain::name::Name;
use domain::object_id::ObjectId;
use engines::clusters::{Cluster, Clusters};
use engines::distribution::{Freshness, Look, PutPlacement, PutSource, Removal, Whose};
use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use engines::wait::{Pace, Seen, until};
use planning::application::{ApplicationStages, ApplicationStep, Verdict, judge};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use crate::journal::{Failure, Journal, Note};
use crate::members::{Met, OnUnreachable, keep_the_way_open, meet, recorded};
use crate::run::run;

/// How long Flux may go on reporting one failure before it is taken as its last word: long enough for the order of
/// objects to settle and for one retry of the source (lab, 2026-11-21: a failed fetch is retried after some seconds).
const LAST_WORD: Duration = Duration::from_secs(20);

/// What an application's steps are carried out with.
pub struct ApplicationHands<'a> {
    /// The resolver.
    pub clusters: &'a dyn Clusters,
    /// The fleet's host.
    pub host: &'a Arc<dyn Cluster>,
    /// The fleet.
    pub fleet: &'a Name,
    /// The application.
    pub application: &'a Name,
    /// Whether fields that others manage are taken over.
    pub conflicts: Conflicts,
    /// What a removal does about members out of reach.
    pub on_unreachable: OnUnreachable,
    /// How many objects at a time.
    pub at_a_time: usize,
    /// The fleet as its host has it, once it was asked for.
    pub recorded: OnceCell<FleetFacts>,
    /// What the last look of a wait saw that ended well: what exists once all is done.
    pub seen: Mutex<Option<Arc<ApplicationFacts>>>,
}

impl ApplicationHands<'_> {
    /// Carries out `stages`.
    pub async fn carry_out(&self, stages: ApplicationStages, limits: &Limits) -> Journal<ApplicationStep> {
        run(stages, self.at_a_time, limits, |step| self.step(step, limits)).await
    }

    async fn step(&self, step: ApplicationStep, limits: &Limits) -> Result<Vec<Note>, Failure> {
        let distribution = self.host.distribution();
        match step {
            ApplicationStep::PutSource { source, mark, note } => {
                let wanted = PutSource { source: &source, mark: &mark, note: &note, look: Look::AtOnce };
                distribution.put_source(self.of(), wanted, self.conflicts, limits).await.map_err(on_host)?;
            }
            ApplicationStep::Finish { source, mark, note } => {
                let wanted = PutSource { source: &source, mark: &mark, note: &note, look: Look::InItsTime };
                let said = distribution.put_source(self.of(), wanted, self.conflicts, limits).await;
                self.heard_or_seen(said, &mark, limits).await?;
            }
            ApplicationStep::PutPlacement { id, placement, incarnation } => {
                let wanted =
                    PutPlacement { name: &id.name, placement: &placement, incarnation: &incarnation };
                distribution
                    .put_placement(self.of(), wanted, self.conflicts, limits)
                    .await
                    .map_err(on_host)?;
            }
            ApplicationStep::RemovePlacement { id, member, cluster, .. } => {
                return self.remove_placement(&id, &member, cluster.as_ref(), limits).await;
            }
            ApplicationStep::AwaitApplied { placements } => self.await_applied(&placements, limits).await?,
            ApplicationStep::RemoveSource { incarnation } => {
                distribution.remove_source(self.of(), &incarnation, limits).await.map_err(on_host)?;
            }
        }
        Ok(Vec::new())
    }

    /// A mark that is there is set, also where the answer was lost. A create that is over but is told as failed could
    /// not be carried on if it has to come before the delete of what it replaces.
    async fn heard_or_seen(
        &self,
        said: Result<(), EngineError>,
        mark: &Mark,
        limits: &Limits,
    ) -> Result<(), Failure> {
        let Err(error) = said else { return Ok(()) };
        if error.kind == Kind::Unreachable {
            let (distribution, limits) = (self.host.distribution(), limits.afterwards());
            let found = distribution.observe_application(self.of(), Freshness::Now, &limits).await;
            let source = found.ok().and_then(|found| found.source.clone());
            if source.is_some_and(|source| source.mark.as_ref() == Some(mark)) {
                return Ok(());
            }
        }
        Err(on_host(error))
    }

    fn of(&self) -> Whose<'_> {
        Whose { fleet: self.fleet, application: self.application }
    }

    async fn remove_placement(
        &self,
        id: &PlacementId,
        member: &Name,
        cluster: Option<&ClusterRef>,
        limits: &Limits,
    ) -> Result<Vec<Note>, Failure> {
        // What is stored may not know a member that an update brought in and did not finish with.
        let fleet = self.recorded.get_or_try_init(|| recorded(self.host, self.fleet, limits)).await?;
        let its = || fleet.members.get(member).and_then(|facts| facts.cluster.as_ref());
        let cluster = cluster.or_else(its);
        let met = meet(self.clusters, member, cluster, self.on_unreachable, limits).await?;
        let distribution = self.host.distribution();
        let found =
            distribution.observe_application(self.of(), Freshness::Now, limits).await.map_err(on_host)?;
        let Some(facts) = found.placements.get(id) else { return Ok(Vec::new()) };
        let removal = if matches!(met, Met::There(_)) { Removal::Prune } else { Removal::Release };
        if let (Met::There(there), Some(cluster)) = (&met, cluster) {
            let member_there = (there, cluster);
            let way = (self.host, self.fleet, fleet);
            keep_the_way_open(way, member, member_there, self.conflicts, limits).await?;
        }
        distribution.remove_placement(self.fleet, id, removal, limits).await.map_err(on_host)?;
        if let Met::There(there) = &met
            && facts.prunes()
        {
            let objects = self.not_held_by_others(&facts.inventory, id, member, limits).await?;
            let objects = there
                .member()
                .remaining(&objects, limits)
                .await
                .map_err(|error| Failure::Engine { member: Some(member.clone()), error })?;
            if !objects.is_empty() {
                return Err(Failure::Remains { member: member.clone(), objects });
            }
        }
        let left = facts.inventory.iter().map(ToString::to_string).collect();
        Ok(met.note(member, cluster, left).into_iter().collect())
    }

    /// An object that another policy holds on the same member too is rightly still there.
    async fn not_held_by_others(
        &self,
        inventory: &[ObjectId],
        id: &PlacementId,
        member: &Name,
        limits: &Limits,
    ) -> Result<Vec<ObjectId>, Failure> {
        let others =
            self.host.distribution().observe_placements(self.fleet, member, limits).await.map_err(on_host)?;
        let held: BTreeSet<_> =
            others.iter().filter(|(other, _)| *other != id).flat_map(|(_, facts)| &facts.inventory).collect();
        Ok(inventory.iter().filter(|object| !held.contains(object)).cloned().collect())
    }

    async fn await_applied(
        &self,
        placements: &BTreeSet<PlacementId>,
        limits: &Limits,
    ) -> Result<(), Failure> {
        let failing_since = Mutex::new(None::<Instant>);
        let last = Mutex::new(Verdict::default());
        let looked =
            until("waiting for application", self.application.as_str(), Pace::CONTROLLER, limits, || async {
                let found =
                    self.host.distribution().observe_application(self.of(), Freshness::Now, limits).await?;
                let verdict = judge(&found, placements);
                *last.lock().await = verdict.clone();
                let mut since = failing_since.lock().await;
                if verdict.failed.is_empty() {
                    *since = None;
                    if verdict.pending.is_empty() {
                        *self.seen.lock().await = Some(found);
                        return Ok(Seen::Ready(None));
                    }
                    return Ok(Seen::Pending(verdict.pending.join("; ")));
                }
                let begun = *since.get_or_insert_with(Instant::now);
                // Others may still be under way: all that fails is reported at once, so these are waited for, unless the
                // source itself fails, for then nothing more can come.
                let source_fails = verdict.failed.iter().any(|failing| failing.member.is_none());
                let decided = verdict.pending.is_empty() || source_fails;
                let final_word =
                    verdict.failed.iter().all(|failing| failing.stalled) || begun.elapsed() > LAST_WORD;
                if decided && final_word {
                    return Ok(Seen::Ready(Some(verdict)));
                }
                Ok(Seen::Pending(
                    verdict.failed.iter().map(|f| f.message.clone()).collect::<Vec<_>>().join("; "),
                ))
            })
            .await;
        match looked {
            Ok(None) => Ok(()),
            Ok(Some(verdict)) => Err(Failure::Flux { failing: verdict.failed, pending: verdict.pending }),
            Err(error) if error.kind == Kind::TimedOut => {
                let verdict = last.into_inner();
                if verdict.failed.is_empty() && verdict.pending.is_empty() {
                    Err(on_host(error))
                } else if verdict.failed.is_empty() {
                    Err(Failure::NotApplied { pending: verdict.pending })
                } else {
                    Err(Failure::Flux { failing: verdict.failed, pending: verdict.pending })
                }
            }
            Err(error) => Err(on_host(error)),
        }
    }
}

fn on_host(error: EngineError) -> Failure {
    Failure::Engine { member: None, error }
}

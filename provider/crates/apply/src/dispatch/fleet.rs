//! A fleet's steps as engine calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::application::{PlacementFacts, PlacementId};
use domain::cluster_ref::ClusterRef;
use domain::fleet::{AccessSpec, MemberRecord};
use domain::mark::{Mark, Phase};
use domain::name::Name;
use engines::clusters::{Cluster, Clusters};
use engines::distribution::Removal;
use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use engines::member::Access;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use planning::fleet::{FleetStages, FleetStep};

use crate::journal::{Failure, Journal, Note};
use crate::members::{Met, OnUnreachable, keep_the_way_open, meet, recorded};
use crate::run::run;

/// What a fleet's steps are carried out with.
pub struct FleetHands<'a> {
    /// The resolver.
    pub clusters: &'a dyn Clusters,
    /// The host.
    pub host: &'a Arc<dyn Cluster>,
    /// The fleet.
    pub fleet: &'a Name,
    /// Whether fields that others manage are taken over.
    pub conflicts: Conflicts,
    /// What a removal does about members out of reach.
    pub on_unreachable: OnUnreachable,
    /// How many members at a time.
    pub at_a_time: usize,
}

impl FleetHands<'_> {
    /// Carries out `stages`.
    pub async fn carry_out(&self, stages: FleetStages, limits: &Limits) -> Journal<FleetStep> {
        run(stages, self.at_a_time, limits, |step| self.step(step, limits)).await
    }

    async fn step(&self, step: FleetStep, limits: &Limits) -> Result<Vec<Note>, Failure> {
        let host = self.host.fleet_host();
        match step {
            FleetStep::InstallFlux { spec } => {
                self.host.flux().install_flux(&spec, self.fleet, limits).await.map_err(on_host)?;
            }
            FleetStep::RemoveFlux => {
                self.host.flux().remove_flux(self.fleet, limits).await.map_err(on_host)?;
            }
            FleetStep::PutNamespace { mark, member_role } => {
                let said = host.put_namespace(self.fleet, &mark, &member_role, self.conflicts, limits).await;
                self.heard_or_seen(said, &mark, &member_role, limits).await?;
            }
            FleetStep::RemoveNamespace { incarnation } => {
                host.remove_namespace(self.fleet, &incarnation, limits).await.map_err(on_host)?;
            }
            FleetStep::Record { member, record } => {
                self.record(&member, &record, None, limits).await?;
            }
            FleetStep::Join { member, record, member_role, record_first } => {
                let cluster = self
                    .clusters
                    .connect(&record.cluster, limits)
                    .await
                    .map_err(|e| on_member(&member, e))?;
                if record_first {
                    self.record(&member, &record, None, limits).await?;
                }
                self.join(&member, &*cluster, &record, &member_role, limits).await?;
            }
            FleetStep::Leave { member, cluster } => {
                return self.leave(&member, cluster.as_ref(), limits).await;
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
        member_role: &str,
        limits: &Limits,
    ) -> Result<(), Failure> {
        let Err(error) = said else { return Ok(()) };
        if error.kind == Kind::Unreachable && mark.phase == Phase::Ready {
            let limits = limits.afterwards();
            let found = self.host.fleet_host().observe_fleet(self.fleet, &limits).await;
            let namespace = found.ok().and_then(|found| found.namespace);
            if namespace.is_some_and(|it| {
                it.mark.as_ref() == Some(mark) && it.member_role.as_deref() == Some(member_role)
            }) {
                return Ok(());
            }
        }
        Err(on_host(error))
    }

    fn access(&self, role: &str) -> AccessSpec {
        AccessSpec::of(self.fleet, self.host.facts().uid.as_str(), role)
    }

    /// Makes the account and gives the host a kubeconfig with it. The host knows of the member by then: cut off here,
    /// the next run finds the record and finishes it, or takes the account away.
    async fn join(
        &self,
        member: &Name,
        cluster: &dyn Cluster,
        record: &MemberRecord,
        member_role: &str,
        limits: &Limits,
    ) -> Result<(), Failure> {
        let mut access = cluster
            .member()
            .grant(&self.access(member_role), limits)
            .await
            .map_err(|e| on_member(member, e))?;
        if let Some(endpoint) = &record.api_server {
            access.endpoint.clone_from(endpoint);
        }
        self.record(member, record, Some(&access), limits).await
    }

    async fn record(
        &self,
        member: &Name,
        record: &MemberRecord,
        access: Option<&Access>,
        limits: &Limits,
    ) -> Result<(), Failure> {
        self.host
            .fleet_host()
            .put_member(self.fleet, member, record, access, self.conflicts, limits)
            .await
            .map_err(on_host)
    }

    /// The order matters. While the Secret and the account exist, Flux can clean up; afterwards it cannot. The host's
    /// record goes last, because it is what finds the member again: cut off before, the next run leaves again; were
    /// it gone first, the account would stay on the member with nobody who knows of it.
    async fn leave(
        &self,
        member: &Name,
        cluster: Option<&ClusterRef>,
        limits: &Limits,
    ) -> Result<Vec<Note>, Failure> {
        let met = meet(self.clusters, member, cluster, self.on_unreachable, limits).await?;
        let distribution = self.host.distribution();
        let placements: BTreeMap<PlacementId, PlacementFacts> =
            distribution.observe_placements(self.fleet, member, limits).await.map_err(on_host)?;
        let removal = if matches!(met, Met::There(_)) { Removal::Prune } else { Removal::Release };
        if let (Met::There(there), Some(cluster), false) = (&met, cluster, placements.is_empty()) {
            let member_there = (there, cluster);
            let found = recorded(self.host, self.fleet, limits).await?;
            let way = (self.host, self.fleet, &found);
            keep_the_way_open(way, member, member_there, self.conflicts, limits).await?;
        }
        let removals: Vec<_> = placements
            .keys()
            .map(|id| distribution.remove_placement(self.fleet, id, removal, limits))
            .collect();
        stream::iter(removals)
            .buffer_unordered(self.at_a_time.max(1))
            .try_collect::<()>()
            .await
            .map_err(on_host)?;
        if let Met::There(there) = &met {
            let held: Vec<_> = placements
                .values()
                .filter(|facts| facts.prunes())
                .flat_map(|facts| facts.inventory.clone())
                .collect();
            let objects = there.member().remaining(&held, limits).await.map_err(|e| on_member(member, e))?;
            if !objects.is_empty() {
                return Err(Failure::Remains { member: member.clone(), objects });
            }
        }
        if let Met::There(there) = &met {
            there.member().revoke(&self.access(""), limits).await.map_err(|e| on_member(member, e))?;
        }
        self.host.fleet_host().remove_member(self.fleet, member, limits).await.map_err(on_host)?;
        let mut left: Vec<String> =
            placements.values().flat_map(|facts| &facts.inventory).map(ToString::to_string).collect();
        left.push(format!("Namespace {}", self.access("").namespace));
        left.push(format!("ClusterRoleBinding {}", self.access("").account));
        Ok(met.note(member, cluster, left).into_iter().collect())
    }
}

fn on_host(error: EngineError) -> Failure {
    Failure::Engine { member: None, error }
}

fn on_member(member: &Name, error: EngineError) -> Failure {
    Failure::Engine { member: Some(member.clone()), error }
}

//! Members as they are met while applying: there, proven gone, or out of reach.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::cluster_ref::ClusterRef;
use domain::fleet::{AccessSpec, EVERYTHING, FleetFacts, MemberRecord};
use domain::name::Name;
use engines::clusters::{Cluster, Clusters};
use engines::error::{CredentialProblem, EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;

use crate::journal::{Failure, Note};

/// What a removal does about a member that it cannot reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnreachable {
    /// Stop and name it.
    Error,
    /// Go on and name what is left.
    Forget,
}

/// A member as met.
pub enum Met {
    /// It answers and is who it should be.
    There(Arc<dyn Cluster>),
    /// It is proven that this cluster is no more: another one answers in its place, or none of its machines has it.
    Gone(String),
    /// It cannot be reached, and the user said to go on.
    Forgotten(EngineError),
}

/// Connects to a member that something is to be removed from. Not to know which cluster it is proves nothing: it counts
/// as out of reach.
///
/// # Errors
///
/// The trouble in reaching it, unless `on_unreachable` says to go on.
pub async fn meet(
    clusters: &dyn Clusters,
    member: &Name,
    cluster: Option<&ClusterRef>,
    on_unreachable: OnUnreachable,
    limits: &Limits,
) -> Result<Met, Failure> {
    let Some(cluster) = cluster else {
        return match on_unreachable {
            OnUnreachable::Error => Err(Failure::NotKnown { member: member.clone() }),
            OnUnreachable::Forget => {
                let target = format!("member {member}");
                Ok(Met::Forgotten(EngineError::new("finding the cluster of", target, Kind::NotFound)))
            }
        };
    };
    match clusters.connect(cluster, limits).await {
        Ok(there) => Ok(Met::There(there)),
        Err(error)
            if matches!(error.kind, Kind::AnotherCluster | Kind::Credentials(CredentialProblem::Gone)) =>
        {
            Ok(Met::Gone(error.chain()))
        }
        Err(error) if error.kind.is_out_of_reach() && on_unreachable == OnUnreachable::Forget => {
            Ok(Met::Forgotten(error))
        }
        Err(error) => Err(Failure::Engine { member: Some(member.clone()), error }),
    }
}

impl Met {
    /// What to tell of a member that was left with `left` on it.
    pub fn note(&self, member: &Name, cluster: Option<&ClusterRef>, left: Vec<String>) -> Option<Note> {
        let (member, cluster) = (member.clone(), cluster.cloned());
        match self {
            Self::There(_) => None,
            Self::Gone(proof) => Some(Note::MemberGone { member, cluster, proof: proof.clone() }),
            Self::Forgotten(error) => {
                Some(Note::MemberForgotten { member, cluster, left, trouble: error.chain() })
            }
        }
    }
}

/// A fleet as its host has it.
///
/// # Errors
///
/// The trouble on the host.
pub async fn recorded(host: &Arc<dyn Cluster>, fleet: &Name, limits: &Limits) -> Result<FleetFacts, Failure> {
    let found = host.fleet_host().observe_fleet(fleet, limits).await;
    found.map_err(|error| Failure::Engine { member: None, error })
}

/// Sees to it that Flux on `host` can clean up on a member: without the member's kubeconfig it would hold its objects
/// for good, and say so nowhere but in its log (lab, 2026-11-21). A kubeconfig that `found` lacks is put back.
///
/// # Errors
///
/// The trouble on the host or on the member.
pub async fn keep_the_way_open(
    (host, fleet, found): (&Arc<dyn Cluster>, &Name, &FleetFacts),
    member: &Name,
    (there, reference): (&Arc<dyn Cluster>, &ClusterRef),
    conflicts: Conflicts,
    limits: &Limits,
) -> Result<(), Failure> {
    let on_host = |error| Failure::Engine { member: None, error };
    let Some(namespace) = found.namespace.as_ref().filter(|namespace| !namespace.deleting) else {
        return Ok(());
    };
    let recorded = found.members.get(member);
    if recorded.is_some_and(|facts| facts.has_kubeconfig) {
        return Ok(());
    }
    tracing::info!(
        member = member.as_str(),
        "the host lost the member's kubeconfig; it is put back for the removal"
    );
    let role = namespace.member_role.as_deref().unwrap_or(EVERYTHING);
    let access = AccessSpec::of(fleet, host.facts().uid.as_str(), role);
    let mut access = there
        .member()
        .grant(&access, limits)
        .await
        .map_err(|error| Failure::Engine { member: Some(member.clone()), error })?;
    let record = MemberRecord {
        cluster: recorded.and_then(|facts| facts.cluster.clone()).unwrap_or_else(|| reference.clone()),
        labels: recorded.map_or_else(BTreeMap::new, |facts| facts.labels.clone()),
        api_server: recorded.and_then(|facts| facts.api_server.clone()),
    };
    if let Some(endpoint) = &record.api_server {
        access.endpoint.clone_from(endpoint);
    }
    host.fleet_host()
        .put_member(fleet, member, &record, Some(&access), conflicts, limits)
        .await
        .map_err(on_host)
}

//! What is found of a fleet: on its host, and its accounts on members, all members at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::cluster_ref::ClusterRef;
use domain::fleet::{AccessSpec, FleetFacts, FleetNames, FluxFacts};
use domain::name::Name;
use engines::clusters::Cluster;
use engines::error::EngineError;
use futures::stream::{self, StreamExt};
use planning::fleet::{AccessFacts, Found};

use crate::lifecycle::managed::Work;

/// The namespace in which Flux itself lives by its own convention: probe objects go there first. Where Flux lives
/// elsewhere they go into the fleet's own, and before that is made into the one that every cluster has.
const FLUX_NAMESPACE: &str = "flux-system";

/// The namespace that every cluster has, and that nobody can delete.
const DEFAULT_NAMESPACE: &str = "default";

/// A member as met.
pub(super) struct Met {
    /// The cluster, or the trouble in reaching it or asking it.
    pub(super) cluster: Result<Arc<dyn Cluster>, EngineError>,
    /// The fleet's account there.
    pub(super) access: AccessFacts,
}

/// All that was found.
pub(super) struct Observed {
    pub(super) host: FleetFacts,
    pub(super) flux: FluxFacts,
    pub(super) members: BTreeMap<Name, Met>,
    access: BTreeMap<Name, AccessFacts>,
}

impl Observed {
    /// In the shape that planning takes.
    pub(super) fn found(&self) -> Found<'_> {
        Found { host: &self.host, flux: &self.flux, access: &self.access }
    }
}

/// Whether Flux is probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flux {
    /// A probe object shows whether a controller answers; costs a write.
    Probe,
    /// What is served, and who installed it: a read writes nothing, and a removal asks for no more.
    Look,
}

/// Observes the fleet on `host`, and its accounts on `members`, which are whole if they are bound to `member_role`.
///
/// # Errors
///
/// The host's. Trouble with a member is in [`Met::cluster`].
pub(super) async fn observe(
    fleet: &Name,
    host: &Arc<dyn Cluster>,
    members: &BTreeMap<Name, ClusterRef>,
    member_role: &str,
    flux: Flux,
    work: &Work,
) -> Result<Observed, EngineError> {
    let access = AccessSpec::of(fleet, host.facts().uid.as_str(), member_role);
    let on_host = host.fleet_host().observe_fleet(fleet, &work.limits);
    let on_flux = async {
        match flux {
            Flux::Probe => {
                let own = FleetNames::of(fleet).namespace;
                host.flux().observe_flux(&[FLUX_NAMESPACE, &own, DEFAULT_NAMESPACE], &work.limits).await
            }
            Flux::Look => host.flux().look_at_flux(&work.limits).await,
        }
    };
    let on_members = stream::iter(members.clone())
        .map(|(name, cluster)| meet(name, cluster, &access, work))
        .buffer_unordered(work.context.at_a_time)
        .collect::<BTreeMap<Name, Met>>();
    let (on_host, flux, members) = futures::join!(on_host, on_flux, on_members);
    let access = members.iter().map(|(name, met)| (name.clone(), met.access)).collect();
    Ok(Observed { host: on_host?, flux: flux?, members, access })
}

async fn meet(name: Name, cluster: ClusterRef, access: &AccessSpec, work: &Work) -> (Name, Met) {
    let met = async {
        let cluster = work.context.clusters.connect(&cluster, &work.limits).await?;
        let whole = cluster.member().has_access(access, &work.limits).await?;
        Ok::<_, EngineError>((cluster, if whole { AccessFacts::Whole } else { AccessFacts::Missing }))
    };
    let met = match met.await {
        Ok((cluster, access)) => Met { cluster: Ok(cluster), access },
        Err(error) => Met { cluster: Err(error), access: AccessFacts::Unknown },
    };
    (name, met)
}

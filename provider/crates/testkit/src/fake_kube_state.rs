//! What the fake clusters remember, and what a Flux would make of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::application::{Carrier, PlacementFacts, PlacementId, Progress, SourceFacts};
use domain::cluster::{ClusterFacts, ClusterUid};
use domain::cluster_ref::{ClusterRef, Place};
use domain::custom_cluster::NodeState;
use domain::fleet::{AccessSpec, FleetFacts, FluxFacts, MemberFacts, MemberRecord, NamespaceFacts};
use domain::mark::Mark;
use domain::name::Name;
use domain::object_id::ObjectId;
use engines::error::{CredentialProblem, EngineError, Kind};
use engines::limits::Limits;
use tokio_util::sync::CancellationToken;

use crate::fake_kube::{Call, Moment};
use crate::fake_kube_bootstrap::FakeBootstrap;

/// Everything there is.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) places: BTreeMap<Place, String>,
    /// Clusters whose kubeconfig is on their own machines, by the host of the control plane.
    pub(crate) on_machines: BTreeMap<String, String>,
    pub(crate) clusters: BTreeMap<String, FakeState>,
    pub(crate) revisions: BTreeMap<String, String>,
    pub(crate) calls: Vec<Call>,
    /// By the number of the mutating call, counted from 1 over all calls ever.
    pub(crate) breaks: BTreeMap<usize, Break>,
    mutations: usize,
    /// Removals of placements under way, and how many there ever were at a time.
    pub(crate) removing: (usize, usize),
}

/// What happens at a call.
pub(crate) enum Break {
    Fail { moment: Moment, kind: Kind },
    Cancel(CancellationToken),
    Panic,
    Overtaken { fleet: Name, mark: Mark },
}

/// One cluster.
pub(crate) struct FakeState {
    pub(crate) trouble: Option<Kind>,
    pub(crate) flux: FluxFacts,
    pub(crate) script: BTreeMap<(Name, String), Progress>,
    pub(crate) others_fields: BTreeSet<String>,
    pub(crate) strangers: BTreeSet<String>,
    pub(crate) fleets: BTreeMap<Name, FakeFleet>,
    pub(crate) accounts: BTreeMap<String, AccessSpec>,
    /// Accounts of others: namespace and name.
    pub(crate) service_accounts: BTreeSet<(String, String)>,
    pub(crate) objects: BTreeSet<ObjectId>,
    /// Objects that no prune takes away.
    pub(crate) stuck: BTreeSet<ObjectId>,
    pub(crate) nodes: BTreeMap<Name, NodeState>,
    pub(crate) bootstrap: FakeBootstrap,
}

/// What a host holds of one fleet.
#[derive(Default)]
pub(crate) struct FakeFleet {
    pub(crate) namespace: Option<NamespaceFacts>,
    pub(crate) members: BTreeMap<Name, FakeMember>,
    pub(crate) sources: BTreeMap<Name, SourceFacts>,
    pub(crate) placements: BTreeMap<PlacementId, PlacementFacts>,
}

/// A member's Secret.
pub(crate) struct FakeMember {
    pub(crate) record: MemberRecord,
    /// The endpoint in the kubeconfig; none while there is no kubeconfig.
    pub(crate) endpoint: Option<String>,
    /// Whether the reference in the record cannot be read.
    pub(crate) damaged: bool,
}

impl World {
    /// The cluster `uid`, made where it is missing.
    pub(crate) fn cluster(&mut self, uid: &str) -> &mut FakeState {
        self.clusters.entry(uid.to_owned()).or_insert_with(FakeState::with_working_flux)
    }

    /// How many mutating calls there were.
    pub(crate) fn mutations(&self) -> usize {
        self.mutations
    }

    pub(crate) fn connect(&self, cluster: &ClusterRef, limits: &Limits) -> Result<ClusterFacts, EngineError> {
        let error = |kind| EngineError::new("connecting to", cluster.to_string(), kind);
        if limits.cancel.is_cancelled() {
            return Err(error(Kind::Cancelled));
        }
        let on_machines = match &cluster.place {
            Place::Ssh(place) => {
                place.control_planes.iter().find_map(|machine| self.on_machines.get(&machine.at.host))
            }
            Place::File { .. } | Place::Env { .. } => None,
        };
        let Some(uid) = self.places.get(&cluster.place).or(on_machines) else {
            return Err(error(Kind::Credentials(CredentialProblem::Missing)));
        };
        if let Some(trouble) = self.clusters.get(uid).and_then(|state| state.trouble) {
            return Err(error(trouble));
        }
        if cluster.uid.as_ref().is_some_and(|wanted| wanted.as_str() != uid) {
            return Err(error(Kind::AnotherCluster));
        }
        let version = "1.34.4".to_owned();
        Ok(ClusterFacts {
            uid: ClusterUid::new(uid.as_str()),
            version,
            endpoint: format!("https://{uid}.example:6443"),
        })
    }

    /// Notes a call and says whether it may begin.
    pub(crate) fn begin(
        &mut self,
        uid: &str,
        method: &'static str,
        target: &str,
        is_mutation: bool,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let error = |kind| Err(EngineError::new(method, target, kind));
        if limits.cancel.is_cancelled() {
            return error(Kind::Cancelled);
        }
        if tokio::time::Instant::now() >= limits.deadline {
            return error(Kind::TimedOut);
        }
        let target = target.to_owned();
        self.calls.push(Call { cluster: uid.to_owned(), method, target: target.clone(), is_mutation });
        self.mutations += usize::from(is_mutation);
        match self.cluster(uid).trouble {
            Some(trouble) => Err(EngineError::new(method, target, trouble)),
            None => Ok(()),
        }
    }

    /// The cluster behind a member of a fleet, if its kubeconfig is there and it answers.
    pub(crate) fn member_of(&self, uid: &str, fleet: &Name, member: &Name) -> Option<String> {
        let member = self.clusters.get(uid)?.fleets.get(fleet)?.members.get(member)?;
        member.endpoint.as_ref()?;
        let reached = self.places.get(&member.record.cluster.place)?.clone();
        let state = self.clusters.get(&reached)?;
        state.trouble.is_none().then_some(reached)
    }

    /// Does what a working Flux on `uid` would do: fetch the sources and apply what is not applied.
    pub(crate) fn reconcile(&mut self, uid: &str) {
        if !matches!(self.cluster(uid).flux, FluxFacts::Working { .. }) {
            return;
        }
        let revisions = self.revisions.clone();
        let state = self.cluster(uid);
        let script = state.script.clone();
        let mut due = Vec::new();
        for (fleet, held) in &mut state.fleets {
            for (application, source) in &mut held.sources {
                let said = script.get(&(fleet.clone(), application.to_string()));
                source.progress = said.cloned().unwrap_or(Progress::Ready);
                if source.progress == Progress::Ready {
                    let url = source.spec.as_ref().map(|spec| spec.url.clone()).unwrap_or_default();
                    let fetched = revisions.get(&url).cloned();
                    source.revision = Some(fetched.unwrap_or_else(|| "main@sha1:0000000".to_owned()));
                }
            }
            for (id, placement) in &mut held.placements {
                let source = held.sources.get(&placement.application);
                let Some(revision) = source.and_then(|source| source.revision.clone()) else { continue };
                match script.get(&(fleet.clone(), id.name.clone())) {
                    Some(said) => placement.progress = said.clone(),
                    None if placement.suspended || placement.deleting => {}
                    None => due.push((fleet.clone(), id.clone(), placement.member.clone(), revision)),
                }
            }
        }
        for (fleet, id, member, revision) in due {
            let reached = self.member_of(uid, &fleet, &member);
            self.settle(uid, &fleet, &id, reached, revision);
        }
    }

    fn settle(
        &mut self,
        uid: &str,
        fleet: &Name,
        id: &PlacementId,
        reached: Option<String>,
        revision: String,
    ) {
        let held = self.cluster(uid).fleets.get_mut(fleet);
        let Some(placement) = held.and_then(|held| held.placements.get_mut(id)) else { return };
        let Some(reached) = reached else {
            placement.progress = Progress::Failed {
                reason: "ReconciliationFailed".into(),
                message: "the member's kubeconfig is missing or the member does not answer".into(),
                stalled: false,
            };
            return;
        };
        placement.progress = Progress::Ready;
        placement.applied_revision = Some(revision);
        placement.inventory = vec![applied_object(fleet, id)];
        self.cluster(&reached).objects.insert(applied_object(fleet, id));
    }
}

/// The one object that a policy puts onto a member here: a chart another than manifests.
fn applied_object(fleet: &Name, id: &PlacementId) -> ObjectId {
    ObjectId {
        group: String::new(),
        version: "v1".into(),
        kind: match id.carrier {
            Carrier::Kustomization => "ConfigMap".into(),
            Carrier::HelmRelease => "Service".into(),
        },
        namespace: Some(fleet.to_string()),
        name: id.name.clone(),
    }
}

impl FakeState {
    pub(crate) fn with_working_flux() -> Self {
        Self {
            trouble: None,
            flux: FluxFacts::Working { installed_by: None },
            script: BTreeMap::new(),
            others_fields: BTreeSet::new(),
            strangers: BTreeSet::new(),
            fleets: BTreeMap::new(),
            accounts: BTreeMap::new(),
            service_accounts: BTreeSet::new(),
            objects: BTreeSet::new(),
            stuck: BTreeSet::new(),
            nodes: BTreeMap::new(),
            bootstrap: FakeBootstrap::default(),
        }
    }

    pub(crate) fn fleet_facts(&self, fleet: &Name) -> FleetFacts {
        let Some(held) = self.fleets.get(fleet) else { return FleetFacts::default() };
        let members = held.members.iter().map(|(name, member)| {
            let facts = MemberFacts {
                cluster: Some(member.record.cluster.clone()).filter(|_| !member.damaged),
                labels: member.record.labels.clone(),
                api_server: member.record.api_server.clone(),
                has_kubeconfig: member.endpoint.is_some(),
            };
            (name.clone(), facts)
        });
        FleetFacts { namespace: held.namespace.clone(), members: members.collect() }
    }

    /// A fleet whose namespace is there, or "not found" as of an object in a namespace that is not.
    pub(crate) fn fleet(&mut self, fleet: &Name) -> Result<&mut FakeFleet, Kind> {
        self.fleets.get_mut(fleet).filter(|held| held.namespace.is_some()).ok_or(Kind::NotFound)
    }

    pub(crate) fn is_empty(&self) -> bool {
        let is_ours = self.flux.installed_by().is_some();
        self.fleets.is_empty() && self.accounts.is_empty() && self.objects.is_empty() && !is_ours
    }
}

//! Clusters that remember, without a network: they implement the traits of `engines` with the meaning of the real
//! ones, carry out what Flux would, and break where a test asks for it.
//!
//! ```
//! use engines::error::Kind;
//! use testkit::fake_kube::{FakeClusters, Moment};
//!
//! let clusters = FakeClusters::default();
//! clusters.add("env:HUB", "uid-hub");
//! clusters.break_at(2, Moment::Before, Kind::Denied);
//! ```
//!
//! Flux is there and working unless [`FakeClusters::set_flux`] says otherwise, and applies at once unless
//! [`FakeClusters::flux_says`] says otherwise.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::application::{PlacementFacts, PlacementId, Progress};
use domain::cluster::{ClusterFacts, ClusterUid};
use domain::cluster_ref::{ClusterRef, Place};
use domain::fleet::{FleetFacts, FluxFacts};
use domain::name::Name;
use domain::object_id::ObjectId;
use engines::bootstrap::Bootstrap;
use engines::clusters::{Cluster, Clusters};
use engines::credentials::Lender;
use engines::distribution::Distribution;
use engines::error::{EngineError, Kind};
use engines::fleet_host::FleetHost;
use engines::flux::Flux;
use engines::limits::Limits;
use engines::member::Member;
use engines::nodes::Nodes;
use tokio_util::sync::CancellationToken;

use crate::fake_kube_state::{Break, FakeState, World};

/// When a call breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing was carried out.
    Before,
    /// It was carried out, and the answer was lost.
    After,
}

/// One call, as a test compares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The uid of the cluster.
    pub cluster: String,
    /// The method of the trait, as in `put_namespace`.
    pub method: &'static str,
    /// What it was about, as in `demo` or `demo/edge`.
    pub target: String,
    /// Whether it changes something.
    pub is_mutation: bool,
}

/// Clusters by their references. Clones share one world.
#[derive(Clone, Default)]
pub struct FakeClusters {
    pub(crate) world: Arc<Mutex<World>>,
}

/// One connected cluster of the world.
pub(crate) struct FakeCluster {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) facts: ClusterFacts,
}

impl FakeClusters {
    /// Makes the cluster `uid` answer at the place of `reference`, which needs no uid. Gives the reference with it.
    ///
    /// # Panics
    ///
    /// If `reference` is not a cluster's.
    #[expect(clippy::panic, reason = "a test that names its clusters wrongly ends here")]
    pub fn add(&self, reference: &str, uid: &str) -> ClusterRef {
        let parsed = ClusterRef::parse(reference);
        let Ok(parsed) = parsed else { panic!("`{reference}` is not the reference of a cluster") };
        let mut world = self.world();
        world.places.insert(parsed.place.clone(), uid.to_owned());
        world.clusters.entry(uid.to_owned()).or_insert_with(FakeState::with_working_flux);
        parsed.with_uid(ClusterUid::new(uid))
    }

    /// Takes whatever answers away from a place, as a deleted kubeconfig does.
    pub fn lose(&self, place: &Place) {
        self.world().places.remove(place);
    }

    /// Makes every call to the cluster fail with `trouble`; none heals it.
    pub fn set_trouble(&self, uid: &str, trouble: Option<Kind>) {
        self.world().cluster(uid).trouble = trouble;
    }

    /// Sets what is true of Flux on a cluster.
    pub fn set_flux(&self, uid: &str, flux: FluxFacts) {
        self.world().cluster(uid).flux = flux;
    }

    /// What Flux says from now on of a policy's object `name` (or, under an application's name, of its source)
    /// instead of applying it at once. None lets it apply at once again, also what is there already.
    pub fn flux_says(&self, uid: &str, fleet: &Name, name: &str, progress: Option<Progress>) {
        let mut world = self.world();
        let key = (fleet.clone(), name.to_owned());
        match progress {
            Some(progress) => world.cluster(uid).script.insert(key, progress),
            None => world.cluster(uid).script.remove(&key),
        };
        world.reconcile(uid);
    }

    /// A new commit: what Flux fetches from `url` from now on, as in `main@sha1:…`.
    pub fn push(&self, url: &str, revision: &str) {
        let mut world = self.world();
        world.revisions.insert(url.to_owned(), revision.to_owned());
        let uids: Vec<String> = world.clusters.keys().cloned().collect();
        for uid in uids {
            world.reconcile(&uid);
        }
    }

    /// Makes somebody else manage fields of an object, so that a put that refuses conflicts meets one. `target` is
    /// as in [`Call::target`].
    pub fn add_other_manager(&self, uid: &str, target: &str) {
        self.world().cluster(uid).others_fields.insert(target.to_owned());
    }

    /// Puts a service account on a cluster that no fleet made.
    pub fn add_service_account(&self, uid: &str, namespace: &str, name: &str) {
        let account = (namespace.to_owned(), name.to_owned());
        self.world().cluster(uid).service_accounts.insert(account);
    }

    /// Puts a stranger's namespace on a cluster.
    pub fn add_stranger(&self, uid: &str, namespace: &str) {
        self.world().cluster(uid).strangers.insert(namespace.to_owned());
    }

    /// Breaks the `n`-th mutating call from now on, counted from 1, once.
    pub fn break_at(&self, n: usize, moment: Moment, kind: Kind) {
        let mut world = self.world();
        let at = world.mutations() + n;
        world.breaks.insert(at, Break::Fail { moment, kind });
    }

    /// Fires `token` when the `n`-th mutating call from now on, counted from 1, was carried out: the user's Ctrl-C.
    pub fn cancel_at(&self, n: usize, token: CancellationToken) {
        let mut world = self.world();
        let at = world.mutations() + n;
        world.breaks.insert(at, Break::Cancel(token));
    }

    /// Panics when the `n`-th mutating call from now on, counted from 1, was carried out.
    pub fn panic_at(&self, n: usize) {
        let mut world = self.world();
        let at = world.mutations() + n;
        world.breaks.insert(at, Break::Panic);
    }

    /// Every call so far, in order, broken ones too.
    pub fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// The mutating calls so far, as `method target`, in order.
    pub fn mutations(&self) -> Vec<String> {
        let world = self.world();
        let mutations = world.calls.iter().filter(|call| call.is_mutation);
        mutations.map(|call| format!("{} {}", call.method, call.target)).collect()
    }

    /// How many placements were ever being removed at a time.
    pub fn most_removals_at_once(&self) -> usize {
        self.world().removing.1
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.world().calls.clear();
    }

    /// What a cluster holds of a fleet as its host.
    pub fn fleet(&self, uid: &str, fleet: &Name) -> FleetFacts {
        self.world().cluster(uid).fleet_facts(fleet)
    }

    /// Takes the record of a member from a host by hand, kubeconfig and all.
    pub fn lose_member(&self, uid: &str, fleet: &Name, member: &Name) {
        if let Some(held) = self.world().cluster(uid).fleets.get_mut(fleet) {
            held.members.remove(member);
        }
    }

    /// Takes the kubeconfig of a member from a host by hand.
    pub fn lose_kubeconfig(&self, uid: &str, fleet: &Name, member: &Name) {
        if let Some(held) = self.world().cluster(uid).fleets.get_mut(fleet)
            && let Some(member) = held.members.get_mut(member)
        {
            member.endpoint = None;
        }
    }

    /// The endpoint in the kubeconfig that a host keeps for a member.
    pub fn endpoint(&self, uid: &str, fleet: &Name, member: &Name) -> Option<String> {
        let mut world = self.world();
        let fleet = world.cluster(uid).fleets.get(fleet)?;
        fleet.members.get(member)?.endpoint.clone()
    }

    /// The objects that Flux or a test put on a cluster.
    pub fn objects(&self, uid: &str) -> Vec<ObjectId> {
        self.world().cluster(uid).objects.iter().cloned().collect()
    }

    /// Puts an object on a cluster that no prune takes away.
    pub fn add_stuck_object(&self, uid: &str, object: ObjectId) {
        let mut world = self.world();
        world.cluster(uid).objects.insert(object.clone());
        world.cluster(uid).stuck.insert(object);
    }

    /// Suspends a policy's object, as a person does.
    pub fn suspend(&self, uid: &str, fleet: &Name, id: &PlacementId) {
        let mut world = self.world();
        let held = world.cluster(uid).fleets.get_mut(fleet);
        if let Some(placement) = held.and_then(|held| held.placements.get_mut(id)) {
            placement.suspended = true;
        }
    }

    /// What a host's Flux is asked to put where, for one fleet.
    pub fn placements(&self, uid: &str, fleet: &Name) -> BTreeMap<PlacementId, PlacementFacts> {
        let mut world = self.world();
        world.cluster(uid).fleets.get(fleet).map(|held| held.placements.clone()).unwrap_or_default()
    }

    /// Names of the accounts that fleets have on a cluster.
    pub fn accounts(&self, uid: &str) -> Vec<String> {
        self.world().cluster(uid).accounts.keys().cloned().collect()
    }

    /// Whether nothing of ours is left anywhere: no fleet, no account, no object, no Flux of ours.
    pub fn is_empty(&self) -> bool {
        self.world().clusters.values().all(FakeState::is_empty)
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clusters for FakeClusters {
    async fn connect(&self, cluster: &ClusterRef, limits: &Limits) -> Result<Arc<dyn Cluster>, EngineError> {
        let facts = self.world().connect(cluster, limits)?;
        Ok(Arc::new(FakeCluster { world: Arc::clone(&self.world), facts }))
    }

    /// Nothing is kept here.
    fn forget(&self, _cluster: &ClusterRef) {}
}

impl Cluster for FakeCluster {
    fn facts(&self) -> &ClusterFacts {
        &self.facts
    }

    fn fleet_host(&self) -> &dyn FleetHost {
        self
    }

    fn flux(&self) -> &dyn Flux {
        self
    }

    fn distribution(&self) -> &dyn Distribution {
        self
    }

    fn member(&self) -> &dyn Member {
        self
    }

    fn lender(&self) -> &dyn Lender {
        self
    }

    fn nodes(&self) -> &dyn Nodes {
        self
    }

    fn bootstrap(&self) -> &dyn Bootstrap {
        self
    }
}

impl FakeCluster {
    /// Looks at the cluster.
    pub(crate) fn look<T>(
        &self,
        method: &'static str,
        target: &str,
        limits: &Limits,
        look: impl FnOnce(&mut World, &str) -> T,
    ) -> Result<T, EngineError> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let uid = self.facts.uid.as_str();
        world.begin(uid, method, target, false, limits)?;
        Ok(look(&mut world, uid))
    }

    /// Changes the cluster, or breaks where a test asked for it.
    pub(crate) fn change<T>(
        &self,
        method: &'static str,
        target: &str,
        limits: &Limits,
        change: impl FnOnce(&mut World, &str) -> Result<T, Kind>,
    ) -> Result<T, EngineError> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let uid = self.facts.uid.as_str();
        world.begin(uid, method, target, true, limits)?;
        let number = world.mutations();
        let broken = world.breaks.remove(&number);
        let error = |kind| EngineError::new(method, target, kind);
        if let Some(Break::Fail { moment: Moment::Before, kind }) = broken {
            return Err(error(kind));
        }
        if let Some(Break::Overtaken { fleet, mark }) = broken {
            world.cluster(uid).overtake(fleet, mark);
            return Err(error(Kind::Conflict));
        }
        let done = change(&mut world, uid).map_err(error);
        world.reconcile(uid);
        match broken {
            Some(Break::Fail { moment: Moment::After, kind }) => Err(error(kind)),
            Some(Break::Cancel(token)) => {
                token.cancel();
                done
            }
            #[expect(clippy::panic, reason = "the test asked for it")]
            Some(Break::Panic) => panic!("a test asked for it"),
            _ => done,
        }
    }
}

#[cfg(test)]
mod tests;

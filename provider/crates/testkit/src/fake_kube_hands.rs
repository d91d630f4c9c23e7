//! What other hands do to the fake clusters: people, programs, another provider.

use std::sync::PoisonError;

use domain::fleet::NamespaceFacts;
use domain::mark::Mark;
use domain::name::Name;

use crate::fake_kube::FakeClusters;
use crate::fake_kube_state::{Break, FakeState};

impl FakeClusters {
    /// Lets somebody else make a fleet of that mark right before the next mutating call, which meets a conflict then.
    pub fn overtake(&self, fleet: &Name, mark: Mark) {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let at = world.mutations() + 1;
        world.breaks.insert(at, Break::Overtaken { fleet: fleet.clone(), mark });
    }

    /// Takes our mark from a fleet's namespace.
    pub fn unmark(&self, uid: &str, fleet: &Name) {
        self.with_namespace(uid, fleet, |namespace| namespace.mark = None);
    }

    /// Deletes a fleet's namespace with all that is in it. What Flux put on members stays there: its objects went
    /// without it, as they do with a namespace whose controllers are gone.
    pub fn delete_namespace(&self, uid: &str, fleet: &Name) {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.cluster(uid).fleets.remove(fleet);
    }

    /// Writes something into the record of a member that is no reference.
    pub fn damage_record(&self, uid: &str, fleet: &Name, member: &Name) {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let held = world.cluster(uid).fleets.get_mut(fleet);
        if let Some(member) = held.and_then(|held| held.members.get_mut(member)) {
            member.damaged = true;
        }
    }

    /// Begins to delete a fleet's namespace, and does not finish.
    pub fn begin_deleting(&self, uid: &str, fleet: &Name) {
        self.with_namespace(uid, fleet, |namespace| namespace.deleting = true);
    }

    /// Writes another note onto an application's source.
    pub fn scribble(&self, uid: &str, fleet: &Name, application: &Name, note: &str) {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let held = world.cluster(uid).fleets.get_mut(fleet);
        if let Some(source) = held.and_then(|held| held.sources.get_mut(application)) {
            source.note = Some(note.to_owned());
        }
    }

    fn with_namespace(&self, uid: &str, fleet: &Name, change: impl FnOnce(&mut NamespaceFacts)) {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let held = world.cluster(uid).fleets.get_mut(fleet);
        if let Some(namespace) = held.and_then(|held| held.namespace.as_mut()) {
            change(namespace);
        }
    }
}

impl FakeState {
    /// A fleet of somebody else's is there.
    pub(crate) fn overtake(&mut self, fleet: Name, mark: Mark) {
        let namespace = NamespaceFacts { mark: Some(mark), deleting: false, member_role: None };
        self.fleets.entry(fleet).or_default().namespace = Some(namespace);
    }
}

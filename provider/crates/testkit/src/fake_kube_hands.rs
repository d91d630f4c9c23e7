//! What other hands do to the fake clusters: people, programs, another provider.

use std::sync::PoisonError;

use domain::fleet::NamespaceFacts;
use domain::name::Name;

use crate::fake_kube::FakeClusters;

impl FakeClusters {
    /// Takes our mark from a fleet's namespace.
    pub fn unmark(&self, uid: &str, fleet: &Name) {
        self.with_namespace(uid, fleet, |namespace| namespace.mark = None);
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

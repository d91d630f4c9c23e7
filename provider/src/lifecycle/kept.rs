//! Unfinished objects between the two legs of a taint: the delete leg keeps everything and answers that it is gone, and
//! from then on Terraform knows of it only what the create leg returns.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::private::Anchor;
use super::whole::Whole;

/// What delete legs kept, by what it is found by.
pub(super) struct Kept<M>(Mutex<OfRun<M>>);

struct OfRun<M> {
    run: usize,
    objects: HashMap<String, Whole<M>>,
}

impl<M> Default for Kept<M> {
    fn default() -> Self {
        Self(Mutex::new(OfRun { run: 0, objects: HashMap::new() }))
    }
}

impl<M> Kept<M> {
    /// Notes an object for the create that follows in the same run.
    pub(super) fn put(&self, run: usize, anchor: &Anchor, object: Whole<M>) {
        self.of_run(run).objects.insert(anchor.key.clone(), object);
    }

    /// Gives what was kept for a create.
    pub(super) fn take(&self, run: usize, anchor: &Anchor) -> Option<Whole<M>> {
        self.of_run(run).objects.remove(&anchor.key)
    }

    /// A create that never came leaves its object behind, in a process that serves many runs: it means nothing to the
    /// next one.
    fn of_run(&self, run: usize) -> MutexGuard<'_, OfRun<M>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.run != run {
            *kept = OfRun { run, objects: HashMap::new() };
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use schemas::lifecycle::LifecycleModel;

    use super::*;

    #[test]
    fn what_one_run_kept_is_nothing_to_the_next() {
        let kept = Kept::default();
        let anchor = Anchor { key: "demo".to_owned(), fixed: String::new() };
        let object = || Whole { own: (), shared: LifecycleModel::default() };
        kept.put(1, &anchor, object());
        assert!(kept.take(1, &anchor).is_some());
        kept.put(1, &anchor, object());
        assert!(kept.take(2, &anchor).is_none());
    }
}

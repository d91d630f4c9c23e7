//! Unfinished objects between the two legs of a taint: the delete leg keeps everything and answers that it is gone, and
//! from then on Terraform knows of it only what the create leg returns.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::private::Anchor;
use super::whole::Whole;

/// What delete legs kept, by what it is found by.
pub(super) struct Kept<M>(Mutex<HashMap<String, Whole<M>>>);

impl<M> Default for Kept<M> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<M> Kept<M> {
    /// Notes an object for the create that follows.
    pub(super) fn put(&self, anchor: &Anchor, object: Whole<M>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(anchor.key.clone(), object);
    }

    /// Gives what was kept for a create.
    pub(super) fn take(&self, anchor: &Anchor) -> Option<Whole<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&anchor.key)
    }
}

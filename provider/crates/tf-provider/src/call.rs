//! What a handler is given beside its values: the user's cancel, and a place to save what exists so far.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use tf_value::model::ToRaw;
use tf_value::raw::Raw;
use tokio_util::sync::CancellationToken;

/// One call of a handler.
pub struct Call<M> {
    stop: CancellationToken,
    saved: Saved,
    model: PhantomData<fn(M)>,
}

/// What a handler saved last. It is what Terraform gets if the handler panics.
#[derive(Clone, Debug, Default)]
pub(crate) struct Saved(Arc<Mutex<Option<Raw>>>);

impl Saved {
    pub(crate) fn take(&self) -> Option<Raw> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<M: ToRaw> Call<M> {
    /// A call that ends early when `stop` fires. For tests and the server.
    pub fn new(stop: CancellationToken) -> Self {
        Self::saving(stop, Saved::default())
    }

    pub(crate) fn saving(stop: CancellationToken, saved: Saved) -> Self {
        Self { stop, saved, model: PhantomData }
    }

    /// Fires when the user cancels: no new step starts, the one in hand is finished, what exists is returned.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Notes what exists so far. Should the handler panic, this is stored instead of being lost.
    pub fn save(&self, object: &M) {
        *self.saved.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(object.to_raw());
    }
}

//! What a handler is given beside its values: the user's cancel, and a place to save what exists so far.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use tf_value::model::ToRaw;
use tf_value::raw::Raw;
use tokio_util::sync::CancellationToken;

use crate::deferral::{Deferral, Deferring};

/// One call of a handler.
pub struct Call<M> {
    stop: CancellationToken,
    saved: Saved,
    deferring: Deferring,
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
        Self::within(stop, Saved::default(), Deferring::default())
    }

    pub(crate) fn within(stop: CancellationToken, saved: Saved, deferring: Deferring) -> Self {
        Self { stop, saved, deferring, model: PhantomData }
    }

    /// Fires when the user cancels: no new step starts, the one in hand is finished, what exists is returned.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Puts the call off, if it may be: see [`Deferring::because`]. Only reads, imports and openings may.
    pub fn defer(&self, reason: Deferral) -> bool {
        self.deferring.because(reason)
    }

    /// Notes what exists so far. Should the handler panic, this is stored instead of being lost.
    pub fn save(&self, object: &M) {
        *self.saved.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(object.to_raw());
    }
}

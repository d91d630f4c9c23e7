//! The typed traits without their types, so that the server can hold all of a provider's parts in tables.
//!
//! Here is the one place where models are read from values and written back. What every part with a schema has is
//! in [`part`]; the rest is a file for each kind.

pub(crate) mod action;
pub(crate) mod data_source;
pub(crate) mod ephemeral;
pub(crate) mod list;
pub(crate) mod part;
pub(crate) mod provider;
pub(crate) mod resource;

use tf_value::diagnostic::Diagnostics;
use tf_value::model::{Model, ToRaw};
use tf_value::raw::Raw;
use tokio_util::sync::CancellationToken;

use crate::call::{Call, Saved};
use crate::complaints;
use crate::deferral::Deferring;

/// What a handler is given beside its values, before its model is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) stop: CancellationToken,
    pub(crate) saved: Saved,
    pub(crate) deferring: Deferring,
}

impl Surroundings {
    fn call<M: ToRaw>(self) -> Call<M> {
        Call::within(self.stop, self.saved, self.deferring)
    }
}

/// Reads a model. What the schema lets through and the model cannot read is the user's to change.
fn read<M: Model>(type_name: &str, raw: &Raw) -> Result<M, Diagnostics> {
    M::from_raw(raw).map_err(|problem| complaints::unusable_value(type_name, &problem).into())
}

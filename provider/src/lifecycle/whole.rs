//! A resource's own attributes and those that every resource has, over one object.

use schemas::lifecycle::LifecycleModel;
use tf_value::model::{FromRaw, ToRaw};
use tf_value::raw::Raw;

/// Both halves of an object.
#[derive(Clone, Debug)]
pub(crate) struct Whole<M> {
    /// The resource's own attributes.
    pub(crate) own: M,
    /// What every resource has.
    pub(crate) shared: LifecycleModel,
}

impl<M: FromRaw> FromRaw for Whole<M> {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        Ok(Self { own: M::from_raw(raw)?, shared: LifecycleModel::from_raw(raw)? })
    }
}

impl<M: ToRaw> ToRaw for Whole<M> {
    fn to_raw(&self) -> Raw {
        match (self.own.to_raw(), self.shared.to_raw()) {
            (Raw::Map(mut own), Raw::Map(shared)) => {
                own.extend(shared);
                Raw::Map(own)
            }
            (own, _) => own,
        }
    }
}

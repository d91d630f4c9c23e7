//! The behaviours that are the same for every resource, in one place: resume of a tainted create, phase and
//! incarnation, `drift`, `deletion_policy`, `on_unreachable`, `timeouts`.
//!
//! A resource implements [`managed::Managed`] and says only what is its own; [`Lifecycle`] makes it a resource of
//! the framework.

mod apply;
mod kept;
pub(crate) mod managed;
mod plan;
pub(crate) mod private;
mod read;
mod timeouts;
pub(crate) mod whole;

use async_trait::async_trait;
use schemas::lifecycle::with_lifecycle;
use tf_provider::call::Call;
use tf_provider::resource::{Destruction, Done, Import, Plan, Resource, Stored, Wanted};
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::context::Handle;
use kept::Kept;
use managed::Managed;
use whole::Whole;

/// A managed resource with what every resource has.
pub(crate) struct Lifecycle<M: Managed> {
    own: M,
    handle: Handle,
    kept: Kept<M::Model>,
}

impl<M: Managed> Lifecycle<M> {
    /// Adds what every resource has to `own`.
    pub(crate) fn of(own: M, handle: Handle) -> Self {
        Self { own, handle, kept: Kept::default() }
    }
}

#[async_trait]
impl<M: Managed> Resource for Lifecycle<M> {
    type Model = Whole<M::Model>;

    fn type_name(&self) -> &'static str {
        M::TYPE
    }

    fn schema(&self) -> Schema {
        with_lifecycle(self.own.schema())
    }

    fn identity_schema(&self) -> Option<Schema> {
        Some(self.own.identity_schema())
    }

    fn identity(&self, object: &Self::Model) -> Raw {
        self.own.identity(&object.own)
    }

    fn validate(&self, config: &Self::Model) -> Diagnostics {
        self.own.validate(&config.own)
    }

    fn plan(&self, plan: &mut Plan<Self::Model>) {
        self.plan_change(plan);
    }

    /// What changes nothing needs no words: see `plan_change`.
    fn leaves_unchanged_alone(&self) -> bool {
        true
    }

    fn plan_destroy(&self, destruction: &mut Destruction<Self::Model>) {
        Self::plan_destruction(destruction);
    }

    async fn create(&self, wanted: Wanted<Self::Model>, call: &Call<Self::Model>) -> Done<Self::Model> {
        self.apply_create(wanted, call).await
    }

    async fn read(&self, stored: Stored<Self::Model>, call: &Call<Self::Model>) -> Done<Self::Model> {
        self.refresh(stored, call).await
    }

    async fn update(&self, wanted: Wanted<Self::Model>, call: &Call<Self::Model>) -> Done<Self::Model> {
        self.apply_update(wanted, call).await
    }

    async fn delete(&self, stored: Stored<Self::Model>, call: &Call<Self::Model>) -> Done<Self::Model> {
        self.apply_delete(stored, call).await
    }

    async fn import(&self, import: Import, call: &Call<Self::Model>) -> Result<Self::Model, Diagnostics> {
        self.find(import, call).await
    }
}

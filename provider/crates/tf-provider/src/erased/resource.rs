//! Managed resources.

use std::sync::Arc;

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::{FromRaw, Model, ToRaw};
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::erased::part::{DynPart, erased_part};
use crate::erased::{Surroundings, read};
use crate::moves::{MoveSource, Moved};
use crate::resource::{Destruction, Done, Import, Plan, Resource, Stored, Wanted};

/// A managed resource without its model.
#[async_trait]
pub(crate) trait DynResource: DynPart {
    fn identity_schema(&self) -> Option<Schema>;
    /// Null also for an object that the model cannot read.
    fn identity(&self, object: &Raw) -> Raw;
    fn upgrade(&self, version: u32, stored: serde_json::Value) -> Result<serde_json::Value, Diagnostics>;
    fn upgrade_identity(
        &self,
        version: u32,
        stored: serde_json::Value,
    ) -> Result<serde_json::Value, Diagnostics>;
    fn move_from(&self, source: &MoveSource) -> Option<Result<Moved<Raw>, Diagnostics>>;
    /// Unchanged if the model cannot read it.
    fn generate(&self, config: Raw) -> Raw;
    fn plan(&self, plan: Plan<Raw>) -> Plan<Raw>;
    /// Whether a plan that changes nothing is left alone: one of a resource that says so, whose model can read both.
    fn leaves_unchanged_alone(&self, prior: &Raw, config: &Raw) -> bool;
    fn plan_destroy(&self, destruction: Destruction<Raw>) -> Destruction<Raw>;
    async fn create(&self, wanted: Wanted<Raw>, around: Surroundings) -> Done<Raw>;
    async fn read(&self, state: &Raw, private: Vec<u8>, around: Surroundings) -> Done<Raw>;
    async fn update(&self, wanted: Wanted<Raw>, around: Surroundings) -> Done<Raw>;
    async fn delete(&self, stored: Stored<Raw>, around: Surroundings) -> Done<Raw>;
    async fn import(&self, import: Import, around: Surroundings) -> Result<Raw, Diagnostics>;
}

erased_part! {
    /// A resource behind the trait without its model.
    ErasedResource of Resource
}

/// Takes the model off a resource.
pub(crate) fn erase_resource(resource: impl Resource) -> Arc<dyn DynResource> {
    Arc::new(ErasedResource(resource))
}

fn read_prior<M: Model>(type_name: &str, raw: Option<&Raw>) -> Result<Option<M>, Diagnostics> {
    raw.map(|raw| read(type_name, raw)).transpose()
}

fn done<M: Model>(done: Done<M>) -> Done<Raw> {
    let Done { state, private, diagnostics } = done;
    Done { state: state.map(|state| state.to_raw()), private, diagnostics }
}

impl<R: Resource> ErasedResource<R> {
    fn wanted(&self, wanted: &Wanted<Raw>) -> Result<Wanted<R::Model>, Diagnostics> {
        let name = self.0.type_name();
        Ok(Wanted {
            config: read(name, &wanted.config)?,
            prior: read_prior(name, wanted.prior.as_ref())?,
            planned: read(name, &wanted.planned)?,
            private: wanted.private.clone(),
        })
    }

    fn stored(&self, state: &Raw, private: Vec<u8>) -> Result<Stored<R::Model>, Diagnostics> {
        Ok(Stored { state: read(self.0.type_name(), state)?, private })
    }

    fn planned(&self, plan: &Plan<Raw>) -> Result<Plan<R::Model>, Diagnostics> {
        let name = self.0.type_name();
        Ok(Plan {
            config: read(name, &plan.config)?,
            prior: read_prior(name, plan.prior.as_ref())?,
            planned: read(name, &plan.planned)?,
            changes: plan.changes,
            private: plan.private.clone(),
            first_private: plan.first_private.clone(),
            deferring: plan.deferring.clone(),
            replace: plan.replace.clone(),
            diagnostics: plan.diagnostics.clone(),
        })
    }
}

#[async_trait]
impl<R: Resource> DynResource for ErasedResource<R> {
    fn identity_schema(&self) -> Option<Schema> {
        self.0.identity_schema()
    }

    fn identity(&self, object: &Raw) -> Raw {
        R::Model::from_raw(object).map(|object| self.0.identity(&object)).unwrap_or_default()
    }

    fn upgrade(&self, version: u32, stored: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        self.0.upgrade(version, stored)
    }

    fn upgrade_identity(
        &self,
        version: u32,
        stored: serde_json::Value,
    ) -> Result<serde_json::Value, Diagnostics> {
        self.0.upgrade_identity(version, stored)
    }

    fn move_from(&self, source: &MoveSource) -> Option<Result<Moved<Raw>, Diagnostics>> {
        let moved = self.0.move_from(source)?;
        Some(moved.map(|Moved { object, private }| Moved { object: object.to_raw(), private }))
    }

    fn generate(&self, config: Raw) -> Raw {
        match R::Model::from_raw(&config) {
            Ok(mut typed) => {
                self.0.generate(&mut typed);
                typed.to_raw()
            }
            Err(_) => config,
        }
    }

    fn plan(&self, mut plan: Plan<Raw>) -> Plan<Raw> {
        let mut typed = match self.planned(&plan) {
            Ok(typed) => typed,
            Err(diagnostics) => {
                plan.diagnostics.extend(diagnostics);
                return plan;
            }
        };
        let before = typed.planned.to_raw();
        self.0.plan(&mut typed);
        let after = typed.planned.to_raw();
        Plan {
            // What the resource left alone stays as it came: a model does not hold refinements.
            planned: if before == after { plan.planned } else { after },
            config: plan.config,
            prior: plan.prior,
            changes: typed.changes,
            private: typed.private,
            first_private: typed.first_private,
            deferring: typed.deferring,
            replace: typed.replace,
            diagnostics: typed.diagnostics,
        }
    }

    fn leaves_unchanged_alone(&self, prior: &Raw, config: &Raw) -> bool {
        let can_be_read = |object| R::Model::from_raw(object).is_ok();
        self.0.leaves_unchanged_alone() && can_be_read(config) && can_be_read(prior)
    }

    fn plan_destroy(&self, mut destruction: Destruction<Raw>) -> Destruction<Raw> {
        match read(self.0.type_name(), &destruction.prior) {
            Ok(prior) => {
                let Destruction { private, diagnostics, .. } = destruction;
                let mut typed = Destruction { prior, private, diagnostics };
                self.0.plan_destroy(&mut typed);
                Destruction { prior: Raw::Null, private: typed.private, diagnostics: typed.diagnostics }
            }
            Err(diagnostics) => {
                destruction.diagnostics.extend(diagnostics);
                destruction
            }
        }
    }

    async fn create(&self, wanted: Wanted<Raw>, around: Surroundings) -> Done<Raw> {
        match self.wanted(&wanted) {
            Ok(wanted) => done(self.0.create(wanted, &around.call()).await),
            Err(diagnostics) => Done::refused(diagnostics),
        }
    }

    async fn read(&self, state: &Raw, private: Vec<u8>, around: Surroundings) -> Done<Raw> {
        match self.stored(state, private) {
            Ok(stored) => done(self.0.read(stored, &around.call()).await),
            Err(diagnostics) => Done::refused(diagnostics),
        }
    }

    async fn update(&self, wanted: Wanted<Raw>, around: Surroundings) -> Done<Raw> {
        match self.wanted(&wanted) {
            Ok(wanted) => done(self.0.update(wanted, &around.call()).await),
            Err(diagnostics) => Done::refused(diagnostics),
        }
    }

    async fn delete(&self, stored: Stored<Raw>, around: Surroundings) -> Done<Raw> {
        match self.stored(&stored.state, stored.private) {
            Ok(stored) => done(self.0.delete(stored, &around.call()).await),
            Err(diagnostics) => Done::refused(diagnostics),
        }
    }

    async fn import(&self, import: Import, around: Surroundings) -> Result<Raw, Diagnostics> {
        Ok(self.0.import(import, &around.call()).await?.to_raw())
    }
}

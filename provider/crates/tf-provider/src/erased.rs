//! The typed traits without their types, so that the server can hold all of a provider's parts in tables.
//!
//! Here is the one place where models are read from values and written back.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::{FromRaw, Model, ToRaw};
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tokio_util::sync::CancellationToken;

use crate::call::{Call, Saved};
use crate::complaints;
use crate::data_source::DataSource;
use crate::ephemeral::{EphemeralResource, Opened, Renewed};
use crate::provider::{Provider, Tables};
use crate::resource::{Destruction, Done, Import, MoveSource, Plan, Resource, Stored, Wanted};

/// What a handler is given beside its values, before its model is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) stop: CancellationToken,
    pub(crate) saved: Saved,
}

impl Surroundings {
    fn call<M: ToRaw>(self) -> Call<M> {
        Call::saving(self.stop, self.saved)
    }
}

/// Reads a model. What the schema lets through and the model cannot read is the user's to change.
fn read<M: Model>(type_name: &str, raw: &Raw) -> Result<M, Diagnostics> {
    M::from_raw(raw).map_err(|problem| complaints::unusable_value(type_name, &problem).into())
}

fn read_prior<M: Model>(type_name: &str, raw: Option<&Raw>) -> Result<Option<M>, Diagnostics> {
    raw.map(|raw| read(type_name, raw)).transpose()
}

fn done<M: Model>(done: Done<M>) -> Done<Raw> {
    let Done { state, private, diagnostics } = done;
    Done { state: state.map(|state| state.to_raw()), private, diagnostics }
}

// ---- Provider -----------------------------------------------------------------------------------------------------

/// A provider without its model.
#[async_trait]
pub(crate) trait DynProvider: Send + Sync + 'static {
    fn schema(&self) -> Schema;
    fn validate(&self, config: &Raw) -> Diagnostics;
    async fn configure(&self, config: Raw, around: Surroundings) -> Diagnostics;
    fn tables(&self) -> Tables;
    /// A whole object as the model writes it.
    fn written(&self, object: &Raw) -> Result<Raw, String>;
}

#[async_trait]
impl<P: Provider> DynProvider for P {
    fn schema(&self) -> Schema {
        Provider::schema(self)
    }

    fn validate(&self, config: &Raw) -> Diagnostics {
        match read(PROVIDER, config) {
            Ok(config) => Provider::validate(self, &config),
            Err(diagnostics) => diagnostics,
        }
    }

    async fn configure(&self, config: Raw, around: Surroundings) -> Diagnostics {
        match read(PROVIDER, &config) {
            Ok(config) => Provider::configure(self, config, &around.call()).await,
            Err(diagnostics) => diagnostics,
        }
    }

    fn tables(&self) -> Tables {
        Provider::tables(self)
    }

    fn written(&self, object: &Raw) -> Result<Raw, String> {
        P::Model::from_raw(object).map(|model| model.to_raw())
    }
}

/// What the provider block is called in messages.
const PROVIDER: &str = "provider";

// ---- Managed resources --------------------------------------------------------------------------------------------

/// A managed resource without its model.
#[async_trait]
pub(crate) trait DynResource: Send + Sync + 'static {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> Schema;
    fn identity_schema(&self) -> Option<Schema>;
    /// Null also for an object that the model cannot read.
    fn identity(&self, object: &Raw) -> Raw;
    fn upgrade(&self, version: u32, stored: serde_json::Value) -> Result<serde_json::Value, Diagnostics>;
    fn move_from(&self, source: &MoveSource) -> Option<Result<Raw, Diagnostics>>;
    fn validate(&self, config: &Raw) -> Diagnostics;
    fn plan(&self, plan: Plan<Raw>) -> Plan<Raw>;
    fn plan_destroy(&self, destruction: Destruction<Raw>) -> Destruction<Raw>;
    async fn create(&self, wanted: Wanted<Raw>, around: Surroundings) -> Done<Raw>;
    async fn read(&self, stored: Stored<Raw>, around: Surroundings) -> Done<Raw>;
    async fn update(&self, wanted: Wanted<Raw>, around: Surroundings) -> Done<Raw>;
    async fn delete(&self, stored: Stored<Raw>, around: Surroundings) -> Done<Raw>;
    async fn import(&self, import: Import, around: Surroundings) -> Result<Raw, Diagnostics>;
    /// A whole object as the model writes it.
    fn written(&self, object: &Raw) -> Result<Raw, String>;
}

/// Takes the model off a resource.
pub(crate) fn erase_resource(resource: impl Resource) -> Arc<dyn DynResource> {
    Arc::new(Erased(resource))
}

/// A part of a provider behind the trait without its model.
struct Erased<T>(T);

impl<R: Resource> Erased<R> {
    fn wanted(&self, wanted: &Wanted<Raw>) -> Result<Wanted<R::Model>, Diagnostics> {
        let name = self.0.type_name();
        Ok(Wanted {
            config: read(name, &wanted.config)?,
            prior: read_prior(name, wanted.prior.as_ref())?,
            planned: read(name, &wanted.planned)?,
            private: wanted.private.clone(),
        })
    }

    fn stored(&self, stored: Stored<Raw>) -> Result<Stored<R::Model>, Diagnostics> {
        Ok(Stored { state: read(self.0.type_name(), &stored.state)?, private: stored.private })
    }

    fn planned(&self, plan: &Plan<Raw>) -> Result<Plan<R::Model>, Diagnostics> {
        let name = self.0.type_name();
        Ok(Plan {
            config: read(name, &plan.config)?,
            prior: read_prior(name, plan.prior.as_ref())?,
            planned: read(name, &plan.planned)?,
            changes: plan.changes,
            private: plan.private.clone(),
            replace: plan.replace.clone(),
            diagnostics: plan.diagnostics.clone(),
        })
    }
}

#[async_trait]
impl<R: Resource> DynResource for Erased<R> {
    fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    fn schema(&self) -> Schema {
        self.0.schema()
    }

    fn identity_schema(&self) -> Option<Schema> {
        self.0.identity_schema()
    }

    fn identity(&self, object: &Raw) -> Raw {
        R::Model::from_raw(object).map(|object| self.0.identity(&object)).unwrap_or_default()
    }

    fn upgrade(&self, version: u32, stored: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        self.0.upgrade(version, stored)
    }

    fn move_from(&self, source: &MoveSource) -> Option<Result<Raw, Diagnostics>> {
        Some(self.0.move_from(source)?.map(|object| object.to_raw()))
    }

    fn validate(&self, config: &Raw) -> Diagnostics {
        match read(self.0.type_name(), config) {
            Ok(config) => self.0.validate(&config),
            Err(diagnostics) => diagnostics,
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
            replace: typed.replace,
            diagnostics: typed.diagnostics,
        }
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

    async fn read(&self, stored: Stored<Raw>, around: Surroundings) -> Done<Raw> {
        match self.stored(stored) {
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
        match self.stored(stored) {
            Ok(stored) => done(self.0.delete(stored, &around.call()).await),
            Err(diagnostics) => Done::refused(diagnostics),
        }
    }

    async fn import(&self, import: Import, around: Surroundings) -> Result<Raw, Diagnostics> {
        Ok(self.0.import(import, &around.call()).await?.to_raw())
    }

    fn written(&self, object: &Raw) -> Result<Raw, String> {
        R::Model::from_raw(object).map(|model| model.to_raw())
    }
}

// ---- Data sources -------------------------------------------------------------------------------------------------

/// A data source without its model.
#[async_trait]
pub(crate) trait DynDataSource: Send + Sync + 'static {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> Schema;
    fn validate(&self, config: &Raw) -> Diagnostics;
    async fn read(&self, config: Raw, around: Surroundings) -> Result<(Raw, Diagnostics), Diagnostics>;
    /// A whole object as the model writes it.
    fn written(&self, object: &Raw) -> Result<Raw, String>;
}

/// Takes the model off a data source.
pub(crate) fn erase_data_source(source: impl DataSource) -> Arc<dyn DynDataSource> {
    Arc::new(Erased(source))
}

#[async_trait]
impl<S: DataSource> DynDataSource for Erased<S> {
    fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    fn schema(&self) -> Schema {
        self.0.schema()
    }

    fn validate(&self, config: &Raw) -> Diagnostics {
        match read(self.0.type_name(), config) {
            Ok(config) => self.0.validate(&config),
            Err(diagnostics) => diagnostics,
        }
    }

    async fn read(&self, config: Raw, around: Surroundings) -> Result<(Raw, Diagnostics), Diagnostics> {
        let config = read(self.0.type_name(), &config)?;
        let (object, diagnostics) = self.0.read(config, &around.call()).await?;
        Ok((object.to_raw(), diagnostics))
    }

    fn written(&self, object: &Raw) -> Result<Raw, String> {
        S::Model::from_raw(object).map(|model| model.to_raw())
    }
}

// ---- Ephemeral resources ------------------------------------------------------------------------------------------

/// An ephemeral resource without its model.
#[async_trait]
pub(crate) trait DynEphemeralResource: Send + Sync + 'static {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> Schema;
    fn validate(&self, config: &Raw) -> Diagnostics;
    async fn open(&self, config: Raw, around: Surroundings) -> Result<Opened<Raw>, Diagnostics>;
    async fn renew(&self, private: Vec<u8>) -> Result<(Vec<u8>, Option<SystemTime>), Diagnostics>;
    async fn close(&self, private: Vec<u8>) -> Result<(), Diagnostics>;
    /// A whole object as the model writes it.
    fn written(&self, object: &Raw) -> Result<Raw, String>;
}

/// Takes the model off an ephemeral resource.
pub(crate) fn erase_ephemeral(resource: impl EphemeralResource) -> Arc<dyn DynEphemeralResource> {
    Arc::new(Erased(resource))
}

#[async_trait]
impl<E: EphemeralResource> DynEphemeralResource for Erased<E> {
    fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    fn schema(&self) -> Schema {
        self.0.schema()
    }

    fn validate(&self, config: &Raw) -> Diagnostics {
        match read(self.0.type_name(), config) {
            Ok(config) => self.0.validate(&config),
            Err(diagnostics) => diagnostics,
        }
    }

    async fn open(&self, config: Raw, around: Surroundings) -> Result<Opened<Raw>, Diagnostics> {
        let config = read(self.0.type_name(), &config)?;
        let Opened { object, private, renew_at } = self.0.open(config, &around.call()).await?;
        Ok(Opened { object: object.to_raw(), private, renew_at })
    }

    async fn renew(&self, private: Vec<u8>) -> Result<(Vec<u8>, Option<SystemTime>), Diagnostics> {
        let Renewed { private, renew_at } = self.0.renew(private).await?;
        Ok((private, renew_at))
    }

    async fn close(&self, private: Vec<u8>) -> Result<(), Diagnostics> {
        self.0.close(private).await
    }

    fn written(&self, object: &Raw) -> Result<Raw, String> {
        E::Model::from_raw(object).map(|model| model.to_raw())
    }
}

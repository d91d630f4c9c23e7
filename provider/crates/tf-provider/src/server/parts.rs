//! A provider's parts with what is worked out of their schemas once.

use std::collections::BTreeMap;
use std::sync::Arc;

use tf_value::diagnostic::Diagnostics;
use tf_value::schema::Schema;
use tf_value::ty::Type;

use crate::complaints;
use crate::erased::{DynDataSource, DynEphemeralResource, DynProvider, DynResource};
use crate::function::{Function, Signature};

/// A schema and the type of its objects.
#[derive(Clone, Debug)]
pub(super) struct Shaped {
    pub(super) schema: Schema,
    pub(super) ty: Type,
}

impl From<Schema> for Shaped {
    fn from(schema: Schema) -> Self {
        let ty = schema.ty();
        Self { schema, ty }
    }
}

/// A managed resource.
pub(super) struct Managed {
    pub(super) resource: Arc<dyn DynResource>,
    pub(super) shape: Shaped,
    pub(super) identity: Option<Shaped>,
}

impl Managed {
    pub(super) fn name(&self) -> &'static str {
        self.resource.type_name()
    }
}

/// A data source.
pub(super) struct Source {
    pub(super) source: Arc<dyn DynDataSource>,
    pub(super) shape: Shaped,
}

/// An ephemeral resource.
pub(super) struct Ephemeral {
    pub(super) resource: Arc<dyn DynEphemeralResource>,
    pub(super) shape: Shaped,
}

/// A function.
pub(super) struct Callable {
    pub(super) function: Arc<dyn Function>,
    pub(super) signature: Signature,
}

/// Everything a provider has, by name.
pub(super) struct Parts {
    pub(super) provider: Arc<dyn DynProvider>,
    pub(super) shape: Shaped,
    pub(super) resources: BTreeMap<&'static str, Arc<Managed>>,
    pub(super) sources: BTreeMap<&'static str, Arc<Source>>,
    pub(super) ephemeral: BTreeMap<&'static str, Arc<Ephemeral>>,
    pub(super) functions: BTreeMap<&'static str, Arc<Callable>>,
}

impl Parts {
    pub(super) fn of(provider: Arc<dyn DynProvider>) -> Self {
        let tables = provider.tables();
        let resources = tables.resources.into_iter().map(|resource| {
            let shape = resource.schema().into();
            let identity = resource.identity_schema().map(Into::into);
            (resource.type_name(), Arc::new(Managed { resource, shape, identity }))
        });
        let sources = tables.data_sources.into_iter().map(|source| {
            let shape = source.schema().into();
            (source.type_name(), Arc::new(Source { source, shape }))
        });
        let ephemeral = tables.ephemeral.into_iter().map(|resource| {
            let shape = resource.schema().into();
            (resource.type_name(), Arc::new(Ephemeral { resource, shape }))
        });
        let functions = tables.functions.into_iter().map(|function| {
            let signature = function.signature();
            (function.name(), Arc::new(Callable { function, signature }))
        });
        Self {
            shape: provider.schema().into(),
            resources: resources.collect(),
            sources: sources.collect(),
            ephemeral: ephemeral.collect(),
            functions: functions.collect(),
            provider,
        }
    }

    pub(super) fn resource(&self, type_name: &str) -> Result<&Arc<Managed>, Diagnostics> {
        self.resources.get(type_name).ok_or_else(|| complaints::no_such_type("resource", type_name).into())
    }

    pub(super) fn source(&self, type_name: &str) -> Result<&Arc<Source>, Diagnostics> {
        self.sources.get(type_name).ok_or_else(|| complaints::no_such_type("data source", type_name).into())
    }

    pub(super) fn ephemeral(&self, type_name: &str) -> Result<&Arc<Ephemeral>, Diagnostics> {
        self.ephemeral
            .get(type_name)
            .ok_or_else(|| complaints::no_such_type("ephemeral resource", type_name).into())
    }
}

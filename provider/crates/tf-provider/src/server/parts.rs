//! A provider's parts with what is worked out of their schemas once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tf_value::diagnostic::Diagnostics;
use tf_value::schema::Schema;
use tf_value::ty::Type;

use crate::complaints;
use crate::erased::action::DynAction;
use crate::erased::data_source::DynDataSource;
use crate::erased::ephemeral::DynEphemeralResource;
use crate::erased::list::DynListResource;
use crate::erased::part::DynPart;
use crate::erased::provider::DynProvider;
use crate::erased::resource::DynResource;
use crate::function::{Function, Signature};
use crate::rules::{defaults, write_only};

/// A schema and the type of its objects.
#[derive(Clone, Debug)]
pub(super) struct Shaped {
    /// Its values are in the shape of their types.
    pub(super) schema: Schema,
    pub(super) ty: Type,
    /// Whether anything in it is write-only.
    pub(super) write_only: bool,
}

impl From<Schema> for Shaped {
    fn from(mut schema: Schema) -> Self {
        defaults::prepare(&mut schema.attributes);
        Self { ty: schema.ty(), write_only: write_only::any(&schema.attributes), schema }
    }
}

impl Shaped {
    fn of(part: &(impl DynPart + ?Sized)) -> Self {
        part.schema().into()
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

/// A list resource, and the managed resource of the same name if that has an identity.
pub(super) struct Listing {
    pub(super) list: Arc<dyn DynListResource>,
    pub(super) shape: Shaped,
    pub(super) managed: Option<Arc<Managed>>,
}

/// An action.
pub(super) struct Doing {
    pub(super) action: Arc<dyn DynAction>,
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
    /// Whether the configuration was not wholly known when it was last given.
    pub(super) config_unknown: AtomicBool,
    pub(super) resources: BTreeMap<&'static str, Arc<Managed>>,
    pub(super) sources: BTreeMap<&'static str, Arc<Source>>,
    pub(super) ephemeral: BTreeMap<&'static str, Arc<Ephemeral>>,
    pub(super) functions: BTreeMap<&'static str, Arc<Callable>>,
    pub(super) lists: BTreeMap<&'static str, Arc<Listing>>,
    pub(super) actions: BTreeMap<&'static str, Arc<Doing>>,
}

impl Parts {
    pub(super) fn of(provider: Arc<dyn DynProvider>) -> Self {
        let tables = provider.tables();
        let resources = tables.resources.into_iter().map(|resource| {
            let shape = Shaped::of(&*resource);
            let identity = resource.identity_schema().map(Into::into);
            (resource.type_name(), Arc::new(Managed { resource, shape, identity }))
        });
        let resources: BTreeMap<_, _> = resources.collect();
        let sources = tables.data_sources.into_iter().map(|source| {
            let shape = Shaped::of(&*source);
            (source.type_name(), Arc::new(Source { source, shape }))
        });
        let ephemeral = tables.ephemeral.into_iter().map(|resource| {
            let shape = Shaped::of(&*resource);
            (resource.type_name(), Arc::new(Ephemeral { resource, shape }))
        });
        let functions = tables.functions.into_iter().map(|function| {
            let signature = function.signature();
            (function.name(), Arc::new(Callable { function, signature }))
        });
        let lists = tables.lists.into_iter().map(|list| {
            let shape = Shaped::of(&*list);
            let managed =
                resources.get(list.type_name()).filter(|managed| managed.identity.is_some()).cloned();
            (list.type_name(), Arc::new(Listing { list, shape, managed }))
        });
        let actions = tables.actions.into_iter().map(|action| {
            let shape = Shaped::of(&*action);
            (action.type_name(), Arc::new(Doing { action, shape }))
        });
        Self {
            shape: Shaped::of(&*provider),
            config_unknown: AtomicBool::new(false),
            sources: sources.collect(),
            ephemeral: ephemeral.collect(),
            functions: functions.collect(),
            lists: lists.collect(),
            actions: actions.collect(),
            resources,
            provider,
        }
    }

    pub(super) fn resource(&self, type_name: &str) -> Result<Arc<Managed>, Diagnostics> {
        find(&self.resources, "resource", type_name)
    }

    pub(super) fn source(&self, type_name: &str) -> Result<Arc<Source>, Diagnostics> {
        find(&self.sources, "data source", type_name)
    }

    pub(super) fn ephemeral(&self, type_name: &str) -> Result<Arc<Ephemeral>, Diagnostics> {
        find(&self.ephemeral, "ephemeral resource", type_name)
    }

    pub(super) fn list(&self, type_name: &str) -> Result<Arc<Listing>, Diagnostics> {
        find(&self.lists, "list resource", type_name)
    }

    pub(super) fn action(&self, type_name: &str) -> Result<Arc<Doing>, Diagnostics> {
        find(&self.actions, "action", type_name)
    }
}

fn find<P>(
    parts: &BTreeMap<&'static str, Arc<P>>,
    kind: &str,
    type_name: &str,
) -> Result<Arc<P>, Diagnostics> {
    parts.get(type_name).cloned().ok_or_else(|| complaints::no_such_type(kind, type_name).into())
}

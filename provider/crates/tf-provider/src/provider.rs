//! What a provider is: its block, and tables of what it has.

use std::sync::Arc;

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::Model;
use tf_value::schema::Schema;

use crate::action::Action;
use crate::call::Call;
use crate::data_source::DataSource;
use crate::ephemeral::EphemeralResource;
use crate::erased::action::{DynAction, erase_action};
use crate::erased::data_source::{DynDataSource, erase_data_source};
use crate::erased::ephemeral::{DynEphemeralResource, erase_ephemeral};
use crate::erased::list::{DynListResource, erase_list};
use crate::erased::resource::{DynResource, erase_resource};
use crate::function::Function;
use crate::list::ListResource;
use crate::resource::Resource;

/// A provider.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The provider block.
    type Model: Model;

    /// The attributes of the provider block.
    fn schema(&self) -> Schema;

    /// Checks that need more than one attribute. Must accept unknown values and ask nobody.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::none()
    }

    /// Takes the configuration. Asks nobody: clusters and accounts are reached when they are needed. Unknown values
    /// are accepted. May be called again in one process.
    async fn configure(&self, config: Self::Model, call: &Call<Self::Model>) -> Diagnostics;

    /// Everything the provider has.
    fn tables(&self) -> Tables;
}

/// Everything a provider has.
#[derive(Default)]
pub struct Tables {
    pub(crate) resources: Vec<Arc<dyn DynResource>>,
    pub(crate) data_sources: Vec<Arc<dyn DynDataSource>>,
    pub(crate) ephemeral: Vec<Arc<dyn DynEphemeralResource>>,
    pub(crate) functions: Vec<Arc<dyn Function>>,
    pub(crate) lists: Vec<Arc<dyn DynListResource>>,
    pub(crate) actions: Vec<Arc<dyn DynAction>>,
}

impl Tables {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource.
    #[must_use]
    pub fn resource(mut self, resource: impl Resource) -> Self {
        self.resources.push(erase_resource(resource));
        self
    }

    /// Adds a data source.
    #[must_use]
    pub fn data_source(mut self, source: impl DataSource) -> Self {
        self.data_sources.push(erase_data_source(source));
        self
    }

    /// Adds an ephemeral resource.
    #[must_use]
    pub fn ephemeral_resource(mut self, resource: impl EphemeralResource) -> Self {
        self.ephemeral.push(erase_ephemeral(resource));
        self
    }

    /// Adds a function.
    #[must_use]
    pub fn function(mut self, function: impl Function) -> Self {
        self.functions.push(Arc::new(function));
        self
    }

    /// Adds a list resource. It has the name of a managed resource, which must have an identity.
    #[must_use]
    pub fn list_resource(mut self, list: impl ListResource) -> Self {
        self.lists.push(erase_list(list));
        self
    }

    /// Adds an action.
    #[must_use]
    pub fn action(mut self, action: impl Action) -> Self {
        self.actions.push(erase_action(action));
        self
    }
}

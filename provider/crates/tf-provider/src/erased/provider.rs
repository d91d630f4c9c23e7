//! The provider itself.

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::{FromRaw, ToRaw};
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::erased::part::DynPart;
use crate::erased::{Surroundings, read};
use crate::provider::{Provider, Tables};

/// What the provider block is called in messages.
const PROVIDER: &str = "provider";

/// A provider without its model.
#[async_trait]
pub(crate) trait DynProvider: DynPart {
    async fn configure(&self, config: Raw, around: Surroundings) -> Diagnostics;
    fn tables(&self) -> Tables;
}

/// A provider behind the trait without its model.
pub(crate) struct ErasedProvider<P>(pub(crate) P);

impl<P: Provider> DynPart for ErasedProvider<P> {
    fn type_name(&self) -> &'static str {
        PROVIDER
    }

    fn schema(&self) -> Schema {
        self.0.schema()
    }

    fn validate(&self, config: &Raw) -> Diagnostics {
        match read(PROVIDER, config) {
            Ok(config) => self.0.validate(&config),
            Err(diagnostics) => diagnostics,
        }
    }

    fn written(&self, object: &Raw) -> Result<Raw, String> {
        P::Model::from_raw(object).map(|model| model.to_raw())
    }
}

#[async_trait]
impl<P: Provider> DynProvider for ErasedProvider<P> {
    async fn configure(&self, config: Raw, around: Surroundings) -> Diagnostics {
        match read(PROVIDER, &config) {
            Ok(config) => self.0.configure(config, &around.call()).await,
            Err(diagnostics) => diagnostics,
        }
    }

    fn tables(&self) -> Tables {
        self.0.tables()
    }
}

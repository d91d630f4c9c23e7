//! Data sources.

use std::sync::Arc;

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::ToRaw;
use tf_value::raw::Raw;

use crate::data_source::DataSource;
use crate::erased::part::{DynPart, erased_part};
use crate::erased::{Surroundings, read};

/// A data source without its model.
#[async_trait]
pub(crate) trait DynDataSource: DynPart {
    async fn read(&self, config: Raw, around: Surroundings) -> Result<(Raw, Diagnostics), Diagnostics>;
}

erased_part! {
    /// A data source behind the trait without its model.
    ErasedDataSource of DataSource
}

/// Takes the model off a data source.
pub(crate) fn erase_data_source(source: impl DataSource) -> Arc<dyn DynDataSource> {
    Arc::new(ErasedDataSource(source))
}

#[async_trait]
impl<S: DataSource> DynDataSource for ErasedDataSource<S> {
    async fn read(&self, config: Raw, around: Surroundings) -> Result<(Raw, Diagnostics), Diagnostics> {
        let config = read(self.0.type_name(), &config)?;
        let (object, diagnostics) = self.0.read(config, &around.call()).await?;
        Ok((object.to_raw(), diagnostics))
    }
}

//! Ephemeral resources.

use std::sync::Arc;

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::ToRaw;
use tf_value::raw::Raw;

use crate::ephemeral::{EphemeralResource, Opened, Renewed};
use crate::erased::part::{DynPart, erased_part};
use crate::erased::{Surroundings, read};

/// An ephemeral resource without its model.
#[async_trait]
pub(crate) trait DynEphemeralResource: DynPart {
    async fn open(&self, config: Raw, around: Surroundings) -> Result<Opened<Raw>, Diagnostics>;
    async fn renew(&self, private: Vec<u8>) -> Result<Renewed, Diagnostics>;
    async fn close(&self, private: Vec<u8>) -> Result<(), Diagnostics>;
}

erased_part! {
    /// An ephemeral resource behind the trait without its model.
    ErasedEphemeralResource of EphemeralResource
}

/// Takes the model off an ephemeral resource.
pub(crate) fn erase_ephemeral(resource: impl EphemeralResource) -> Arc<dyn DynEphemeralResource> {
    Arc::new(ErasedEphemeralResource(resource))
}

#[async_trait]
impl<E: EphemeralResource> DynEphemeralResource for ErasedEphemeralResource<E> {
    async fn open(&self, config: Raw, around: Surroundings) -> Result<Opened<Raw>, Diagnostics> {
        let config = read(self.0.type_name(), &config)?;
        let Opened { object, private, renew_at } = self.0.open(config, &around.call()).await?;
        Ok(Opened { object: object.to_raw(), private, renew_at })
    }

    async fn renew(&self, private: Vec<u8>) -> Result<Renewed, Diagnostics> {
        self.0.renew(private).await
    }

    async fn close(&self, private: Vec<u8>) -> Result<(), Diagnostics> {
        self.0.close(private).await
    }
}

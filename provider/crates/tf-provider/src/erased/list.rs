//! List resources.

use std::sync::Arc;

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;

use crate::erased::part::{DynPart, erased_part};
use crate::erased::{Surroundings, read};
use crate::list::{Findings, ListResource, Query, Take};

/// A list resource without its models.
#[async_trait]
pub(crate) trait DynListResource: DynPart {
    async fn list(&self, query: Query<Raw>, take: &dyn Take, around: Surroundings) -> Diagnostics;
}

erased_part! {
    /// A list resource behind the trait without its models.
    ErasedListResource of ListResource
}

/// Takes the models off a list resource.
pub(crate) fn erase_list(list: impl ListResource) -> Arc<dyn DynListResource> {
    Arc::new(ErasedListResource(list))
}

#[async_trait]
impl<L: ListResource> DynListResource for ErasedListResource<L> {
    async fn list(&self, query: Query<Raw>, take: &dyn Take, around: Surroundings) -> Diagnostics {
        let Query { config, wants_objects, limit } = query;
        match read(self.0.type_name(), &config) {
            Ok(config) => {
                let query = Query { config, wants_objects, limit };
                self.0.list(query, &Findings::new(take), &around.call()).await
            }
            Err(diagnostics) => diagnostics,
        }
    }
}

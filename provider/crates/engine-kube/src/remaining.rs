//! Which objects of a list are still on a cluster, whatever their kinds.

use std::collections::{BTreeSet, HashMap};

use domain::object_id::ObjectId;
use engines::error::EngineError;
use engines::limits::Limits;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::Request;
use serde::Deserialize;

use crate::call::found;
use crate::cluster::KubeCluster;
use crate::collection::{Collection, Extent};
use crate::metadata::{AnyObject, Metadata};

/// How many objects are asked after at a time; an API server serves this many at once without queueing.
const AT_ONCE: usize = 16;

/// What a cluster serves in one group and version: kind to plural.
pub(crate) type Served = HashMap<String, Kind>;

/// One kind as served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    plural: String,
    is_namespaced: bool,
}

#[derive(Deserialize)]
struct ResourceList {
    resources: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    kind: String,
    namespaced: bool,
}

impl KubeCluster {
    /// Those of `objects` that are there, not being deleted, and not meant to stay, in their order. A kind that is not
    /// served has no objects.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn remaining_objects(
        &self,
        objects: &[ObjectId],
        limits: &Limits,
    ) -> Result<Vec<ObjectId>, EngineError> {
        let versions: BTreeSet<String> = objects.iter().map(api_version).collect();
        let served: HashMap<String, Served> = stream::iter(versions)
            .map(|version| async move {
                let served = self.served(&version, limits).await?;
                Ok::<_, EngineError>((version, served))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let asked: Vec<Option<ObjectId>> = stream::iter(objects.to_vec())
            .map(|object| {
                let kind =
                    served.get(&api_version(&object)).and_then(|kinds| kinds.get(&object.kind)).cloned();
                async move {
                    let Some(kind) = kind else { return Ok::<_, EngineError>(None) };
                    Ok(self.is_there(&object, &kind, limits).await?.then_some(object))
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(asked.into_iter().flatten().collect())
    }

    async fn is_there(&self, object: &ObjectId, kind: &Kind, limits: &Limits) -> Result<bool, EngineError> {
        let namespace = if kind.is_namespaced { object.namespace.as_deref() } else { None };
        let collection = Collection::new(&api_version(object), &object.kind, &kind.plural, namespace);
        let found = self.find::<AnyObject>(&collection, &object.name, Extent::Metadata, limits).await?;
        Ok(found.is_some_and(|found| !found.metadata.is_deleting() && !is_kept(&found.metadata)))
    }

    /// What is served in a group and version; nothing where it is unknown. Asked anew each time: a kind that came
    /// meanwhile and is not known of would read as "its objects are gone".
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn served(&self, api_version: &str, limits: &Limits) -> Result<Served, EngineError> {
        let root = if api_version.contains('/') { "apis" } else { "api" };
        let request = Request::get(format!("/{root}/{api_version}")).body(Vec::new());
        let list =
            self.caller.read::<ResourceList>("reading the kinds of", api_version, request, limits).await;
        let resources = found(list)?.and_then(|list| list.resources).unwrap_or_default();
        Ok(resources
            .into_iter()
            // `pods/log` and the like are parts of an object.
            .filter(|resource| !resource.name.contains('/'))
            .map(|one| (one.kind, Kind { plural: one.name, is_namespaced: one.namespaced }))
            .collect())
    }
}

/// Whether the object says of itself that it stays when what applied it goes: to Helm or to Flux.
fn is_kept(metadata: &Metadata) -> bool {
    metadata.annotation("helm.sh/resource-policy") == Some("keep")
        || metadata.annotation("kustomize.toolkit.fluxcd.io/prune") == Some("disabled")
}

fn api_version(object: &ObjectId) -> String {
    if object.group.is_empty() {
        object.version.clone()
    } else {
        format!("{}/{}", object.group, object.version)
    }
}

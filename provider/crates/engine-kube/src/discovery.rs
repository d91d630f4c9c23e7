//! Which kinds of object an API server serves, and where.

use std::collections::{BTreeMap, BTreeSet};

use engines::error::EngineError;
use engines::limits::Limits;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::Request;
use serde::Deserialize;

use crate::call::found;
use crate::cluster::KubeCluster;
use crate::collection::Collection;
use crate::documents::Document;

/// How many lists are asked for at a time.
const AT_ONCE: usize = 8;

#[derive(Debug, Deserialize)]
struct Resources {
    resources: Option<Vec<Resource>>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    /// The plural; with a slash it is a part of another one.
    name: String,
    kind: String,
    namespaced: bool,
}

/// The kinds of some API versions.
#[derive(Debug, Default)]
pub(crate) struct Served(BTreeMap<String, Vec<Resource>>);

impl Served {
    /// Where a document's object is served; none if its kind is not. An object of a namespace that names none is in
    /// `default`.
    pub(crate) fn collection(&self, document: &Document) -> Option<Collection> {
        let served = self.0.get(&document.api_version)?;
        let resource = served.iter().find(|one| one.kind == document.kind && !one.name.contains('/'))?;
        let namespace = document.namespace.as_deref().unwrap_or("default");
        let namespace = resource.namespaced.then_some(namespace);
        Some(Collection::new(&document.api_version, &document.kind, &resource.name, namespace))
    }
}

impl KubeCluster {
    /// Asks for the kinds of every API version that `documents` name. One that is not served has none.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn kinds_of(
        &self,
        documents: &[Document],
        limits: &Limits,
    ) -> Result<Served, EngineError> {
        let versions: BTreeSet<&str> = documents.iter().map(|one| one.api_version.as_str()).collect();
        let versions: Vec<String> = versions.into_iter().map(str::to_owned).collect();
        let served = stream::iter(versions)
            .map(|version| async move {
                let root = if version.contains('/') { "apis" } else { "api" };
                let request = Request::get(format!("/{root}/{version}")).body(Vec::new());
                let asked =
                    self.caller.read::<Resources>("asking for the kinds of", &version, request, limits).await;
                let resources = found(asked)?.and_then(|it| it.resources).unwrap_or_default();
                Ok::<_, EngineError>((version, resources))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(Served(served))
    }
}

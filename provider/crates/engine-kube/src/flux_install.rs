//! Installing Flux where it is missing, and removing what was installed.

use domain::fleet::FluxSpec;
use domain::mark::Incarnation;
use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use engines::wait::{Pace, Seen, until};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;

use crate::apply::Manager;
use crate::cluster::KubeCluster;
use crate::collection::{Collection, Extent};
use crate::errors::said;
use crate::flux_manifests::{KINDS, Manifest, prepare};
use crate::labels::{FLUX_INSTALLED_BY, selector};
use crate::metadata::{AnyObject, Metadata};
use crate::oci;

const DOING: &str = "installing Flux from";

/// How many objects are applied or deleted at a time.
const AT_ONCE: usize = 8;

/// A `CustomResourceDefinition`, as far as we look at it.
#[derive(Debug, Deserialize)]
struct Definition {
    #[serde(default)]
    metadata: Metadata,
    spec: DefinitionSpec,
    #[serde(default)]
    status: DefinitionStatus,
}

#[derive(Debug, Deserialize)]
struct DefinitionSpec {
    group: String,
    names: Names,
    versions: Vec<Version>,
}

#[derive(Debug, Deserialize)]
struct Names {
    kind: String,
    plural: String,
}

#[derive(Debug, Deserialize)]
struct Version {
    name: String,
    served: bool,
}

#[derive(Debug, Default, Deserialize)]
struct DefinitionStatus {
    conditions: Option<Vec<Condition>>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

/// All definitions of custom resources.
pub(crate) fn custom_resources() -> Collection {
    let (api_version, kind, plural) = KINDS[0];
    Collection::new(api_version, kind, plural, None)
}

impl KubeCluster {
    /// Fetches, checks and applies Flux's manifests: definitions first, waited for until they are served, then
    /// namespaces, then the rest.
    ///
    /// What exists and was not made by an installation of ours is never taken over: a namespace is used as it is,
    /// anything else refuses the installation.
    ///
    /// # Errors
    ///
    /// - [`Kind::Rejected`] if the artifact is not what it should be.
    /// - [`Kind::AlreadyExists`] if a part of Flux is there and is not ours.
    pub(crate) async fn install(
        &self,
        spec: &FluxSpec,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let layer = oci::fetch(spec, limits).await?;
        let manifests = prepare(&layer, spec, incarnation)
            .map_err(|text| said(DOING, spec.source.as_str(), Kind::Rejected, text))?;
        let manifests = self.without_strangers(manifests, limits).await?;
        let is = |kind: &str, one: &Manifest| one.collection.kind == kind;
        let (definitions, others): (Vec<_>, Vec<_>) =
            manifests.into_iter().partition(|one| is("CustomResourceDefinition", one));
        let (namespaces, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|one| is("Namespace", one));
        let names: Vec<String> = definitions.iter().map(|one| one.name.clone()).collect();
        self.apply_all(definitions, limits).await?;
        for name in names {
            self.wait_established(&name, limits).await?;
        }
        self.apply_all(namespaces, limits).await?;
        self.apply_all(others, limits).await
    }

    /// The manifests that may be applied.
    async fn without_strangers(
        &self,
        manifests: Vec<Manifest>,
        limits: &Limits,
    ) -> Result<Vec<Manifest>, EngineError> {
        let judged: Vec<Option<Manifest>> = stream::iter(manifests)
            .map(|one| async move {
                let found =
                    self.find::<AnyObject>(&one.collection, &one.name, Extent::Metadata, limits).await?;
                match found {
                    Some(found) if found.metadata.annotation(FLUX_INSTALLED_BY).is_none() => {
                        if one.collection.kind == "Namespace" {
                            return Ok(None);
                        }
                        let target = one.collection.object(&one.name);
                        let text = "it exists, and no installation of ours made it";
                        Err(said("installing Flux, making", target, Kind::AlreadyExists, text))
                    }
                    _ => Ok(Some(one)),
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(judged.into_iter().flatten().collect())
    }

    async fn apply_all(&self, manifests: Vec<Manifest>, limits: &Limits) -> Result<(), EngineError> {
        stream::iter(manifests)
            .map(|one| async move {
                let (collection, name, body) = (&one.collection, &one.name, &one.body);
                self.apply::<AnyObject>(collection, name, body, Manager::Provider, Conflicts::Force, limits)
                    .await
                    .map(drop)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn wait_established(&self, name: &str, limits: &Limits) -> Result<(), EngineError> {
        let collection = custom_resources();
        let target = collection.object(name);
        until("waiting for the API of", &target, Pace::CONTROLLER, limits, || async {
            let found = self.find::<Definition>(&collection, name, Extent::Whole, limits).await?;
            let is_established = found.is_some_and(|found| {
                let mut conditions = found.status.conditions.iter().flatten();
                conditions.any(|condition| condition.kind == "Established" && condition.status == "True")
            });
            Ok(if is_established {
                Seen::Ready(())
            } else {
                Seen::Pending("it is not established".to_owned())
            })
        })
        .await
    }

    /// Removes what was installed for `incarnation`, last made first.
    ///
    /// If any custom object of an installed kind is left, somebody uses this Flux: another fleet, or a person.
    /// Then all of it stays, and that is success.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn remove_installed(
        &self,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let selector = selector(&[(FLUX_INSTALLED_BY, incarnation.as_str())]);
        let definitions: Vec<Definition> =
            self.list(&custom_resources(), &selector, Extent::Whole, limits).await?;
        for definition in &definitions {
            if self.has_objects(definition, limits).await? {
                tracing::info!(definition = definition.metadata.name, "Flux is in use and stays");
                return Ok(());
            }
        }
        for (api_version, kind, plural) in KINDS.iter().rev() {
            let all = Collection::new(api_version, kind, plural, None);
            let found: Vec<AnyObject> = self.list(&all, &selector, Extent::Metadata, limits).await?;
            let all = &all;
            stream::iter(found)
                .map(|one| async move {
                    let collection = Collection { namespace: one.metadata.namespace.clone(), ..all.clone() };
                    self.delete_and_wait(&collection, &one.metadata.name, &one.metadata.uid, limits).await
                })
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
        }
        Ok(())
    }

    async fn has_objects(&self, definition: &Definition, limits: &Limits) -> Result<bool, EngineError> {
        let spec = &definition.spec;
        let Some(version) = spec.versions.iter().find(|version| version.served) else { return Ok(false) };
        let api_version = format!("{}/{}", spec.group, version.name);
        let collection = Collection::new(&api_version, &spec.names.kind, &spec.names.plural, None);
        let found: Vec<AnyObject> = self.list(&collection, "", Extent::Metadata, limits).await?;
        Ok(!found.is_empty())
    }
}

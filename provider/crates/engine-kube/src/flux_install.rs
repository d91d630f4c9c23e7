//! Installing Flux where it is missing, and removing what was installed.

use domain::fleet::FluxSpec;
use domain::mark::Phase;
use domain::name::Name;
use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::json;

use crate::apply::Manager;
use crate::cluster::KubeCluster;
use crate::collection::{Collection, Extent};
use crate::definition::{self, Definition};
use crate::errors::said;
use crate::flux_manifests::{KINDS, Manifest, prepare};
use crate::labels::{FLUX_INSTALLED_BY, FLUX_PHASE, selector};
use crate::metadata::AnyObject;
use crate::oci;

const DOING: &str = "installing Flux from";

/// The definition that says who installed Flux, and whether the installation was finished. What finds an
/// installation again is made before all else of it, and removed after it.
pub(crate) const DEFINITION: &str = "kustomizations.kustomize.toolkit.fluxcd.io";

/// How many objects are applied or deleted at a time.
const AT_ONCE: usize = 8;

impl KubeCluster {
    /// Fetches, checks and applies Flux's manifests: definitions first, waited for until they are served, then
    /// namespaces, then the rest. [`DEFINITION`] is the first of all and says until the end that it is unfinished.
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
        fleet: &Name,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let layer = oci::fetch(spec, limits).await?;
        // Two fleets of one host may find no Flux at the same time. The later one helps the earlier one: objects that
        // bear two names would be removed in halves.
        let found =
            self.find::<AnyObject>(&definition::collection(), DEFINITION, Extent::Metadata, limits).await?;
        let earlier = found.and_then(|found| Name::parse(found.metadata.annotation(FLUX_INSTALLED_BY)?).ok());
        let manifests = prepare(&layer, spec, earlier.as_ref().unwrap_or(fleet))
            .map_err(|text| said(DOING, spec.source.as_str(), Kind::Rejected, text))?;
        self.put_manifests(manifests, limits).await
    }

    async fn put_manifests(&self, manifests: Vec<Manifest>, limits: &Limits) -> Result<(), EngineError> {
        let manifests = self.without_strangers(manifests, limits).await?;
        let is = |kind: &str, one: &Manifest| one.collection.kind == kind;
        let (definitions, others): (Vec<_>, Vec<_>) =
            manifests.into_iter().partition(|one| is("CustomResourceDefinition", one));
        let (namespaces, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|one| is("Namespace", one));
        let names: Vec<String> = definitions.iter().map(|one| one.name.clone()).collect();
        let (first, definitions): (Vec<_>, Vec<_>) =
            definitions.into_iter().partition(|one| one.name == DEFINITION);
        self.apply_all(in_phase(&first, Phase::Creating), limits).await?;
        self.apply_all(definitions, limits).await?;
        for name in names {
            self.wait_established(&name, limits).await?;
        }
        self.apply_all(namespaces, limits).await?;
        self.apply_all(others, limits).await?;
        self.apply_all(in_phase(&first, Phase::Ready), limits).await
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

    /// Removes what was installed for `fleet`, last made first.
    ///
    /// If any custom object of an installed kind is left, somebody uses this Flux: another fleet, or a person.
    /// Then all of it stays, and that is success.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn remove_installed(&self, fleet: &Name, limits: &Limits) -> Result<(), EngineError> {
        let selector = selector(&[(FLUX_INSTALLED_BY, fleet.as_str())]);
        let definitions: Vec<Definition> =
            self.list(&definition::collection(), &selector, Extent::Whole, limits).await?;
        for definition in &definitions {
            if self.has_objects(definition, limits).await? {
                tracing::info!(definition = definition.metadata.name, "Flux is in use and stays");
                return Ok(());
            }
        }
        for (api_version, kind, plural) in KINDS.iter().rev() {
            let all = Collection::new(api_version, kind, plural, None);
            let found: Vec<AnyObject> = self.list(&all, &selector, Extent::Metadata, limits).await?;
            let (last, found): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|one| one.metadata.name == DEFINITION);
            self.delete_all(&all, found, limits).await?;
            self.delete_all(&all, last, limits).await?;
        }
        Ok(())
    }

    async fn delete_all(
        &self,
        all: &Collection,
        found: Vec<AnyObject>,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        stream::iter(found)
            .map(|one| async move {
                let collection = Collection { namespace: one.metadata.namespace.clone(), ..all.clone() };
                self.delete_and_wait(&collection, &one.metadata.name, &one.metadata.uid, limits).await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
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

/// The definition with how far the installation has come.
fn in_phase(manifests: &[Manifest], phase: Phase) -> Vec<Manifest> {
    let mut manifests = manifests.to_vec();
    for one in &mut manifests {
        one.body["metadata"]["annotations"][FLUX_PHASE] = json!(phase.as_str());
    }
    manifests
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, cluster, limits, refuses};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn manifest(place: usize, name: &str) -> Manifest {
        let (api_version, kind, plural) = KINDS[place];
        let metadata = json!({ "name": name, "annotations": { FLUX_INSTALLED_BY: "demo" } });
        Manifest {
            collection: Collection::new(api_version, kind, plural, None),
            name: name.to_owned(),
            body: json!({ "metadata": metadata }),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_finds_an_installation_is_made_first_and_says_until_the_end_that_it_is_unfinished() {
        let put = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&put);
        let (hub, _) = cluster(PATIENCE, move |line, body| {
            let (method, path) = line.split_once(' ').unwrap();
            if method == "PATCH" {
                let name = path.split('?').next().unwrap().rsplit('/').next().unwrap();
                let phase = body["metadata"]["annotations"][FLUX_PHASE].as_str().unwrap_or_default();
                seen.lock().unwrap().push(format!("{name} {phase}"));
                return Answer::Says(200, json!({ "metadata": { "name": name } }));
            }
            if seen.lock().unwrap().is_empty() {
                return refuses(404, "NotFound");
            }
            let names = json!({ "kind": "Kustomization", "plural": "kustomizations" });
            let spec = json!({ "group": "kustomize.toolkit.fluxcd.io", "names": names, "versions": [] });
            let established = json!({ "conditions": [{ "type": "Established", "status": "True" }] });
            Answer::Says(200, json!({ "metadata": {}, "spec": spec, "status": established }))
        });
        let manifests = vec![
            manifest(0, "gitrepositories.source.toolkit.fluxcd.io"),
            manifest(0, DEFINITION),
            manifest(1, "flux-system"),
            manifest(5, "crd-controller"),
        ];
        hub.put_manifests(manifests, &limits()).await.unwrap();
        assert_eq!(
            *put.lock().unwrap(),
            [
                format!("{DEFINITION} creating"),
                "gitrepositories.source.toolkit.fluxcd.io ".to_owned(),
                "flux-system ".to_owned(),
                "crd-controller ".to_owned(),
                format!("{DEFINITION} ready"),
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_finds_an_installation_is_removed_last() {
        const OTHER: &str = "alerts.notification.toolkit.fluxcd.io";
        let gone = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&gone);
        let (hub, _) = cluster(PATIENCE, move |line, _| {
            let (method, path) = line.split_once(' ').unwrap();
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let name = path.rsplit('/').next().unwrap().to_owned();
            let mut seen = seen.lock().unwrap();
            if method == "DELETE" {
                seen.push(name);
                return Answer::Says(200, json!({}));
            }
            if query.is_empty() || !path.ends_with("customresourcedefinitions") {
                return if path.ends_with(".fluxcd.io") {
                    refuses(404, "NotFound")
                } else {
                    Answer::Says(200, json!({ "items": [] }))
                };
            }
            assert!(query.contains("demo"), "{query}");
            let definition = |name: &str| {
                let names = json!({ "kind": "Any", "plural": "any" });
                let metadata = json!({ "name": name, "uid": name });
                json!({ "metadata": metadata, "spec": { "group": "g", "names": names, "versions": [] } })
            };
            Answer::Says(200, json!({ "items": [definition(DEFINITION), definition(OTHER)] }))
        });
        hub.remove_installed(&Name::parse("demo").unwrap(), &limits()).await.unwrap();
        assert_eq!(*gone.lock().unwrap(), [OTHER, DEFINITION]);
    }
}

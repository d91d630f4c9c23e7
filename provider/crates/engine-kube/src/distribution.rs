//! A host as the distributor of applications.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::application::{ApplicationFacts, GitSourceSpec, Placement, PlacementFacts};
use domain::fleet::FleetNames;
use domain::mark::{Incarnation, Mark};
use domain::name::Name;
use engines::distribution::{Distribution, Freshness, Removal};
use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use serde_json::Value;

use crate::apply::Manager;
use crate::cluster::KubeCluster;
use crate::collection::{Collection, Extent};
use crate::delete::held_by;
use crate::errors::said;
use crate::git_repository::{self, GitRepository};
use crate::kustomization::{self, Kustomization};
use crate::labels::{APPLICATION, FLEET, selector};
use crate::mark;
use crate::metadata::Metadata;
use crate::progress::{is_judged, last_word};
use crate::shared_reads::FluxObjects;

#[async_trait]
impl Distribution for KubeCluster {
    async fn observe_application(
        &self,
        fleet: &Name,
        application: &Name,
        freshness: Freshness,
        limits: &Limits,
    ) -> Result<Arc<ApplicationFacts>, EngineError> {
        let namespace = FleetNames::of(fleet).namespace;
        let facts = match freshness {
            Freshness::Shared => pick(&*self.shared_flux_objects(limits).await?, &namespace, application),
            Freshness::Now => {
                let selector = selector(&[(FLEET, fleet.as_str()), (APPLICATION, application.as_str())]);
                let objects = self.list_flux_objects(Some(&namespace), &selector, limits).await?;
                pick(&objects, &namespace, application)
            }
        };
        Ok(Arc::new(facts))
    }

    async fn observe_placements(
        &self,
        fleet: &Name,
        limits: &Limits,
    ) -> Result<BTreeMap<String, PlacementFacts>, EngineError> {
        let namespace = FleetNames::of(fleet).namespace;
        let collection = kustomization::collection(Some(&namespace));
        let selector = selector(&[(FLEET, fleet.as_str())]);
        let found: Vec<Kustomization> = self.list(&collection, &selector, Extent::Whole, limits).await?;
        Ok(by_name(found.iter()))
    }

    async fn put_source(
        &self,
        fleet: &Name,
        application: &Name,
        source: &GitSourceSpec,
        mark: &Mark,
        note: &str,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let namespace = FleetNames::of(fleet).namespace;
        let collection = git_repository::collection(Some(&namespace));
        let body = git_repository::body(&namespace, fleet, application, source, mark, note);
        let name = application.as_str();
        let applied: GitRepository =
            self.apply(&collection, name, &body, Manager::Provider, conflicts, limits).await?;
        let judged = is_judged(&applied.metadata, &applied.status.judgement());
        self.ask_unless_due(&collection, &applied.metadata, judged, limits).await
    }

    async fn put_placement(
        &self,
        fleet: &Name,
        application: &Name,
        name: &str,
        placement: &Placement,
        incarnation: &Incarnation,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let namespace = FleetNames::of(fleet).namespace;
        let collection = kustomization::collection(Some(&namespace));
        self.make_way(&collection, fleet, name, placement, limits).await?;
        let body = kustomization::body(&namespace, fleet, application, name, placement, incarnation);
        let applied: Kustomization =
            self.apply(&collection, name, &body, Manager::Provider, conflicts, limits).await?;
        let judged = is_judged(&applied.metadata, &applied.status.judgement());
        self.ask_unless_due(&collection, &applied.metadata, judged, limits).await
    }

    async fn remove_placement(
        &self,
        fleet: &Name,
        name: &str,
        removal: Removal,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let namespace = FleetNames::of(fleet).namespace;
        let collection = kustomization::collection(Some(&namespace));
        let Some(found) = self.find::<Kustomization>(&collection, name, Extent::Whole, limits).await? else {
            return Ok(());
        };
        // What a fleet did not make is not its to remove.
        if found.metadata.label(FLEET) != Some(fleet.as_str()) {
            return Ok(());
        }
        let change = match removal {
            Removal::Release => Some(kustomization::release()),
            Removal::Prune if found.is_suspended() => Some(kustomization::resume()),
            Removal::Prune => None,
        };
        if let Some(change) = change {
            match self.merge::<Value>(&collection, name, &change, limits).await {
                Err(error) if error.kind == Kind::NotFound => return Ok(()),
                other => other.map(drop)?,
            }
        }
        let uid = &found.metadata.uid;
        self.delete_one(&collection, name, uid, limits).await?;
        self.wait_gone(&collection, name, uid, Extent::Whole, limits, |object: &Kustomization| {
            let words = format!("{}; {}", held_by(&object.metadata), last_word(&object.status.judgement()));
            (object.metadata.clone(), words)
        })
        .await
    }

    async fn remove_source(
        &self,
        fleet: &Name,
        application: &Name,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let namespace = FleetNames::of(fleet).namespace;
        let collection = git_repository::collection(Some(&namespace));
        let name = application.as_str();
        let found = self.find::<GitRepository>(&collection, name, Extent::Whole, limits).await?;
        match found {
            Some(found) if mark::incarnation(&found.metadata.annotations).as_ref() == Some(incarnation) => {
                self.delete_and_wait(&collection, name, &found.metadata.uid, limits).await
            }
            _ => Ok(()),
        }
    }
}

impl KubeCluster {
    /// Asks Flux to look, unless it is about to: an object whose present shape is not judged yet is due anyhow.
    async fn ask_unless_due(
        &self,
        collection: &Collection,
        metadata: &Metadata,
        is_judged: bool,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        if !is_judged {
            return Ok(());
        }
        self.ask_flux_to_look(collection, &metadata.name, &metadata.resource_version, limits).await
    }

    /// Sees to it that a Kustomization of this name may be applied: none is there, or one of this fleet for the same
    /// member. One that is being deleted is waited for, or it would take what is applied now along.
    async fn make_way(
        &self,
        collection: &Collection,
        fleet: &Name,
        name: &str,
        placement: &Placement,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let Some(found) = self.find::<Kustomization>(collection, name, Extent::Whole, limits).await? else {
            return Ok(());
        };
        let target = collection.object(name);
        if found.metadata.label(FLEET) != Some(fleet.as_str()) {
            let text = format!("it does not bear the label {FLEET}={fleet}, so somebody else made it");
            return Err(said("applying", target, Kind::AlreadyExists, text));
        }
        if found.metadata.is_deleting() {
            let uid = &found.metadata.uid;
            return self
                .wait_gone(collection, name, uid, Extent::Whole, limits, |object: &Kustomization| {
                    (object.metadata.clone(), held_by(&object.metadata))
                })
                .await;
        }
        let secret = FleetNames::secret(&placement.member);
        match found.secret_name() {
            Some(other) if other != secret => {
                let text = format!(
                    "it applies to another cluster, with the kubeconfig in Secret {other}; Flux would not clean that one up"
                );
                Err(said("applying", target, Kind::AlreadyExists, text))
            }
            _ => Ok(()),
        }
    }
}

/// One application's part of the lists.
fn pick(objects: &FluxObjects, namespace: &str, application: &Name) -> ApplicationFacts {
    let is_its = |metadata: &Metadata| {
        metadata.namespace.as_deref() == Some(namespace)
            && metadata.label(APPLICATION) == Some(application.as_str())
    };
    let source = objects
        .sources
        .iter()
        .find(|source| is_its(&source.metadata) && source.metadata.name == application.as_str());
    ApplicationFacts {
        source: source.map(GitRepository::to_facts),
        placements: by_name(objects.kustomizations.iter().filter(|one| is_its(&one.metadata))),
    }
}

fn by_name<'a>(found: impl Iterator<Item = &'a Kustomization>) -> BTreeMap<String, PlacementFacts> {
    found.filter_map(|one| Some((one.metadata.name.clone(), one.to_facts()?))).collect()
}

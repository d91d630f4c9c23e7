//! A host as the distributor of applications.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::application::{ApplicationFacts, GitSourceSpec, Placement, PlacementFacts};
use domain::fleet::FleetNames;
use domain::mark::{Incarnation, Mark};
use domain::name::Name;
use engines::distribution::{Distribution, Freshness, Look, Removal};
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
        look: Look,
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
        self.ask_unless_due(&collection, &applied.metadata, judged && look == Look::AtOnce, limits).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, Asked, cluster, limits, refuses};
    use serde_json::json;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn lists(asked: &Asked) -> usize {
        asked.lock().unwrap().iter().filter(|line| line.contains("labelSelector=")).count()
    }

    fn held(spec: &Value, deleting: bool) -> Value {
        let mut object = json!({
            "metadata": { "name": "web-base-edge", "namespace": "kurator-demo", "uid": "u-1", "labels": { FLEET: "demo" } },
            "spec": spec,
        });
        if deleting {
            object["metadata"]["deletionTimestamp"] = json!("2026-11-21T08:00:00Z");
            object["metadata"]["finalizers"] = json!(["finalizers.fluxcd.io"]);
        }
        object
    }

    #[tokio::test(start_paused = true)]
    async fn shared_reads_ask_once_until_a_write_of_ours() {
        let (hub, asked) = cluster(PATIENCE, |line, _| match line.split(' ').next() {
            Some("GET") => Answer::Says(200, json!({ "items": [] })),
            _ => Answer::Says(200, json!({ "metadata": { "name": "web" } })),
        });
        let (fleet, web) = (name("demo"), name("web"));
        let far = limits();
        let many = (0..50).map(|_| hub.observe_application(&fleet, &web, Freshness::Shared, &far));
        futures::future::try_join_all(many).await.unwrap();
        assert_eq!(lists(&asked), 2, "one list of sources and one of Kustomizations");
        hub.merge::<Value>(&kustomization::collection(Some("a")), "web", &json!({}), &far).await.unwrap();
        hub.observe_application(&fleet, &web, Freshness::Shared, &far).await.unwrap();
        hub.observe_application(&fleet, &web, Freshness::Now, &far).await.unwrap();
        assert_eq!(lists(&asked), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn without_flux_there_are_no_applications() {
        let (hub, _) = cluster(PATIENCE, |_, _| refuses(404, "NotFound"));
        let found = hub.observe_application(&name("demo"), &name("web"), Freshness::Now, &limits()).await;
        assert_eq!(*found.unwrap(), ApplicationFacts::default());
    }

    #[tokio::test(start_paused = true)]
    async fn setting_a_mark_in_its_time_is_one_call() {
        for (look, calls) in [(Look::AtOnce, 2), (Look::InItsTime, 1)] {
            let (hub, asked) = cluster(PATIENCE, |_, _| {
                let ready = json!({ "type": "Ready", "status": "True", "observedGeneration": 1 });
                let metadata = json!({ "name": "web", "generation": 1, "resourceVersion": "7" });
                Answer::Says(200, json!({ "metadata": metadata, "status": { "conditions": [ready] } }))
            });
            let source = GitSourceSpec {
                url: "https://git.example/apps.git".into(),
                revision: domain::application::GitRevision::Branch("main".into()),
                interval: Duration::from_mins(1),
                timeout: None,
                secret_name: None,
            };
            let mark = Mark {
                kind: "kurator_application".into(),
                name: "web".into(),
                owner: "default".into(),
                incarnation: Incarnation::new("i-1"),
                phase: domain::mark::Phase::Ready,
            };
            let (demo, web, limits) = (name("demo"), name("web"), limits());
            hub.put_source(&demo, &web, &source, &mark, "{}", look, Conflicts::Refuse, &limits)
                .await
                .unwrap();
            assert_eq!(asked.lock().unwrap().len(), calls, "{look:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_suspended_placement_is_resumed_before_it_is_pruned() {
        let (hub, asked) = cluster(PATIENCE, |line, body| {
            if line.starts_with("PATCH") {
                assert_eq!(body, json!({ "spec": { "suspend": false } }));
            }
            match line.split(' ').next() {
                Some("GET") => Answer::Says(200, held(&json!({ "suspend": true }), false)),
                Some("DELETE") => {
                    assert_eq!(body["preconditions"], json!({ "uid": "u-1" }));
                    refuses(409, "Conflict")
                }
                _ => Answer::Says(200, json!({})),
            }
        });
        let soon = limits().at_most(Duration::from_secs(2));
        // The name is another object's by now: ours is gone, but this double still shows it.
        let removed = hub.remove_placement(&name("demo"), "web-base-edge", Removal::Prune, &soon).await;
        assert_eq!(removed.unwrap_err().kind, Kind::TimedOut);
        let methods: Vec<String> = asked
            .lock()
            .unwrap()
            .iter()
            .take(3)
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(methods, ["GET", "PATCH", "DELETE"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_removal_that_hangs_ends_with_fluxs_last_word() {
        let (hub, _) = cluster(PATIENCE, |line, _| {
            let mut object = held(&json!({}), true);
            object["status"] = json!({ "conditions": [{ "type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "message": "Applied revision: main@sha1:abc" }] });
            if line.starts_with("GET") { Answer::Says(200, object) } else { Answer::Says(200, json!({})) }
        });
        let soon = limits().at_most(Duration::from_secs(2));
        let removed = hub.remove_placement(&name("demo"), "web-base-edge", Removal::Prune, &soon).await;
        assert_eq!(
            removed.unwrap_err().chain(),
            "waiting for the end of Kustomization kurator-demo/web-base-edge: it waits for finalizers.fluxcd.io; \
             Flux said last: ReconciliationSucceeded: Applied revision: main@sha1:abc"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_that_applies_to_another_cluster_is_not_turned_to_this_one() {
        let other = json!({ "kubeConfig": { "secretRef": { "name": "member-far" } } });
        let (hub, asked) = cluster(PATIENCE, move |_, _| Answer::Says(200, held(&other, false)));
        let placement = Placement {
            policy: name("base"),
            member: name("edge"),
            kustomization: domain::application::KustomizationSpec {
                path: "./".into(),
                prune: true,
                interval: Duration::from_mins(5),
                retry_interval: None,
                timeout: None,
                target_namespace: None,
                force: false,
            },
        };
        let (fleet, web, making) = (name("demo"), name("web"), Incarnation::new("i-1"));
        let put = hub
            .put_placement(&fleet, &web, "web-base-edge", &placement, &making, Conflicts::Force, &limits())
            .await;
        assert_eq!(put.unwrap_err().kind, Kind::AlreadyExists);
        assert_eq!(asked.lock().unwrap().len(), 1, "nothing was written");
    }
}

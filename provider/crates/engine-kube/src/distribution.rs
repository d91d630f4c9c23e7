//! A host as the distributor of applications.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::application::{ApplicationFacts, Carrier, Content, PlacementFacts, PlacementId};
use domain::fleet::FleetNames;
use domain::mark::Incarnation;
use domain::name::Name;
use engines::distribution::{Distribution, Freshness, Look, PutPlacement, PutSource, Removal, Whose};
use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;

use crate::applications::Applications;
use crate::apply::Manager;
use crate::cluster::KubeCluster;
use crate::collection::{Collection, Extent};
use crate::errors::{said, unreadable};
use crate::flux_object::FluxObject as _;
use crate::git_repository::{self, GitRepository};
use crate::helm_release::{self, HelmRelease};
use crate::kustomization::{self, Kustomization};
use crate::labels::{APPLICATION, FLEET, MEMBER, selector};
use crate::mark;
use crate::metadata::Metadata;
use crate::progress::is_judged;

#[async_trait]
impl Distribution for KubeCluster {
    async fn observe_application(
        &self,
        of: Whose<'_>,
        freshness: Freshness,
        limits: &Limits,
    ) -> Result<Arc<ApplicationFacts>, EngineError> {
        let namespace = FleetNames::of(of.fleet).namespace;
        match freshness {
            Freshness::Shared => Ok(self.shared_applications(limits).await?.find(&namespace, of.application)),
            Freshness::Now => {
                let selector =
                    selector(&[(FLEET, of.fleet.as_str()), (APPLICATION, of.application.as_str())]);
                let objects = self.list_flux_objects(Some(&namespace), &selector, limits).await?;
                Ok(Applications::of(&objects).find(&namespace, of.application))
            }
        }
    }

    async fn observe_placements(
        &self,
        fleet: &Name,
        member: &Name,
        limits: &Limits,
    ) -> Result<BTreeMap<PlacementId, PlacementFacts>, EngineError> {
        let namespace = FleetNames::of(fleet).namespace;
        let selector = selector(&[(FLEET, fleet.as_str()), (MEMBER, member.as_str())]);
        let objects = self.list_flux_objects(Some(&namespace), &selector, limits).await?;
        Ok(objects.placements().map(|(_, id, facts)| (id, facts)).collect())
    }

    async fn put_source(
        &self,
        of: Whose<'_>,
        wanted: PutSource<'_>,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let namespace = FleetNames::of(of.fleet).namespace;
        let collection = git_repository::collection(Some(&namespace));
        let body = git_repository::body(&namespace, of, wanted);
        let name = of.application.as_str();
        let applied: GitRepository =
            self.apply(&collection, name, &body, Manager::Provider, conflicts, limits).await?;
        let judged = is_judged(&applied.metadata, &applied.status.judgement());
        self.ask_unless_due(&collection, &applied.metadata, judged && wanted.look == Look::AtOnce, limits)
            .await
    }

    async fn put_placement(
        &self,
        of: Whose<'_>,
        wanted: PutPlacement<'_>,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let namespace = FleetNames::of(of.fleet).namespace;
        match &wanted.placement.content {
            Content::Kustomization(spec) => {
                let body = kustomization::body(&namespace, of, wanted, spec);
                self.put_carrier::<Kustomization>(of.fleet, wanted, &body, conflicts, limits).await
            }
            Content::Helm(spec) => {
                let body = helm_release::body(&namespace, of, wanted, spec).map_err(|error| {
                    let target = HelmRelease::collection(Some(&namespace)).object(wanted.name);
                    said("writing the values of", target, Kind::Rejected, unreadable(&error))
                })?;
                self.put_carrier::<HelmRelease>(of.fleet, wanted, &body, conflicts, limits).await
            }
        }
    }

    async fn remove_placement(
        &self,
        fleet: &Name,
        id: &PlacementId,
        removal: Removal,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        match id.carrier {
            Carrier::Kustomization => {
                self.remove_carrier::<Kustomization>(fleet, &id.name, removal, limits).await
            }
            Carrier::HelmRelease => {
                self.remove_carrier::<HelmRelease>(fleet, &id.name, removal, limits).await
            }
        }
    }

    async fn remove_source(
        &self,
        of: Whose<'_>,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let namespace = FleetNames::of(of.fleet).namespace;
        let collection = git_repository::collection(Some(&namespace));
        let name = of.application.as_str();
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
    pub(crate) async fn ask_unless_due(
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, Asked, cluster, limits, refuses};
    use domain::application::Placement;
    use serde_json::{Value, json};
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn lists(asked: &Asked) -> usize {
        asked.lock().unwrap().iter().filter(|line| line.contains("labelSelector=")).count()
    }

    fn id(carrier: Carrier) -> PlacementId {
        PlacementId { name: "web-base-edge".into(), carrier }
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
        let of = Whose { fleet: &fleet, application: &web };
        let many = (0..50).map(|_| hub.observe_application(of, Freshness::Shared, &far));
        futures::future::try_join_all(many).await.unwrap();
        assert_eq!(lists(&asked), 3, "one list of sources, Kustomizations and HelmReleases each");
        hub.merge::<Value>(&Kustomization::collection(Some("a")), "web", &json!({}), Manager::Request, &far)
            .await
            .unwrap();
        hub.observe_application(of, Freshness::Shared, &far).await.unwrap();
        hub.observe_application(of, Freshness::Now, &far).await.unwrap();
        assert_eq!(lists(&asked), 9);
    }

    #[tokio::test(start_paused = true)]
    async fn without_flux_there_are_no_applications() {
        let (hub, _) = cluster(PATIENCE, |_, _| refuses(404, "NotFound"));
        let (fleet, web) = (name("demo"), name("web"));
        let of = Whose { fleet: &fleet, application: &web };
        let found = hub.observe_application(of, Freshness::Now, &limits()).await;
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
            let source = domain::application::GitSourceSpec {
                url: "https://git.example/apps.git".into(),
                revision: domain::application::GitRevision::Branch("main".into()),
                interval: Duration::from_mins(1),
                timeout: None,
                secret_name: None,
            };
            let mark = domain::mark::Mark {
                kind: "kurator_application".into(),
                name: "web".into(),
                owner: "default".into(),
                incarnation: Incarnation::new("i-1"),
                phase: domain::mark::Phase::Ready,
            };
            let (demo, web, limits) = (name("demo"), name("web"), limits());
            let of = Whose { fleet: &demo, application: &web };
            let wanted = PutSource { source: &source, mark: &mark, note: "{}", look };
            hub.put_source(of, wanted, Conflicts::Refuse, &limits).await.unwrap();
            assert_eq!(asked.lock().unwrap().len(), calls, "{look:?}");
        }
    }

    async fn put_onto_edge(hub: &KubeCluster) -> Result<(), EngineError> {
        let placement = Placement {
            policy: name("base"),
            member: name("edge"),
            content: Content::Kustomization(domain::application::KustomizationSpec {
                path: "./".into(),
                prune: true,
                interval: Duration::from_mins(5),
                retry_interval: None,
                timeout: None,
                target_namespace: None,
                force: false,
            }),
        };
        let (fleet, web, making) = (name("demo"), name("web"), Incarnation::new("i-1"));
        let wanted = PutPlacement { name: "web-base-edge", placement: &placement, incarnation: &making };
        let of = Whose { fleet: &fleet, application: &web };
        hub.put_placement(of, wanted, Conflicts::Force, &limits()).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_suspended_placement_is_resumed_when_it_is_put() {
        for suspended in [true, false] {
            let (hub, asked) = cluster(PATIENCE, move |line, _| match line.split(' ').next() {
                Some("GET") => Answer::Says(200, held(&json!({ "suspend": suspended }), false)),
                _ => Answer::Says(200, json!({ "metadata": { "name": "web-base-edge" } })),
            });
            put_onto_edge(&hub).await.unwrap();
            let changes = asked.lock().unwrap().iter().filter(|line| !line.starts_with("GET")).count();
            assert_eq!(changes, if suspended { 2 } else { 1 }, "suspended: {suspended}");
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
        let removed =
            hub.remove_placement(&name("demo"), &id(Carrier::Kustomization), Removal::Prune, &soon).await;
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
    async fn a_released_chart_is_suspended_and_what_flux_packed_for_it_goes_too() {
        let gone = Arc::new(std::sync::Mutex::new(Vec::<String>::new()));
        let (hub, asked) = cluster(PATIENCE, move |line, body| {
            let mut gone = gone.lock().unwrap();
            let (method, path) = line.split_once(' ').unwrap();
            let path = path.split('?').next().unwrap().to_owned();
            match method {
                "GET" if gone.contains(&path) => refuses(404, "NotFound"),
                "GET" => Answer::Says(200, held(&json!({}), false)),
                "DELETE" => {
                    gone.push(path);
                    Answer::Says(200, json!({}))
                }
                _ => {
                    assert_eq!(body, json!({ "spec": { "suspend": true } }));
                    Answer::Says(200, json!({}))
                }
            }
        });
        hub.remove_placement(&name("demo"), &id(Carrier::HelmRelease), Removal::Release, &limits())
            .await
            .unwrap();
        let changes: Vec<String> = asked
            .lock()
            .unwrap()
            .iter()
            .filter(|line| !line.starts_with("GET"))
            .map(|line| line.split('?').next().unwrap().rsplit_once("/kurator-demo/").unwrap().1.to_owned())
            .collect();
        assert_eq!(
            changes,
            [
                "helmreleases/web-base-edge",
                "helmcharts/kurator-demo-web-base-edge",
                "helmreleases/web-base-edge",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_removal_that_hangs_ends_with_fluxs_last_word() {
        let (hub, _) = cluster(PATIENCE, |line, _| {
            let mut object = held(&json!({}), true);
            object["status"] = json!({ "conditions": [{ "type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "message": "Applied revision: main@sha1:abc" }] });
            if line.starts_with("GET") { Answer::Says(200, object) } else { Answer::Says(200, json!({})) }
        });
        let soon = limits().at_most(Duration::from_secs(2));
        let removed =
            hub.remove_placement(&name("demo"), &id(Carrier::Kustomization), Removal::Prune, &soon).await;
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
        assert_eq!(put_onto_edge(&hub).await.unwrap_err().kind, Kind::AlreadyExists);
        assert_eq!(asked.lock().unwrap().len(), 1, "nothing was written");
    }
}

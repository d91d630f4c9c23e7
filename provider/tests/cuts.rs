//! Every mutating call of every operation is broken once, before it is carried out and after: the next apply carries
//! on, nothing is removed that the unbroken run does not remove, and a destroy leaves nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::sync::Arc;

use engines::error::Kind;
use kurator::{Handle, KuratorProvider};
use serde_json::{Value as Json, json};
use testkit::fake_kube::{FakeClusters, Moment};
use testkit::protocol_client::ProtocolClient;
use testkit::protocol_client::in_words;
use testkit::protocol_client_instance::{Action, Applied, Instance};
use tf_value::raw::Raw;

const URL: &str = "https://git.example/apps.git";

/// Two clusters, a fleet over both, and an application.
struct World {
    clusters: FakeClusters,
    client: ProtocolClient,
    fleet: Instance,
    application: Instance,
}

fn raw(json: &Json) -> Raw {
    match json {
        Json::Null => Raw::Null,
        Json::Bool(value) => Raw::Bool(*value),
        Json::Number(number) => Raw::Number(tf_value::number::Number::parse(&number.to_string()).unwrap()),
        Json::String(text) => Raw::string(text.clone()),
        Json::Array(elements) => Raw::List(elements.iter().map(raw).collect()),
        Json::Object(entries) => {
            Raw::Map(entries.iter().map(|(key, value)| (key.clone(), raw(value))).collect())
        }
    }
}

impl World {
    async fn new() -> Self {
        let clusters = FakeClusters::default();
        clusters.add("env:HUB", "uid-hub");
        clusters.add("env:EDGE", "uid-edge");
        clusters.push(URL, "main@sha1:a");
        let handle = Handle::new(Arc::new(clusters.clone()));
        let client = ProtocolClient::start(KuratorProvider::over(handle)).await.unwrap();
        Self {
            clusters,
            client,
            fleet: Instance::new("kurator_fleet"),
            application: Instance::new("kurator_application"),
        }
    }

    fn fleet_config(&self, edge_is: &str, hub_is: &str) -> Raw {
        let config = json!({
            "name": "demo",
            "host": "env:HUB?uid=uid-hub",
            "clusters": {
                "hub": { "ref": "env:HUB?uid=uid-hub", "labels": { "env": hub_is } },
                "edge": { "ref": "env:EDGE?uid=uid-edge", "labels": { "env": edge_is } },
            },
        });
        self.client.resource("kurator_fleet").unwrap().object(raw(&config)).unwrap()
    }

    fn application_config(&self) -> Raw {
        let config = json!({
            "name": "web",
            "source": { "git_repository": { "url": URL } },
            "sync_policies": {
                "base": { "kustomization": { "path": "./base", "prune": true } },
                "far": {
                    "destination": { "cluster_selector": { "match_labels": { "env": "edge" } } },
                    "kustomization": { "path": "./edge", "prune": true },
                },
            },
        });
        let Raw::Map(mut config) = raw(&config) else { unreachable!("an object was written") };
        let target = self.fleet.object().get("target").clone();
        let target = Raw::Dynamic(Box::new((schemas::resources::fleet::target_type(), target)));
        config.insert("fleet".to_owned(), target);
        self.client.resource("kurator_application").unwrap().object(Raw::Map(config)).unwrap()
    }

    async fn converge_fleet(&mut self, edge_is: &str, hub_is: &str) -> (Action, Applied) {
        let config = self.fleet_config(edge_is, hub_is);
        self.client.converge(&mut self.fleet, &config).await.unwrap()
    }

    async fn converge_application(&mut self) -> (Action, Applied) {
        let config = self.application_config();
        self.client.converge(&mut self.application, &config).await.unwrap()
    }

    /// What was removed since the calls were last forgotten.
    fn removals(&self) -> Vec<String> {
        let removes = |call: &String| call.starts_with("remove_") || call.starts_with("revoke");
        self.clusters.mutations().into_iter().filter(removes).collect()
    }

    async fn destroy_all(&mut self) {
        let applied = self.client.destroy(&mut self.application).await.unwrap();
        assert!(applied.is_good(), "{:?} {:?}", in_words(&applied.diagnostics), applied.faults);
        let applied = self.client.destroy(&mut self.fleet).await.unwrap();
        assert!(applied.is_good(), "{:?} {:?}", in_words(&applied.diagnostics), applied.faults);
        assert!(self.clusters.is_empty());
    }
}

fn assert_good(at: &str, applied: &Applied) {
    assert!(applied.is_good(), "{at}: {:?} {:?}", in_words(&applied.diagnostics), applied.faults);
}

const MOMENTS: [Moment; 2] = [Moment::Before, Moment::After];

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_breaks_anywhere_is_carried_on_and_removes_nothing() {
    let mut whole = World::new().await;
    assert_good("fleet", &whole.converge_fleet("edge", "hub").await.1);
    let fleet_calls = whole.clusters.mutations().len();
    assert_good("application", &whole.converge_application().await.1);
    let application_calls = whole.clusters.mutations().len() - fleet_calls;
    assert!(fleet_calls >= 5 && application_calls >= 4, "{:?}", whole.clusters.mutations());
    whole.destroy_all().await;

    for moment in MOMENTS {
        for n in 1..=fleet_calls {
            let at = format!("fleet, call {n}, {moment:?}");
            let mut world = World::new().await;
            world.clusters.break_at(n, moment, Kind::Rejected);
            let (_, broken) = world.converge_fleet("edge", "hub").await;
            assert!(broken.faults.is_empty(), "{at}: {:?}", broken.faults);
            assert_good(&at, &world.converge_fleet("edge", "hub").await.1);
            assert_eq!(world.removals(), Vec::<String>::new(), "{at}");
            assert_eq!(world.converge_fleet("edge", "hub").await.0, Action::NoOp, "{at}");
            world.destroy_all().await;
        }
        for n in 1..=application_calls {
            let at = format!("application, call {n}, {moment:?}");
            let mut world = World::new().await;
            assert_good(&at, &world.converge_fleet("edge", "hub").await.1);
            world.clusters.break_at(n, moment, Kind::Rejected);
            let (_, broken) = world.converge_application().await;
            assert!(broken.faults.is_empty(), "{at}: {:?}", broken.faults);
            assert_good(&at, &world.converge_application().await.1);
            assert_eq!(world.removals(), Vec::<String>::new(), "{at}");
            assert_eq!(world.converge_application().await.0, Action::NoOp, "{at}");
            world.destroy_all().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_breaks_anywhere_converges() {
    let mut whole = World::new().await;
    whole.converge_fleet("edge", "hub").await;
    whole.converge_application().await;
    whole.clusters.clear_calls();
    assert_good("labels", &whole.converge_fleet("hub", "edge").await.1);
    assert_good("move", &whole.converge_application().await.1);
    let calls = whole.clusters.mutations().len();
    let removed = whole.removals();
    assert_eq!(removed.len(), 1, "{removed:?}");

    for moment in MOMENTS {
        for n in 1..=calls {
            let at = format!("call {n}, {moment:?}");
            let mut world = World::new().await;
            world.converge_fleet("edge", "hub").await;
            world.converge_application().await;
            world.clusters.clear_calls();
            world.clusters.break_at(n, moment, Kind::Rejected);
            if world.converge_fleet("hub", "edge").await.1.is_good() {
                world.converge_application().await;
            }
            assert_good(&at, &world.converge_fleet("hub", "edge").await.1);
            assert_good(&at, &world.converge_application().await.1);
            assert_eq!(world.converge_fleet("hub", "edge").await.0, Action::NoOp, "{at}");
            assert_eq!(world.converge_application().await.0, Action::NoOp, "{at}");
            world.destroy_all().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_that_breaks_anywhere_is_finished_by_the_next() {
    let mut whole = World::new().await;
    whole.converge_fleet("edge", "hub").await;
    whole.converge_application().await;
    whole.clusters.clear_calls();
    whole.destroy_all().await;
    let calls = whole.clusters.mutations().len();

    for moment in MOMENTS {
        for n in 1..=calls {
            let mut world = World::new().await;
            world.converge_fleet("edge", "hub").await;
            world.converge_application().await;
            world.clusters.clear_calls();
            world.clusters.break_at(n, moment, Kind::Rejected);
            let first = world.client.destroy(&mut world.application).await.unwrap();
            if first.is_good() {
                world.client.destroy(&mut world.fleet).await.unwrap();
            }
            world.destroy_all().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_object_is_refused_with_the_import_block_and_can_be_imported() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    assert_good("application", &world.converge_application().await.1);
    let config = world.fleet_config("edge", "hub");
    let mut stranger = Instance::new("kurator_fleet");
    let (_, refused) = world.client.converge(&mut stranger, &config).await.unwrap();
    let id = "fleet:demo?host=env%3AHUB%3Fuid%3Duid-hub";
    let [told] = &refused.diagnostics[..] else { panic!("{:?}", in_words(&refused.diagnostics)) };
    assert!(told.detail.contains(&format!("id = {id:?}")), "{}", told.detail);

    let (mut imported, applied) = world.client.import("kurator_fleet", id).await.unwrap();
    assert_good("import", &applied);
    assert_eq!(world.client.converge(&mut imported, &config).await.unwrap().0, Action::NoOp);
    let id = "fleet:demo/web?host=env%3AHUB";
    let (mut imported, applied) = world.client.import("kurator_application", id).await.unwrap();
    assert_good("import", &applied);
    let config = world.application_config();
    assert_eq!(world.client.converge(&mut imported, &config).await.unwrap().0, Action::NoOp);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_out_of_reach_is_a_warning_in_a_read_and_keeps_the_state() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let before = world.fleet.object().clone();
    for kind in [Kind::Unreachable, Kind::Unauthenticated, Kind::Denied, Kind::TimedOut] {
        world.clusters.set_trouble("uid-edge", Some(kind));
        let (action, applied) = world.converge_fleet("edge", "hub").await;
        assert_good("read", &applied);
        assert_eq!(action, Action::NoOp);
        assert!(in_words(&applied.diagnostics).join("\n").contains("edge"), "{kind:?}");
        assert_eq!(*world.fleet.object(), before, "{kind:?}");
    }
    world.clusters.set_trouble("uid-edge", None);
    assert_eq!(world.converge_fleet("edge", "hub").await.0, Action::NoOp);
}

//! A small world over fakes: two clusters, a fleet over both, and an application, driven through the protocol.

use std::sync::Arc;

use kurator::{Handle, KuratorProvider, Reach};
use serde_json::{Value as Json, json};
use testkit::fake_kube::FakeClusters;
use testkit::fake_machines::FakeMachines;
use testkit::protocol_client::{ProtocolClient, in_words};
use testkit::protocol_client_instance::{Action, Applied, Instance};
use tf_value::raw::Raw;

const URL: &str = "https://git.example/apps.git";

/// Two clusters, a fleet over both, and an application.
pub(crate) struct World {
    pub(crate) clusters: FakeClusters,
    pub(crate) machines: FakeMachines,
    pub(crate) client: ProtocolClient,
    pub(crate) fleet: Instance,
    pub(crate) application: Instance,
}

/// The provider over fakes.
pub(crate) fn provider_over(clusters: &FakeClusters, machines: &FakeMachines) -> KuratorProvider {
    let (clusters, machines) = (clusters.clone(), machines.clone());
    KuratorProvider::over(Handle::new(move |_| Reach {
        clusters: Arc::new(clusters.clone()),
        machines: Arc::new(machines.clone()),
    }))
}

/// A value as JSON says it; an array is a list.
pub(crate) fn raw(json: &Json) -> Raw {
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
    pub(crate) async fn new() -> Self {
        let clusters = FakeClusters::default();
        clusters.add("env:HUB", "uid-hub");
        clusters.add("env:EDGE", "uid-edge");
        clusters.push(URL, "main@sha1:a");
        let machines = FakeMachines::default();
        let client = ProtocolClient::start(provider_over(&clusters, &machines)).await.unwrap();
        Self {
            clusters,
            machines,
            client,
            fleet: Instance::new("kurator_fleet"),
            application: Instance::new("kurator_application"),
        }
    }

    pub(crate) fn fleet_config(&self, edge_is: &str, hub_is: &str) -> Raw {
        self.fleet_of(&json!({
            "hub": { "ref": "env:HUB?uid=uid-hub", "labels": { "env": hub_is } },
            "edge": { "ref": "env:EDGE?uid=uid-edge", "labels": { "env": edge_is } },
        }))
    }

    /// A fleet with these members.
    pub(crate) fn fleet_of(&self, clusters: &Json) -> Raw {
        self.fleet_with(&json!({ "name": "demo", "host": "env:HUB?uid=uid-hub", "clusters": clusters }))
    }

    /// A fleet with these attributes.
    pub(crate) fn fleet_with(&self, given: &Json) -> Raw {
        self.client.resource("kurator_fleet").unwrap().object(raw(given)).unwrap()
    }

    /// Manifests everywhere, manifests where `env = edge` is, and a chart everywhere.
    pub(crate) fn application_config(&self) -> Raw {
        self.application_of(&json!({
            "base": { "kustomization": { "path": "./base", "prune": true } },
            "far": {
                "destination": { "cluster_selector": { "match_labels": { "env": "edge" } } },
                "kustomization": { "path": "./edge", "prune": true },
            },
            "chart": { "helm": { "chart": "./chart", "target_namespace": "web", "values": "replicas: 1" } },
        }))
    }

    /// An application with these policies.
    pub(crate) fn application_of(&self, policies: &Json) -> Raw {
        let config = json!({
            "name": "web",
            "source": { "git_repository": { "url": URL } },
            "sync_policies": policies,
        });
        let Raw::Map(mut config) = raw(&config) else { unreachable!("an object was written") };
        let target = self.fleet.object().get("target").clone();
        let target = Raw::Dynamic(Box::new((schemas::resources::fleet::target_type(), target)));
        config.insert("fleet".to_owned(), target);
        self.client.resource("kurator_application").unwrap().object(Raw::Map(config)).unwrap()
    }

    pub(crate) async fn converge_fleet(&mut self, edge_is: &str, hub_is: &str) -> (Action, Applied) {
        let config = self.fleet_config(edge_is, hub_is);
        self.client.converge(&mut self.fleet, &config).await.unwrap()
    }

    pub(crate) async fn converge_application(&mut self) -> (Action, Applied) {
        let config = self.application_config();
        self.client.converge(&mut self.application, &config).await.unwrap()
    }

    /// What was removed since the calls were last forgotten.
    pub(crate) fn removals(&self) -> Vec<String> {
        let removes = |call: &String| call.starts_with("remove_") || call.starts_with("revoke");
        self.clusters.mutations().into_iter().filter(removes).collect()
    }

    pub(crate) async fn destroy_all(&mut self) {
        let applied = self.client.destroy(&mut self.application).await.unwrap();
        assert!(applied.is_good(), "{:?} {:?}", in_words(&applied.diagnostics), applied.faults);
        let applied = self.client.destroy(&mut self.fleet).await.unwrap();
        assert!(applied.is_good(), "{:?} {:?}", in_words(&applied.diagnostics), applied.faults);
        assert!(self.clusters.is_empty());
    }
}

pub(crate) fn assert_good(at: &str, applied: &Applied) {
    assert!(applied.is_good(), "{at}: {:?} {:?}", in_words(&applied.diagnostics), applied.faults);
}

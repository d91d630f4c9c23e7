//! A custom cluster through the real protocol, over machines and a cluster that are fakes.

mod check;
mod configurations;
mod cuts;
mod life;
mod told;

use serde_json::{Value as Json, json};
use testkit::fake_kube::Moment;
use testkit::fake_site::FakeSite;
use testkit::protocol_client::{ProtocolClient, in_words};
use testkit::protocol_client_instance::{Action, Applied, Instance};
use tf_value::raw::Raw;

use crate::world::{assert_good, provider_over, raw};

/// The address of the control plane.
pub(crate) const CP1: &str = "10.77.0.11";
/// Addresses of workers.
pub(crate) const W1: &str = "10.77.0.21";
pub(crate) const W2: &str = "10.77.0.22";
pub(crate) const W3: &str = "10.77.0.23";

/// A site with four machines and a cluster that may be made of them.
pub(crate) struct World {
    pub(crate) site: FakeSite,
    pub(crate) client: ProtocolClient,
    pub(crate) cluster: Instance,
}

impl World {
    pub(crate) async fn new() -> Self {
        let site = FakeSite::default();
        for host in [CP1, W1, W2, W3] {
            site.add(host);
        }
        let client = ProtocolClient::start(provider_over(&site.clusters, &site.machines)).await.unwrap();
        Self { site, client, cluster: Instance::new("kurator_custom_cluster") }
    }

    /// A control plane and these workers.
    pub(crate) fn config(&self, workers: &[(&str, &str)]) -> Raw {
        self.config_with(workers, &json!({}))
    }

    /// The same with some attributes otherwise.
    pub(crate) fn config_with(&self, workers: &[(&str, &str)], given: &Json) -> Raw {
        let mut machines = json!({ "cp1": { "role": "control_plane", "address": CP1 } });
        for (name, address) in workers {
            machines[name] = json!({ "role": "worker", "address": address });
        }
        let mut config = json!({
            "name": "factory",
            "version": "1.34.4",
            "ssh": { "user": "admin", "credential": "site", "accept_new_host_keys": true },
            "machines": machines,
            "network": { "cni": { "type": "cilium" } },
        });
        if let (Json::Object(config), Json::Object(given)) = (&mut config, given.clone()) {
            config.extend(given);
        }
        self.client.resource("kurator_custom_cluster").unwrap().object(raw(&config)).unwrap()
    }

    pub(crate) async fn converge(&mut self, config: &Raw) -> (Action, Applied) {
        self.client.converge(&mut self.cluster, config).await.unwrap()
    }

    /// Converges, and whatever there is to say is a failure.
    pub(crate) async fn made(&mut self, at: &str, workers: &[(&str, &str)]) {
        let config = self.config(workers);
        assert_good(at, &self.converge(&config).await.1);
        assert_eq!(self.converge(&config).await.0, Action::NoOp, "{at}");
    }

    pub(crate) async fn destroy(&mut self, at: &str) {
        let applied = self.client.destroy(&mut self.cluster).await.unwrap();
        assert_good(at, &applied);
        for host in [CP1, W1, W2, W3] {
            assert!(self.site.is_clean(host), "{at}: {host}");
        }
    }

    /// Calls that change something, on machines and on the API.
    pub(crate) fn mutations(&self) -> (usize, usize) {
        let on_machines = self.site.machines.calls().iter().filter(|call| call.is_mutation).count();
        (on_machines, self.site.clusters.mutations().len())
    }
}

/// What was said, a line each.
pub(crate) fn said(applied: &Applied) -> Vec<String> {
    assert_eq!(applied.faults, [""; 0]);
    for told in &applied.diagnostics {
        let (saw, way_out) = told.detail.split_once("\n\n").unwrap_or_default();
        assert!(!saw.is_empty() && !way_out.is_empty(), "{}: {:?}", told.summary, told.detail);
    }
    in_words(&applied.diagnostics)
}

/// When calls break.
pub(crate) const MOMENTS: [Moment; 2] = [Moment::Before, Moment::After];

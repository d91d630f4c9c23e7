//! A stand-in for scheduler and kubelet: one node that binds pods, says that they run and completes jobs.

use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use futures::TryStreamExt as _;
use http::Request;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::cluster;
use crate::parts::pod_status::{self, Action, STAND_IN};

/// What the node is called.
pub(crate) const NAME: &str = "fake";

/// The least time between two attempts to follow the pods.
const PACE: Duration = Duration::from_millis(250);

/// Follows the pods of a cluster until the process ends. A cluster that is away is tried again.
#[expect(clippy::print_stderr, reason = "stderr of a part is its log")]
pub(crate) async fn run(kubeconfig: PathBuf) -> anyhow::Result<()> {
    let mut node = FakeNode { client: cluster::client(&kubeconfig).await?, addresses: 0 };
    let mut attempts = interval(PACE);
    attempts.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        attempts.tick().await;
        if let Err(error) = node.follow().await {
            eprintln!("{error:#}");
        }
    }
}

struct FakeNode {
    client: Client,
    /// How many addresses were given out.
    addresses: u32,
}

impl FakeNode {
    /// Looks at every pod, then at every change, until the watch ends or breaks.
    async fn follow(&mut self) -> anyhow::Result<()> {
        self.register().await.context("registering the node")?;
        let pods: Api<Pod> = Api::all(self.client.clone());
        let list = pods.list(&ListParams::default()).await.context("listing pods")?;
        let version = list.metadata.resource_version.clone().unwrap_or_default();
        for pod in list.items {
            self.treat(&pod).await?;
        }
        let mut changes = pin!(pods.watch(&WatchParams::default(), &version).await.context("watching pods")?);
        while let Some(change) = changes.try_next().await.context("watching pods")? {
            match change {
                WatchEvent::Added(pod) | WatchEvent::Modified(pod) => self.treat(&pod).await?,
                WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => {}
                // Usually "too old": a new list helps.
                WatchEvent::Error(status) => anyhow::bail!("watching pods: {}", status.message),
            }
        }
        Ok(())
    }

    /// Makes the node and says that it is ready.
    async fn register(&self) -> anyhow::Result<()> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        let node: Node = serde_json::from_value(json!({
            "metadata": {
                "name": NAME,
                "labels": {
                    "kubernetes.io/os": "linux",
                    "kubernetes.io/arch": "amd64",
                    "kubernetes.io/hostname": NAME,
                },
                "annotations": {"lab/stand-in": STAND_IN},
            },
        }))?;
        match nodes.create(&PostParams::default(), &node).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(error.into()),
        }
        let room = json!({"cpu": "64", "memory": "256Gi", "pods": "500"});
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let status = json!({"status": {
            "capacity": room,
            "allocatable": room,
            "conditions": [{
                "type": "Ready",
                "status": "True",
                "reason": "StandIn",
                "message": STAND_IN,
                "lastHeartbeatTime": now,
                "lastTransitionTime": now,
            }],
        }});
        nodes.patch_status(NAME, &PatchParams::default(), &Patch::Merge(status)).await?;
        Ok(())
    }

    /// Does the next thing for one pod.
    ///
    /// That the pod has changed or gone since is no error: its next change comes by itself.
    async fn treat(&mut self, pod: &Pod) -> anyhow::Result<()> {
        let (name, namespace) = (pod.name_any(), pod.namespace().unwrap_or_default());
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &namespace);
        let outcome = match pod_status::next(pod, &address(self.addresses + 1), Timestamp::now()) {
            Action::Leave => Ok(()),
            Action::Remove => pods.delete(&name, &DeleteParams::default().grace_period(0)).await.map(drop),
            Action::Bind => self.bind(&namespace, &name).await?,
            Action::Report(status) => {
                self.addresses += 1;
                pods.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await.map(drop)
            }
        };
        match outcome {
            Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(()),
            outcome => outcome.with_context(|| format!("treating pod {namespace}/{name}")),
        }
    }

    async fn bind(&self, namespace: &str, name: &str) -> anyhow::Result<kube::Result<()>> {
        let binding = json!({
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name},
            "target": {"apiVersion": "v1", "kind": "Node", "name": NAME},
        });
        let request = Request::post(format!("/api/v1/namespaces/{namespace}/pods/{name}/binding"))
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&binding)?)?;
        Ok(self.client.request::<Value>(request).await.map(drop))
    }
}

/// Gives the `number`-th address of 10.0.0.0/8 that ends in neither 0 nor 255.
fn address(number: u32) -> String {
    format!("10.{}.{}.{}", number / 250 / 256 % 256, number / 250 % 256, number % 250 + 1)
}

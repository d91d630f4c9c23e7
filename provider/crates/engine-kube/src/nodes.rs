//! A cluster as a set of nodes.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::custom_cluster::NodeState;
use domain::name::Name;
use domain::node::Taint;
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::nodes::{DrainRules, Nodes};
use engines::wait::{Pace, Seen, until};
use serde_json::{Value, json};

use crate::apply::Manager;
use crate::call::found;
use crate::cluster::KubeCluster;
use crate::collection::Extent;
use crate::metadata::{AnyObject, List};
use crate::node::{Node, collection};

#[async_trait]
impl Nodes for KubeCluster {
    async fn observe_nodes(&self, limits: &Limits) -> Result<BTreeMap<Name, NodeState>, EngineError> {
        let request = collection().list("", Extent::Whole);
        let list: List<Node> = self.caller.read("listing", "nodes", request, limits).await?;
        let named = |node: Node| Some((Name::parse(&node.metadata.name).ok()?, node.to_state()));
        Ok(list.items.unwrap_or_default().into_iter().filter_map(named).collect())
    }

    /// Kubelet and controllers write nodes every few seconds, so a change that met another one is made anew.
    async fn set_node(
        &self,
        node: &Name,
        labels: &BTreeMap<String, String>,
        taints: &BTreeSet<Taint>,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let collection = collection();
        let target = collection.object(node.as_str());
        until("changing", &target, Pace::CONTROLLER, limits, || async {
            let request = collection.get(node.as_str(), Extent::Whole);
            let seen: Node = self.caller.read("reading", &target, request, limits).await?;
            let body = seen.patch(labels, taints);
            match self.merge::<Value>(&collection, node.as_str(), &body, Manager::Provider, limits).await {
                Ok(_) => Ok(Seen::Ready(())),
                Err(error) if error.kind == Kind::Conflict => Ok(Seen::Pending(error.chain())),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn set_schedulable(
        &self,
        node: &Name,
        schedulable: bool,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let body = json!({ "spec": { "unschedulable": !schedulable } });
        self.merge::<Value>(&collection(), node.as_str(), &body, Manager::Request, limits).await.map(drop)
    }

    async fn drain(&self, node: &Name, rules: DrainRules, limits: &Limits) -> Result<(), EngineError> {
        self.drain_node(node, rules, limits).await
    }

    async fn await_ready(&self, node: &Name, limits: &Limits) -> Result<(), EngineError> {
        let collection = collection();
        let target = collection.object(node.as_str());
        until("waiting for", &target, Pace::CLOSE, limits, || async {
            let request = collection.get(node.as_str(), Extent::Whole);
            let seen = found(self.caller.read::<Node>("reading", &target, request, limits).await)?;
            Ok(match seen.map(|node| node.readiness()) {
                Some((true, _)) => Seen::Ready(()),
                Some((false, message)) => Seen::Pending(message),
                None => Seen::Pending("there is no such node".to_owned()),
            })
        })
        .await
    }

    async fn remove_node(&self, node: &Name, limits: &Limits) -> Result<(), EngineError> {
        let collection = collection();
        let request = collection.get(node.as_str(), Extent::Metadata);
        let target = collection.object(node.as_str());
        let seen = found(self.caller.read::<AnyObject>("reading", &target, request, limits).await)?;
        match seen {
            Some(seen) => self.delete_and_wait(&collection, node.as_str(), &seen.metadata.uid, limits).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, cluster, limits, refuses};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_change_that_met_another_one_is_made_anew_on_the_node_as_it_is_then() {
        let reads = AtomicU32::new(0);
        let (cluster, asked) = cluster(Duration::from_secs(5), move |line, body| {
            if line.starts_with("GET") {
                let version = reads.fetch_add(1, Ordering::Relaxed);
                return Answer::Says(200, json!({ "metadata": { "resourceVersion": version.to_string() } }));
            }
            match body["metadata"]["resourceVersion"].as_str() {
                Some("1") => Answer::Says(200, json!({})),
                _ => refuses(409, "Conflict"),
            }
        });
        let name = Name::parse("w1").unwrap();
        cluster.set_node(&name, &BTreeMap::new(), &BTreeSet::new(), &limits()).await.unwrap();
        assert_eq!(asked.lock().unwrap().len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_a_node_says_what_the_node_says() {
        let (cluster, _) = cluster(Duration::from_secs(5), |_, _| {
            let not_ready = json!({ "type": "Ready", "status": "False", "message": "no pod network" });
            Answer::Says(200, json!({ "status": { "conditions": [not_ready] } }))
        });
        let error = cluster.await_ready(&Name::parse("w1").unwrap(), &limits()).await.unwrap_err();
        assert_eq!(
            (error.kind, error.chain()),
            (Kind::TimedOut, "waiting for Node w1: no pod network".into())
        );
    }
}

//! A cluster as a set of nodes, without machines: nodes and pods that only the API server knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::custom_cluster::NodeState;
use domain::node::{Taint, TaintEffect};
use engines::error::Kind;
use engines::nodes::DrainRules;
use serde_json::{Value, json};

use crate::other::Other;
use crate::setup::{Lab, limits, name};

const NODE: &str = "ek-node";

const RULES: DrainRules =
    DrainRules { timeout: Duration::from_secs(20), delete_emptydir: false, force: false };

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_node_is_labelled_drained_and_removed() {
    let (Some(lab), Some(other)) = (Lab::find(), Other::on_edge().await) else { return };
    let edge = lab.connect("edge").await;
    let (nodes, limits, node) = (edge.nodes(), limits(), name(NODE));
    nodes.remove_node(&node, &limits).await.unwrap();
    let theirs = json!([{ "key": "theirs", "effect": "NoSchedule" }]);
    let object = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": NODE, "labels": { "theirs": "x" } },
        "spec": { "taints": theirs },
    });
    other.make(&other.api("", "v1", "Node", None), object).await;

    let seen = async || nodes.observe_nodes(&limits).await.unwrap().remove(&node).unwrap();
    // The node controller taints it as it comes; nothing of that is ours.
    let bare = NodeState { schedulable: true, ..NodeState::default() };
    assert_eq!(seen().await, bare);
    let gpu =
        BTreeSet::from([Taint { key: "gpu".into(), effect: TaintEffect::NoSchedule, value: "a".into() }]);
    let wanted = NodeState { labels: labels(&[("zone", "a"), ("tier", "b")]), taints: gpu, ..bare.clone() };
    nodes.set_node(&node, &wanted.labels, &wanted.taints, &limits).await.unwrap();
    assert_eq!(seen().await, wanted);
    let wanted = NodeState { labels: labels(&[("zone", "c")]), ..bare.clone() };
    nodes.set_node(&node, &wanted.labels, &wanted.taints, &limits).await.unwrap();
    assert_eq!(seen().await, wanted);
    let whole = other.api("", "v1", "Node", None).get(NODE).await.unwrap();
    assert_eq!(whole.metadata.labels.unwrap().get("theirs").map(String::as_str), Some("x"));
    assert!(whole.data["spec"]["taints"].as_array().unwrap().contains(&theirs[0]));

    pods_leave(&other, nodes).await;
    assert!(!seen().await.schedulable);
    nodes.set_schedulable(&node, true, &limits).await.unwrap();
    assert!(seen().await.schedulable);
    let error = nodes.await_ready(&node, &limits.at_most(Duration::from_secs(1))).await.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);

    nodes.remove_node(&node, &limits).await.unwrap();
    assert!(!nodes.observe_nodes(&limits).await.unwrap().contains_key(&node));
    nodes.remove_node(&node, &limits).await.unwrap();
    nodes.drain(&node, RULES, &limits).await.unwrap();
    let error = nodes.set_node(&node, &labels(&[]), &BTreeSet::new(), &limits).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

/// One pod that a controller of ours would make again, held up by a budget, and one that nobody would.
async fn pods_leave(other: &Other, nodes: &dyn engines::nodes::Nodes) {
    let (limits, node) = (limits(), name(NODE));
    let maps = other.api("", "v1", "ConfigMap", Some("default"));
    let owner = other
        .make(
            &maps,
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "generateName": "ek-node-" } }),
        )
        .await;
    let pods = other.api("", "v1", "Pod", Some("default"));
    let pod = |name: &str, owners: Value| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "labels": { "app": NODE }, "ownerReferences": owners },
            "spec": {
                "nodeName": NODE, "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": false,
                "containers": [{ "name": "a", "image": "registry.example/a" }],
            },
        })
    };
    let owners = json!([{
        "apiVersion": "v1", "kind": "ConfigMap", "name": owner.metadata.name, "uid": owner.metadata.uid,
        "controller": true,
    }]);
    other.make(&pods, pod("ek-node-owned", owners)).await;
    other.make(&pods, pod("ek-node-bare", json!([]))).await;

    let error = nodes.drain(&node, RULES, &limits).await.unwrap_err();
    assert_eq!(error.kind, Kind::Rejected);
    assert!(
        error.chain().ends_with("default/ek-node-bare: no controller would make it again"),
        "{}",
        error.chain()
    );
    assert!(pods.get_opt("ek-node-owned").await.unwrap().unwrap().metadata.deletion_timestamp.is_none());

    nodes.drain(&node, DrainRules { force: true, ..RULES }, &limits).await.unwrap();
    assert!(pods.get_opt("ek-node-owned").await.unwrap().is_none());
    assert!(pods.get_opt("ek-node-bare").await.unwrap().is_none());
    maps.delete(&owner.metadata.name.unwrap(), &kube::api::DeleteParams::default()).await.unwrap();
}

//! A `Node` of Kubernetes.

use std::collections::{BTreeMap, BTreeSet};

use domain::custom_cluster::NodeState;
use domain::node::{Taint, TaintEffect};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::labels::NODE;
use crate::metadata::Metadata;

/// A `Node` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Node {
    pub(crate) metadata: Metadata,
    spec: Spec,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    taints: Option<Vec<RawTaint>>,
    unschedulable: bool,
}

/// A taint as it stands in a node. What we do not know of it, such as when it was added, goes back as it came.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
struct RawTaint {
    key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    effect: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    conditions: Option<Vec<Condition>>,
    node_info: NodeInfo,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeInfo {
    kubelet_version: String,
}

/// What of a node we look after, noted on the node: what is not in here is somebody else's.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
struct Ours {
    labels: BTreeSet<String>,
    /// `KEY:EFFECT`, which a node has once.
    taints: BTreeSet<String>,
}

/// All nodes.
pub(crate) fn collection() -> Collection {
    Collection::new("v1", "Node", "nodes", None)
}

/// Which taint it is, whatever its value.
fn place(key: &str, effect: &str) -> String {
    format!("{key}:{effect}")
}

impl Node {
    fn ours(&self) -> Ours {
        self.metadata.annotation(NODE).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Whether it says that it is ready, and what it says.
    pub(crate) fn readiness(&self) -> (bool, String) {
        let conditions = self.status.conditions.as_deref().unwrap_or_default();
        match conditions.iter().find(|condition| condition.kind == "Ready") {
            Some(ready) => (ready.status == "True", ready.message.clone()),
            None => (false, "its kubelet has not reported yet".to_owned()),
        }
    }

    /// The node in our words.
    pub(crate) fn to_state(&self) -> NodeState {
        let ours = self.ours();
        let labels = self.metadata.labels.iter().filter(|(key, _)| ours.labels.contains(*key));
        let taints = self.spec.taints.iter().flatten().filter_map(|taint| {
            let effect = TaintEffect::parse(&taint.effect)?;
            ours.taints.contains(&place(&taint.key, &taint.effect)).then(|| Taint {
                key: taint.key.clone(),
                effect,
                value: taint.value.clone(),
            })
        });
        NodeState {
            ready: self.readiness().0,
            schedulable: !self.spec.unschedulable,
            labels: labels.map(|(key, value)| (key.clone(), value.clone())).collect(),
            taints: taints.collect(),
            version: self.status.node_info.kubelet_version.trim_start_matches('v').to_owned(),
        }
    }

    /// The merge that gives it these of our labels and taints, and takes away the others of ours. It holds for the
    /// node as it is: the taints are one list, and another one's must not be lost.
    pub(crate) fn patch(&self, labels: &BTreeMap<String, String>, taints: &BTreeSet<Taint>) -> Value {
        let before = self.ours();
        let ours = Ours {
            labels: labels.keys().cloned().collect(),
            taints: taints.iter().map(|taint| place(&taint.key, taint.effect.as_str())).collect(),
        };
        let mut changed: BTreeMap<&str, Value> =
            before.labels.difference(&ours.labels).map(|key| (key.as_str(), Value::Null)).collect();
        changed.extend(labels.iter().map(|(key, value)| (key.as_str(), json!(value))));
        let is_ours = |taint: &RawTaint| {
            let place = place(&taint.key, &taint.effect);
            before.taints.contains(&place) || ours.taints.contains(&place)
        };
        let mut all: Vec<RawTaint> =
            self.spec.taints.iter().flatten().filter(|taint| !is_ours(taint)).cloned().collect();
        all.extend(taints.iter().map(|taint| RawTaint {
            key: taint.key.clone(),
            value: taint.value.clone(),
            effect: taint.effect.as_str().to_owned(),
            rest: BTreeMap::new(),
        }));
        json!({
            "metadata": {
                "resourceVersion": self.metadata.resource_version,
                "labels": changed,
                "annotations": { NODE: json!(ours).to_string() },
            },
            "spec": { "taints": all },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taint(key: &str, value: &str) -> Taint {
        Taint { key: key.into(), effect: TaintEffect::NoSchedule, value: value.into() }
    }

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// The merge as an API server does it.
    fn merged(node: &Value, patch: &Value) -> Value {
        let mut node = node.clone();
        match (node.as_object_mut(), patch.as_object()) {
            (Some(object), Some(patch)) => {
                for (key, value) in patch {
                    if value.is_null() {
                        object.remove(key);
                    } else {
                        let before = object.get(key).cloned().unwrap_or_else(|| json!({}));
                        object.insert(key.clone(), merged(&before, value));
                    }
                }
                node
            }
            _ => patch.clone(),
        }
    }

    fn read(node: &Value) -> Node {
        serde_json::from_value(node.clone()).unwrap()
    }

    #[test]
    fn what_we_look_after_is_set_and_taken_away_and_the_rest_stays() {
        let added = json!({
            "key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": "2026-11-21T08:00:00Z",
        });
        let node = json!({
            "metadata": { "name": "w1", "resourceVersion": "7", "labels": { "kubernetes.io/os": "linux" } },
            "spec": { "taints": [added] },
            "status": {
                "conditions": [{ "type": "Ready", "status": "True", "message": "kubelet is posting" }],
                "nodeInfo": { "kubeletVersion": "v1.34.4" },
            },
        });
        let seen = read(&node).to_state();
        assert!(seen.ready && seen.schedulable && seen.labels.is_empty() && seen.taints.is_empty());
        assert_eq!(seen.version, "1.34.4");

        let (zone, taints) =
            (labels(&[("zone", "a"), ("tier", "x")]), [taint("gpu", "yes"), taint("old", "")].into());
        let patch = read(&node).patch(&zone, &taints);
        assert_eq!(patch["metadata"]["resourceVersion"], "7");
        let node = merged(&node, &patch);
        let seen = read(&node).to_state();
        assert_eq!((&seen.labels, &seen.taints), (&zone, &taints));

        let (zone, taints) = (labels(&[("zone", "b")]), [taint("gpu", "no")].into());
        let node = merged(&node, &read(&node).patch(&zone, &taints));
        let seen = read(&node).to_state();
        assert_eq!((&seen.labels, &seen.taints), (&zone, &taints));
        assert_eq!(node["metadata"]["labels"], json!({ "kubernetes.io/os": "linux", "zone": "b" }));
        assert_eq!(node["spec"]["taints"][0], added);
        assert_eq!(node["spec"]["taints"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_a_person_changed_of_ours_shows_and_what_he_added_does_not() {
        let ours = json!({ "labels": ["zone"], "taints": ["gpu:NoSchedule"] }).to_string();
        let node = read(&json!({
            "metadata": { "annotations": { NODE: ours }, "labels": { "zone": "c", "own": "x" } },
            "spec": { "taints": [{ "key": "own", "effect": "NoSchedule" }], "unschedulable": true },
        }));
        let seen = node.to_state();
        assert_eq!((seen.labels, seen.taints.len()), (labels(&[("zone", "c")]), 0));
        assert!(!seen.schedulable && !seen.ready);
        assert_eq!(node.readiness().1, "its kubelet has not reported yet");
    }
}

//! A `Pod`, as far as it stands in the way of a drain.

use engines::nodes::DrainRules;
use serde::Deserialize;

use crate::collection::Collection;
use crate::metadata::Metadata;

/// A `Pod` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Pod {
    pub(crate) metadata: Metadata,
    spec: Spec,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    volumes: Option<Vec<Volume>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Volume {
    empty_dir: Option<serde::de::IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    phase: String,
}

/// What a drain does with a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is left: it belongs to the node, or it is over.
    Stays,
    /// It is evicted.
    Goes,
    /// It may not be evicted, and this is why.
    Forbidden(&'static str),
}

/// The annotation of pods that a kubelet runs of its own files.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// The pods of a namespace, or of all.
pub(crate) fn collection(namespace: Option<&str>) -> Collection {
    Collection::new("v1", "Pod", "pods", namespace)
}

impl Pod {
    /// Its place, as messages have it.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.metadata.namespace.as_deref().unwrap_or_default(), self.metadata.name)
    }

    /// What a drain by `rules` does with it.
    pub(crate) fn fate(&self, rules: DrainRules) -> Fate {
        let controller = self.metadata.owner_references.iter().find(|owner| owner.controller);
        let is_over = matches!(self.status.phase.as_str(), "Succeeded" | "Failed");
        let is_mirror = self.metadata.annotation(MIRROR).is_some();
        if is_mirror || is_over || controller.is_some_and(|owner| owner.kind == "DaemonSet") {
            return Fate::Stays;
        }
        if controller.is_none() && !rules.force {
            return Fate::Forbidden("no controller would make it again");
        }
        let has_empty_dir = self.spec.volumes.iter().flatten().any(|volume| volume.empty_dir.is_some());
        if has_empty_dir && !rules.delete_emptydir {
            return Fate::Forbidden("what is in its `emptyDir` volumes would be lost");
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::time::Duration;

    fn fate(pod: &Value, delete_emptydir: bool, force: bool) -> Fate {
        let pod: Pod = serde_json::from_value(pod.clone()).unwrap();
        pod.fate(DrainRules { timeout: Duration::from_mins(1), delete_emptydir, force })
    }

    fn owned_by(kind: &str) -> Value {
        json!({ "ownerReferences": [{ "kind": kind, "name": "a", "uid": "1", "controller": true }] })
    }

    #[test]
    fn what_belongs_to_the_node_or_is_over_stays() {
        for pod in [
            json!({ "metadata": owned_by("DaemonSet") }),
            json!({ "metadata": { "annotations": { MIRROR: "1" } } }),
            json!({ "status": { "phase": "Succeeded" } }),
            json!({ "status": { "phase": "Failed" } }),
        ] {
            assert_eq!(fate(&pod, false, false), Fate::Stays, "{pod}");
        }
    }

    #[test]
    fn what_would_be_lost_goes_only_where_the_rules_say_so() {
        let bare = json!({ "status": { "phase": "Running" } });
        assert!(matches!(fate(&bare, true, false), Fate::Forbidden(_)));
        assert_eq!(fate(&bare, false, true), Fate::Goes);
        let scratch =
            json!({ "metadata": owned_by("ReplicaSet"), "spec": { "volumes": [{ "emptyDir": {} }] } });
        assert!(matches!(fate(&scratch, false, true), Fate::Forbidden(_)));
        assert_eq!(fate(&scratch, true, false), Fate::Goes);
        let kept =
            json!({ "metadata": owned_by("StatefulSet"), "spec": { "volumes": [{ "configMap": {} }] } });
        assert_eq!(fate(&kept, false, false), Fate::Goes);
    }
}

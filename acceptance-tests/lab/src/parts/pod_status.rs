//! What the fake node does with a pod. Pure.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

/// Says in every status where it comes from.
pub(crate) const STAND_IN: &str = "stand-in: the lab's fake node runs no container";

/// The next thing to do with a pod.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Nothing.
    Leave,
    /// Its deletion was asked for: it ends.
    Remove,
    /// It has no node: it gets ours.
    Bind,
    /// Its status becomes this.
    Report(Value),
}

/// What becomes of a pod once it is on the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Runs,
    Completes,
    Fails,
    Waits(&'static str),
}

/// Decides what to do with a pod, as of `now`.
///
/// An image whose name contains `broken` cannot be pulled, one with `crash` ends at once;
/// the pods of jobs complete; all others run and are ready.
pub(crate) fn next(pod: &Pod, address: &str, now: Timestamp) -> Action {
    let Some(spec) = &pod.spec else { return Action::Leave };
    if pod.metadata.deletion_timestamp.is_some() {
        return Action::Remove;
    }
    if spec.node_name.as_deref().unwrap_or_default().is_empty() {
        return Action::Bind;
    }
    let status = pod.status.as_ref();
    let pending = status.and_then(|status| status.phase.as_deref()).is_none_or(|phase| phase == "Pending");
    let reported = status.and_then(|status| status.container_statuses.as_ref()).is_some();
    if !pending || reported || spec.node_name.as_deref() != Some(super::fake_node::NAME) {
        return Action::Leave;
    }
    Action::Report(report(pod, fate(pod), address, now))
}

fn fate(pod: &Pod) -> Fate {
    let images = || pod.spec.iter().flat_map(|spec| &spec.containers).filter_map(|one| one.image.as_deref());
    let job = pod.metadata.owner_references.iter().flatten().any(|owner| owner.kind == "Job");
    let restarts = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref()) != Some("Never");
    if images().any(|image| image.contains("broken")) {
        Fate::Waits("ImagePullBackOff")
    } else if images().any(|image| image.contains("crash")) {
        if restarts { Fate::Waits("CrashLoopBackOff") } else { Fate::Fails }
    } else if job {
        Fate::Completes
    } else {
        Fate::Runs
    }
}

fn report(pod: &Pod, fate: Fate, address: &str, now: Timestamp) -> Value {
    // The API takes whole seconds only.
    let now = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let ended = |code: i32, reason: &str| json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": now, "finishedAt": now}});
    let (phase, state) = match fate {
        Fate::Runs => ("Running", json!({"running": {"startedAt": now}})),
        Fate::Completes => ("Succeeded", ended(0, "Completed")),
        Fate::Fails => ("Failed", ended(1, "Error")),
        Fate::Waits(reason) => ("Pending", json!({"waiting": {"reason": reason, "message": STAND_IN}})),
    };
    let ready = fate == Fate::Runs;
    let condition = |kind: &str, holds: bool| json!({"type": kind, "status": if holds { "True" } else { "False" }, "lastTransitionTime": now});
    let containers: Vec<Value> = pod
        .spec
        .iter()
        .flat_map(|spec| &spec.containers)
        .map(|container| {
            json!({
                "name": container.name,
                "image": container.image,
                "imageID": "stand-in",
                "ready": ready,
                "started": ready,
                "restartCount": 0,
                "state": state,
            })
        })
        .collect();
    json!({"status": {
        "phase": phase,
        "message": STAND_IN,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": now,
        "conditions": [
            condition("PodScheduled", true),
            condition("Initialized", true),
            condition("ContainersReady", ready),
            condition("Ready", ready),
        ],
        "containerStatuses": containers,
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(change: Value) -> Pod {
        let mut pod = json!({
            "metadata": {"name": "p"},
            "spec": {"nodeName": "fake", "containers": [{"name": "c", "image": "nginx"}]},
        });
        merge(&mut pod, change);
        serde_json::from_value(pod).unwrap()
    }

    fn merge(into: &mut Value, from: Value) {
        match (into, from) {
            (Value::Object(into), Value::Object(from)) => {
                from.into_iter()
                    .for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
            }
            (into, from) => *into = from,
        }
    }

    fn reported(change: Value) -> Value {
        match next(&pod(change), "10.0.0.1", Timestamp::UNIX_EPOCH) {
            Action::Report(status) => status["status"].clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_pod_without_a_node_gets_one() {
        assert_eq!(next(&pod(json!({"spec": {"nodeName": null}})), "", Timestamp::UNIX_EPOCH), Action::Bind);
    }

    #[test]
    fn a_bound_pod_becomes_ready_once() {
        let status = reported(json!({}));
        assert_eq!(status["phase"], "Running");
        assert_eq!(status["conditions"][3]["status"], "True");
        assert_eq!(next(&pod(json!({"status": status})), "", Timestamp::UNIX_EPOCH), Action::Leave);
    }

    #[test]
    fn the_pod_of_a_job_completes_and_fails_if_its_image_crashes() {
        let owner = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u"}]);
        assert_eq!(reported(json!({"metadata": {"ownerReferences": owner}}))["phase"], "Succeeded");
        let crashing = json!({
            "metadata": {"ownerReferences": owner},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "crash"}]},
        });
        assert_eq!(reported(crashing)["phase"], "Failed");
    }

    #[test]
    fn a_broken_image_keeps_the_pod_waiting() {
        let status = reported(json!({"spec": {"containers": [{"name": "c", "image": "broken:1"}]}}));
        assert_eq!(status["containerStatuses"][0]["state"]["waiting"]["reason"], "ImagePullBackOff");
        assert_eq!(status["conditions"][3]["status"], "False");
        assert_eq!(next(&pod(json!({"status": status})), "", Timestamp::UNIX_EPOCH), Action::Leave);
    }

    #[test]
    fn a_pod_that_is_being_deleted_goes() {
        let deleted = pod(json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
        assert_eq!(next(&deleted, "", Timestamp::UNIX_EPOCH), Action::Remove);
    }
}

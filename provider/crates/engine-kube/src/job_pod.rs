//! A `Pod` of a Job, as far as it says why the Job does not come to its end.

use std::time::Duration;

use serde::Deserialize;

use crate::labels;
use crate::metadata::Metadata;

/// A `Pod` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct JobPod {
    pub(crate) metadata: Metadata,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    conditions: Option<Vec<Condition>>,
    init_container_statuses: Option<Vec<Container>>,
    container_statuses: Option<Vec<Container>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: String,
    message: String,
}

/// A container of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Container {
    pub(crate) name: String,
    state: State,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    waiting: Option<Waiting>,
    running: Option<serde::de::IgnoredAny>,
    terminated: Option<Terminated>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Waiting {
    reason: String,
    message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Terminated {
    exit_code: i32,
    reason: String,
}

/// What keeps a pod from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) sort: Sort,
    /// What the kubelet or the scheduler says.
    pub(crate) words: String,
}

/// Of which sort it is. As long as it is of one sort it is the same obstacle, though the words change between tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// What is asked for is no image's name, or may not be pulled.
    Never,
    /// The image does not come.
    Image,
    /// The container is not made.
    Container,
    /// No node takes the pod, or the pod is not made.
    Place,
}

impl Sort {
    /// How long it may last before nobody waits any longer.
    pub(crate) fn patience(self) -> Duration {
        match self {
            Self::Never => Duration::ZERO,
            // Three tries of a kubelet: at once, after 10 s, and 20 s later.
            Self::Image => Duration::from_mins(1),
            Self::Container | Self::Place => Duration::from_secs(30),
        }
    }
}

impl Obstacle {
    /// Whether it only says that the next try is to come.
    pub(crate) fn is_a_pause(&self) -> bool {
        self.words.contains("BackOff: ")
    }
}

/// Chooses the pods of a Job.
pub(crate) fn selector(job: &str) -> String {
    labels::selector(&[("batch.kubernetes.io/job-name", job)])
}

impl JobPod {
    /// All its containers, in the order in which they run.
    pub(crate) fn containers(&self) -> impl Iterator<Item = &Container> {
        let first = self.status.init_container_statuses.iter().flatten();
        first.chain(self.status.container_statuses.iter().flatten())
    }

    /// Whether a container of it runs or has run.
    pub(crate) fn has_begun(&self) -> bool {
        self.containers()
            .any(|container| container.state.running.is_some() || container.state.terminated.is_some())
    }

    /// What keeps it from starting, if it is more than that it takes its time.
    pub(crate) fn obstacle(&self) -> Option<Obstacle> {
        let held = |container: &Container| {
            let waiting = container.state.waiting.as_ref()?;
            let sort = match waiting.reason.as_str() {
                "" | "ContainerCreating" | "PodInitializing" => return None,
                "InvalidImageName" | "ErrImageNeverPull" => Sort::Never,
                "ErrImagePull"
                | "ImagePullBackOff"
                | "ImageInspectError"
                | "RegistryUnavailable"
                | "SignatureValidationFailed" => Sort::Image,
                _ => Sort::Container,
            };
            let (name, Waiting { reason, message }) = (&container.name, waiting);
            Some(Obstacle { sort, words: format!("container `{name}`: {reason}: {message}") })
        };
        let unplaced = || {
            let mut conditions = self.status.conditions.iter().flatten();
            let placed = conditions.find(|it| it.kind == "PodScheduled" && it.status == "False")?;
            let words = format!("{}: {}", placed.reason, placed.message);
            Some(Obstacle { sort: Sort::Place, words })
        };
        self.containers().find_map(held).or_else(unplaced)
    }

    /// What it is at.
    pub(crate) fn words(&self) -> String {
        let of =
            |container: &Container| Some(format!("container `{}` {}", container.name, container.words()?));
        let all: Vec<String> = self.containers().filter_map(of).collect();
        let what = if all.is_empty() { self.status.phase.clone() } else { all.join(", ") };
        format!("pod {}: {what}", self.metadata.name)
    }
}

impl Container {
    /// The code with which it ended, if it did.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.state.terminated.as_ref().map(|ended| ended.exit_code)
    }

    /// What it is at; nothing if nothing is said of it.
    pub(crate) fn words(&self) -> Option<String> {
        match &self.state {
            State { terminated: Some(Terminated { exit_code, reason }), .. } => {
                Some(format!("ended with {exit_code} ({reason})"))
            }
            State { running: Some(_), .. } => Some("runs".to_owned()),
            State { waiting: Some(waiting), .. } => Some(format!("waits ({})", waiting.reason)),
            State { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: &Value) -> JobPod {
        serde_json::from_value(json!({ "metadata": { "name": "cni-x" }, "status": status })).unwrap()
    }

    fn waits(reason: &str) -> Value {
        json!({ "containerStatuses": [{ "name": "helm", "state": { "waiting": { "reason": reason, "message": "a" } } }] })
    }

    #[test]
    fn an_obstacle_is_more_than_taking_time() {
        for (reason, sort) in [
            ("ContainerCreating", None),
            ("PodInitializing", None),
            ("ErrImagePull", Some(Sort::Image)),
            ("ImagePullBackOff", Some(Sort::Image)),
            ("InvalidImageName", Some(Sort::Never)),
            ("CreateContainerConfigError", Some(Sort::Container)),
        ] {
            assert_eq!(pod(&waits(reason)).obstacle().map(|it| it.sort), sort, "{reason}");
            assert!(!pod(&waits(reason)).has_begun());
        }
        let unplaced =
            json!({ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1" });
        let unplaced = pod(&json!({ "phase": "Pending", "conditions": [unplaced] }));
        let obstacle = Obstacle { sort: Sort::Place, words: "Unschedulable: 0/1".into() };
        assert_eq!(unplaced.obstacle(), Some(obstacle));
    }

    #[test]
    fn a_pod_tells_of_all_its_containers_in_the_order_in_which_they_run() {
        let ended =
            json!({ "name": "first", "state": { "terminated": { "exitCode": 0, "reason": "Completed" } } });
        let mut status = waits("PodInitializing");
        status["initContainerStatuses"] = json!([ended]);
        let pod = pod(&status);
        assert_eq!(
            pod.words(),
            "pod cni-x: container `first` ended with 0 (Completed), container `helm` waits (PodInitializing)"
        );
        assert!(pod.has_begun());
    }
}

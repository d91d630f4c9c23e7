//! A `Job`, as far as it says how far it came.

use engines::bootstrap::JobState;
use serde::Deserialize;

use crate::collection::Collection;
use crate::metadata::Metadata;

/// A `Job` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Job {
    pub(crate) metadata: Metadata,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    conditions: Option<Vec<Condition>>,
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

/// The Jobs of a namespace.
pub(crate) fn collection(namespace: &str) -> Collection {
    Collection::new("batch/v1", "Job", "jobs", Some(namespace))
}

impl Job {
    /// How far it came. While its last pod is ending it is still active, whatever the end will be.
    pub(crate) fn state(&self) -> JobState {
        if self.present("Complete").is_some() {
            JobState::Complete
        } else if self.present("Failed").is_some() {
            JobState::Failed
        } else {
            JobState::Active
        }
    }

    /// Why it failed, in the Job controller's words.
    pub(crate) fn why(&self) -> String {
        match self.present("Failed") {
            Some(failed) if failed.message.is_empty() => failed.reason.clone(),
            Some(failed) => format!("{}: {}", failed.reason, failed.message),
            None => String::new(),
        }
    }

    fn present(&self, kind: &str) -> Option<&Condition> {
        let mut conditions = self.status.conditions.iter().flatten();
        conditions.find(|condition| condition.kind == kind && condition.status == "True")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_settled_end_is_one() {
        let table = [
            (json!([]), JobState::Active),
            (json!([{ "type": "FailureTarget", "status": "True" }]), JobState::Active),
            (json!([{ "type": "SuccessCriteriaMet", "status": "True" }]), JobState::Active),
            (json!([{ "type": "Complete", "status": "False" }]), JobState::Active),
            (json!([{ "type": "Complete", "status": "True" }]), JobState::Complete),
            (json!([{ "type": "Failed", "status": "True" }]), JobState::Failed),
        ];
        for (conditions, state) in table {
            let job: Job = serde_json::from_value(json!({ "status": { "conditions": conditions } })).unwrap();
            assert_eq!(job.state(), state, "{conditions}");
        }
    }
}

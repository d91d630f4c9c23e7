//! Namespaces: a fleet's on its host, and an account's on a member.

use domain::fleet::NamespaceFacts;
use domain::mark::Mark;
use domain::name::Name;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::labels::{ACCESS, FLEET, MEMBER_ROLE};
use crate::mark;
use crate::metadata::{Metadata, wanted};

/// A `Namespace` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Namespace {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default)]
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
    status: String,
    message: String,
}

/// All namespaces.
pub(crate) fn collection() -> Collection {
    Collection::new("v1", "Namespace", "namespaces", None)
}

/// A fleet's namespace as we apply it.
pub(crate) fn fleet_body(name: &str, fleet: &Name, mark: &Mark, member_role: &str) -> Value {
    let mut annotations = mark::to_annotations(mark);
    annotations.insert(MEMBER_ROLE.to_owned(), member_role.to_owned());
    json!({ "metadata": wanted(name, None, &[(FLEET, fleet.as_str())], &annotations) })
}

/// The namespace of an account on a member as we apply it.
pub(crate) fn access_body(name: &str, account: &str) -> Value {
    json!({ "metadata": wanted(name, None, &[(ACCESS, account)], &std::collections::BTreeMap::new()) })
}

impl Namespace {
    /// The namespace in our words.
    pub(crate) fn to_facts(&self) -> NamespaceFacts {
        NamespaceFacts {
            mark: mark::from_annotations(&self.metadata.annotations),
            deleting: self.metadata.is_deleting(),
            member_role: self.metadata.annotation(MEMBER_ROLE).map(str::to_owned),
        }
    }

    /// What it still holds, as its status says.
    pub(crate) fn what_remains(&self) -> String {
        let said: Vec<&str> = self
            .status
            .conditions
            .iter()
            .flatten()
            .filter(|condition| condition.status == "True" && !condition.message.is_empty())
            .map(|condition| condition.message.as_str())
            .collect();
        if said.is_empty() { "it is being deleted".to_owned() } else { said.join("; ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::mark::{Incarnation, Phase};

    #[test]
    fn a_fleets_namespace_reads_back_as_written() {
        let mark = Mark {
            kind: "kurator_fleet".into(),
            name: "demo".into(),
            owner: "default".into(),
            incarnation: Incarnation::new("i-1"),
            phase: Phase::Creating,
        };
        let body = fleet_body("kurator-demo", &Name::parse("demo").unwrap(), &mark, "cluster-admin");
        let read: Namespace = serde_json::from_value(body).unwrap();
        let facts = read.to_facts();
        assert_eq!(
            facts,
            NamespaceFacts { mark: Some(mark), deleting: false, member_role: Some("cluster-admin".into()) }
        );
    }

    #[test]
    fn what_a_namespace_still_holds_is_in_its_conditions() {
        let read: Namespace = serde_json::from_value(json!({
            "metadata": { "name": "kurator-demo", "deletionTimestamp": "2026-11-21T08:00:00Z" },
            "status": { "conditions": [
                { "type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "All resources successfully discovered" },
                { "type": "NamespaceContentRemaining", "status": "True", "message": "Some resources are remaining: kustomizations has 1 resource instances" },
            ]},
        }))
        .unwrap();
        assert!(read.what_remains().starts_with("Some resources are remaining: kustomizations"));
    }
}

//! What the fleet's account may do on a member: a `ClusterRoleBinding`.

use std::collections::BTreeMap;

use domain::fleet::AccessSpec;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::labels::ACCESS;
use crate::metadata::{Metadata, wanted};

const GROUP: &str = "rbac.authorization.k8s.io";

/// A `ClusterRoleBinding` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterRoleBinding {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    role_ref: RoleRef,
    subjects: Option<Vec<Subject>>,
}

#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct RoleRef {
    api_group: String,
    kind: String,
    name: String,
}

#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
struct Subject {
    kind: String,
    name: String,
    namespace: Option<String>,
}

/// All bindings.
pub(crate) fn collection() -> Collection {
    Collection::new("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", None)
}

/// The binding as we apply it.
pub(crate) fn body(access: &AccessSpec) -> Value {
    let labels = [(ACCESS, access.account.as_str())];
    json!({
        "metadata": wanted(&access.account, None, &labels, &BTreeMap::new()),
        "roleRef": role(access),
        "subjects": [subject(access)],
    })
}

fn role(access: &AccessSpec) -> RoleRef {
    RoleRef { api_group: GROUP.to_owned(), kind: "ClusterRole".to_owned(), name: access.role.clone() }
}

fn subject(access: &AccessSpec) -> Subject {
    Subject {
        kind: "ServiceAccount".to_owned(),
        name: access.account.clone(),
        namespace: Some(access.namespace.clone()),
    }
}

impl ClusterRoleBinding {
    /// Whether it binds to the role; it can never be changed to another one, only made anew.
    pub(crate) fn has_role(&self, access: &AccessSpec) -> bool {
        self.role_ref == role(access)
    }

    /// Whether it gives the account the role.
    pub(crate) fn gives(&self, access: &AccessSpec) -> bool {
        self.has_role(access) && self.subjects.iter().flatten().any(|one| *one == subject(access))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_to_another_role_is_told_apart() {
        let access =
            |role: &str| AccessSpec { namespace: "n".into(), account: "a".into(), role: role.into() };
        let read: ClusterRoleBinding = serde_json::from_value(body(&access("view"))).unwrap();
        assert!(read.gives(&access("view")));
        assert!(!read.has_role(&access("cluster-admin")));
    }
}

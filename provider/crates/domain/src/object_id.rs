//! An object as Flux's inventory names it.

use std::fmt;

/// One Kubernetes object: group, version and kind, namespace (none for cluster-wide ones) and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// API group; empty for the core group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Namespace; none for cluster-wide objects.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl ObjectId {
    /// Reads an inventory entry: id `namespace_name_group_Kind` and its version.
    ///
    /// Shape: a `:` in an RBAC name is written as two underscores (Flux, `object.ParseObjMetadata`).
    pub fn from_inventory(id: &str, version: &str) -> Option<Self> {
        let (namespace, rest) = id.split_once('_')?;
        let (rest, kind) = rest.rsplit_once('_')?;
        let (name, group) = rest.rsplit_once('_')?;
        Some(Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: name.replace("__", ":"),
        })
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inventory_entries_are_read() {
        let id = ObjectId::from_inventory("web_podinfo_apps_Deployment", "v1").unwrap();
        assert_eq!(id.to_string(), "Deployment web/podinfo");
        assert_eq!((id.group.as_str(), id.version.as_str()), ("apps", "v1"));
        let core = ObjectId::from_inventory("_web__Namespace", "v1").unwrap();
        assert_eq!(core.to_string(), "Namespace web");
        let rbac = ObjectId::from_inventory("_a__b_rbac.authorization.k8s.io_ClusterRole", "v1").unwrap();
        assert_eq!(rbac.name, "a:b");
        assert_eq!(ObjectId::from_inventory("nonsense", "v1"), None);
    }
}

//! What is known of a cluster once it answers.

use std::fmt;

/// The UID of a cluster's `kube-system` namespace: who the cluster is, wherever it is reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterUid(String);

impl ClusterUid {
    /// Takes a UID as the API server gives it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClusterUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterFacts {
    /// UID of its `kube-system` namespace.
    pub uid: ClusterUid,
    /// Version of the API server, without a leading `v`, as in `1.34.4`.
    pub version: String,
    /// URL of the API server, as the kubeconfig has it.
    pub endpoint: String,
}

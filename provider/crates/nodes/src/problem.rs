//! What cannot be rendered.

/// Why something that a user wrote cannot become part of a node.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A document is not YAML.
    #[error("`{attribute}` is not YAML: {reason}")]
    Yaml {
        /// The attribute that holds it.
        attribute: &'static str,
        /// What the reader says, with its place.
        reason: String,
    },
    /// A document is YAML, but not a mapping.
    #[error("`{attribute}` must be a mapping of fields to values")]
    NotAMapping {
        /// The attribute that holds it.
        attribute: &'static str,
    },
    /// A value has no form in the file that it goes into.
    #[error("`{attribute}` holds a value that cannot be written: {reason}")]
    Unwritable {
        /// The attribute that holds it.
        attribute: &'static str,
        /// Why.
        reason: String,
    },
    /// There are no default companions for a version of Kubernetes.
    #[error("no artifacts are known for Kubernetes {version}: known are 1.{oldest} to 1.{newest}")]
    NoArtifacts {
        /// The version.
        version: String,
        /// The oldest minor version that has some.
        oldest: u64,
        /// The newest minor version that has some.
        newest: u64,
    },
    /// A pod network's chart that has no version which is known to fit.
    #[error("no version of the chart of `{0}` is known: `network.cni.version` has to name one")]
    NoCniVersion(String),
    /// A pod network whose project publishes no chart.
    #[error("the project of `{0}` publishes no chart: `network.cni.source` has to say where one is")]
    NoCniSource(String),
    /// A pod network whose chart is not known.
    #[error("`{0}` is not a pod network whose chart is known")]
    UnknownCni(String),
}

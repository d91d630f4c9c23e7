//! A cluster as the place where a pod network is put before there is one.

use async_trait::async_trait;
use serde_json::Value;

use crate::error::EngineError;
use crate::limits::Limits;

/// The objects of a Job that installs a chart from inside the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct BootstrapJob {
    /// Namespace of the Job and of what it needs.
    pub namespace: String,
    /// Name of the Job and of the Secret.
    pub name: String,
    /// Namespace and account, which stay.
    pub base: Vec<Value>,
    /// The account's rights over the cluster. They go with the Job's end.
    pub binding: Value,
    /// The values. They go with the Job's end.
    pub secret: Value,
    /// The Job.
    pub job: Value,
}

/// How far a Job came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JobState {
    /// There is none of that name.
    #[default]
    Absent,
    /// A pod of it lives, or may still be made.
    Active,
    /// It came to a good end.
    Complete,
    /// It came to another end.
    Failed,
}

/// What helm wrote down of a release's newest revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseFacts {
    /// helm's word, as in `deployed`.
    pub status: String,
    /// Its number, from 1.
    pub revision: u32,
}

/// What is found of a Job and of the release that it makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BootstrapFacts {
    /// The Job.
    pub job: JobState,
    /// The release; none if helm has none of that name.
    pub release: Option<ReleaseFacts>,
}

/// A cluster whose pod network is looked after from outside.
#[async_trait]
pub trait Bootstrap: Send + Sync {
    /// What was noted last with [`Bootstrap::note`]; none before.
    ///
    /// # Errors
    ///
    /// Whatever the API server answers, but for "not found".
    async fn noted(&self, namespace: &str, limits: &Limits) -> Result<Option<String>, EngineError>;

    /// Looks at a Job and at the release `release`, which is in the namespace `of`.
    ///
    /// # Errors
    ///
    /// As in [`Bootstrap::noted`].
    async fn look_at_job(
        &self,
        namespace: &str,
        name: &str,
        of: &str,
        release: &str,
        limits: &Limits,
    ) -> Result<BootstrapFacts, EngineError>;

    /// Runs a Job to its end: one of its name that has ended goes first, one that is active is waited for. Afterwards,
    /// whatever its end, its rights, its Secret and, after a good end, itself are gone.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Rejected`] with the last lines of its pod, or what keeps the pod from starting, if it failed;
    /// [`crate::error::Kind::TimedOut`] with what it is waiting for.
    async fn run_job(&self, job: &BootstrapJob, limits: &Limits) -> Result<(), EngineError>;

    /// Applies documents as they are, namespaces and definitions first. What kind of object a document names is asked of
    /// the API server, once more after definitions.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Rejected`] with the document's kind and name.
    async fn apply_documents(&self, documents: &[Value], limits: &Limits) -> Result<(), EngineError>;

    /// Notes in the namespace, which is made if it is not there, what was installed.
    ///
    /// # Errors
    ///
    /// Whatever the API server answers.
    async fn note(&self, namespace: &str, what: &str, limits: &Limits) -> Result<(), EngineError>;
}

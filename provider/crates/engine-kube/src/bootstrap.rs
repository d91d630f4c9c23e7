//! A cluster as the place where a pod network is put before there is one.

use async_trait::async_trait;
use engines::bootstrap::{Bootstrap, BootstrapFacts, BootstrapJob, JobState};
use engines::error::EngineError;
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use serde_json::{Value, json};

use crate::apply::Manager;
use crate::cluster::KubeCluster;
use crate::collection::Extent;
use crate::job::{self, Job};
use crate::labels::INSTALLED;
use crate::metadata::AnyObject;
use crate::namespace;
use crate::release_secret;

#[async_trait]
impl Bootstrap for KubeCluster {
    async fn noted(&self, namespace: &str, limits: &Limits) -> Result<Option<String>, EngineError> {
        let all = namespace::collection();
        let found = self.find::<AnyObject>(&all, namespace, Extent::Metadata, limits).await?;
        Ok(found.and_then(|found| found.metadata.annotation(INSTALLED).map(str::to_owned)))
    }

    /// Of the Secrets only their labels are asked for: the rest is the release itself.
    async fn look_at_job(
        &self,
        namespace: &str,
        name: &str,
        of: &str,
        release: &str,
        limits: &Limits,
    ) -> Result<BootstrapFacts, EngineError> {
        let (jobs, secrets) = (job::collection(namespace), release_secret::collection(of));
        let selector = release_secret::selector(release);
        let (job, secrets) = futures::future::try_join(
            self.find::<Job>(&jobs, name, Extent::Whole, limits),
            self.list::<AnyObject>(&secrets, &selector, Extent::Metadata, limits),
        )
        .await?;
        let job = job.map_or(JobState::Absent, |job| job.state());
        Ok(BootstrapFacts { job, release: release_secret::newest(&secrets) })
    }

    async fn run_job(&self, job: &BootstrapJob, limits: &Limits) -> Result<(), EngineError> {
        self.run_to_end(job, limits).await
    }

    async fn apply_documents(&self, documents: &[Value], limits: &Limits) -> Result<(), EngineError> {
        self.put_documents(documents, limits).await
    }

    async fn note(&self, namespace: &str, what: &str, limits: &Limits) -> Result<(), EngineError> {
        let body = json!({ "metadata": { "name": namespace, "annotations": { INSTALLED: what } } });
        let all = namespace::collection();
        self.apply::<AnyObject>(&all, namespace, &body, Manager::Note, Conflicts::Force, limits)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, cluster, limits, refuses};
    use engines::bootstrap::ReleaseFacts;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_look_tells_of_the_job_and_of_the_releases_newest_revision() {
        let (there, asked) = cluster(PATIENCE, |line, _| {
            let secret = |version: &str, status: &str| json!({ "metadata": { "labels": { "version": version, "status": status } } });
            if line.contains("/jobs/") {
                let failed = json!({ "type": "Failed", "status": "True" });
                return Answer::Says(200, json!({ "status": { "conditions": [failed] } }));
            }
            Answer::Says(200, json!({ "items": [secret("2", "pending-upgrade"), secret("1", "superseded")] }))
        });
        let facts = there.look_at_job("boot", "cni-1", "kube-system", "cilium", &limits()).await.unwrap();
        let release = ReleaseFacts { status: "pending-upgrade".into(), revision: 2 };
        assert_eq!(facts, BootstrapFacts { job: JobState::Failed, release: Some(release) });
        let selector = "labelSelector=owner%3Dhelm%2Cname%3Dcilium";
        let secrets = format!("GET /api/v1/namespaces/kube-system/secrets?{selector}");
        assert!(asked.lock().unwrap().contains(&secrets), "{asked:?}");

        let (empty, _) = cluster(PATIENCE, |line, _| {
            let items = json!({ "items": null });
            if line.contains("/jobs/") { refuses(404, "NotFound") } else { Answer::Says(200, items) }
        });
        let facts = empty.look_at_job("boot", "cni-1", "kube-system", "cilium", &limits()).await.unwrap();
        assert_eq!(facts, BootstrapFacts::default());
        let (bare, _) = cluster(PATIENCE, |_, _| refuses(404, "NotFound"));
        assert_eq!(bare.noted("boot", &limits()).await.unwrap(), None);
    }
}

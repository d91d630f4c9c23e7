//! The fake clusters as places where a pod network is put. A Job ends at once: well, unless a test says otherwise.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::object_id::ObjectId;
use engines::bootstrap::{Bootstrap, BootstrapFacts, BootstrapJob, JobState, ReleaseFacts};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use serde_json::Value;

use crate::fake_kube::{FakeCluster, FakeClusters};

/// What a cluster remembers of it.
#[derive(Default)]
pub(crate) struct FakeBootstrap {
    /// Jobs that are still there, by namespace and name.
    jobs: BTreeMap<(String, String), JobState>,
    /// Every Job that was run, in order.
    ran: Vec<BootstrapJob>,
    /// Releases by namespace and name.
    releases: BTreeMap<(String, String), ReleaseFacts>,
    notes: BTreeMap<String, String>,
    /// What was applied, by what it is.
    documents: BTreeMap<ObjectId, Value>,
    failure: Option<String>,
}

impl FakeClusters {
    /// Makes every Job on a cluster fail from now on, with these last lines; none lets them end well.
    pub fn fail_jobs(&self, uid: &str, lines: Option<&str>) {
        self.world().cluster(uid).bootstrap.failure = lines.map(str::to_owned);
    }

    /// Sets how far a Job on a cluster came.
    pub fn set_job(&self, uid: &str, namespace: &str, name: &str, state: JobState) {
        let key = (namespace.to_owned(), name.to_owned());
        let mut world = self.world();
        let jobs = &mut world.cluster(uid).bootstrap.jobs;
        match state {
            JobState::Absent => jobs.remove(&key),
            JobState::Active | JobState::Complete | JobState::Failed => jobs.insert(key, state),
        };
    }

    /// Sets what helm wrote down of a release on a cluster; none takes it away.
    pub fn set_release(&self, uid: &str, namespace: &str, name: &str, facts: Option<ReleaseFacts>) {
        let key = (namespace.to_owned(), name.to_owned());
        let mut world = self.world();
        let releases = &mut world.cluster(uid).bootstrap.releases;
        match facts {
            Some(facts) => releases.insert(key, facts),
            None => releases.remove(&key),
        };
    }

    /// Every Job that was run on a cluster, in order, those that failed too.
    pub fn jobs(&self, uid: &str) -> Vec<BootstrapJob> {
        self.world().cluster(uid).bootstrap.ran.clone()
    }

    /// What was applied to a cluster as documents.
    pub fn documents(&self, uid: &str) -> BTreeMap<ObjectId, Value> {
        self.world().cluster(uid).bootstrap.documents.clone()
    }
}

/// What a Job makes, from what helm is told: namespace and name of its release.
fn release_of(job: &Value) -> Option<(String, String)> {
    let arguments = job["spec"]["template"]["spec"]["containers"][0]["args"].as_array()?;
    let words: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
    let name = words.iter().skip_while(|word| **word != "upgrade").nth(1)?;
    let namespace = words.iter().find_map(|word| word.strip_prefix("--namespace="))?;
    Some((namespace.to_owned(), (*name).to_owned()))
}

fn object_id(document: &Value) -> ObjectId {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let api_version = text(&document["apiVersion"]);
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
    ObjectId {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: text(&document["kind"]),
        namespace: document["metadata"]["namespace"].as_str().map(str::to_owned),
        name: text(&document["metadata"]["name"]),
    }
}

impl FakeBootstrap {
    /// A failed one leaves its Job, and a release as helm does that was stopped by an error.
    fn run(&mut self, job: &BootstrapJob) -> Option<String> {
        self.ran.push(job.clone());
        let key = (job.namespace.clone(), job.name.clone());
        if let Some(release) = release_of(&job.job) {
            let revision = self.releases.get(&release).map_or(1, |facts| facts.revision + 1);
            let status = if self.failure.is_some() { "failed" } else { "deployed" };
            self.releases.insert(release, ReleaseFacts { status: status.to_owned(), revision });
        }
        match &self.failure {
            Some(_) => self.jobs.insert(key, JobState::Failed),
            None => self.jobs.remove(&key),
        };
        self.failure.clone()
    }
}

#[async_trait]
impl Bootstrap for FakeCluster {
    async fn noted(&self, namespace: &str, limits: &Limits) -> Result<Option<String>, EngineError> {
        self.look("noted", namespace, limits, |world, uid| {
            world.cluster(uid).bootstrap.notes.get(namespace).cloned()
        })
    }

    async fn look_at_job(
        &self,
        namespace: &str,
        name: &str,
        of: &str,
        release: &str,
        limits: &Limits,
    ) -> Result<BootstrapFacts, EngineError> {
        self.look("look_at_job", &format!("{namespace}/{name}"), limits, |world, uid| {
            let held = &world.cluster(uid).bootstrap;
            let job = held.jobs.get(&(namespace.to_owned(), name.to_owned())).copied();
            let release = held.releases.get(&(of.to_owned(), release.to_owned())).cloned();
            BootstrapFacts { job: job.unwrap_or_default(), release }
        })
    }

    async fn run_job(&self, job: &BootstrapJob, limits: &Limits) -> Result<(), EngineError> {
        let target = format!("{}/{}", job.namespace, job.name);
        let failure =
            self.change("run_job", &target, limits, |world, uid| Ok(world.cluster(uid).bootstrap.run(job)))?;
        match failure {
            Some(lines) => Err(EngineError::new("run_job", target, Kind::Rejected).because(lines)),
            None => Ok(()),
        }
    }

    async fn apply_documents(&self, documents: &[Value], limits: &Limits) -> Result<(), EngineError> {
        let target = format!("{} documents", documents.len());
        self.change("apply_documents", &target, limits, |world, uid| {
            let held = &mut world.cluster(uid).bootstrap.documents;
            held.extend(documents.iter().map(|document| (object_id(document), document.clone())));
            Ok(())
        })
    }

    async fn note(&self, namespace: &str, what: &str, limits: &Limits) -> Result<(), EngineError> {
        self.change("note", namespace, limits, |world, uid| {
            world.cluster(uid).bootstrap.notes.insert(namespace.to_owned(), what.to_owned());
            Ok(())
        })
    }
}

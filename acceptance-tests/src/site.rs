//! The lab that all cases share, and the provider that they test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use lab::lab::{Environment, Lab};
use lab::progress::Progress;
use lab::up::UpOptions;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::cluster::Cluster;
use crate::provider;
use crate::wide::Wide;

/// A running lab with the clusters `hub` and `edge`, and a folder for workspaces. Dropping it takes the lab down.
pub struct Site {
    /// The lab.
    pub lab: Lab,
    /// What is where in it.
    pub environment: Environment,
    /// The provider's binary, alone in its folder.
    pub provider: PathBuf,
    clusters: BTreeMap<String, Cluster>,
    wide: Mutex<Option<Arc<Wide>>>,
    runtime: Arc<Runtime>,
    progress: Progress,
    scratch: TempDir,
}

impl Site {
    /// Starts the lab.
    ///
    /// # Errors
    ///
    /// The lab does not come up, or the provider's binary is missing.
    pub fn open(progress: Progress) -> anyhow::Result<Self> {
        let binary = provider::find()?;
        let scratch = tempfile::Builder::new()
            .prefix("kurator-acceptance-")
            .tempdir()
            .context("making a scratch folder")?;
        let provider = provider::install(&binary, &scratch.path().join("provider"))?;
        let lab = Lab::ephemeral(&UpOptions { progress: progress.clone(), ..UpOptions::default() })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("starting the runtime")?;
        let runtime: Arc<Runtime> = Arc::new(runtime);
        let clusters = lab
            .clusters()?
            .into_iter()
            .map(|name| Ok((name.clone(), Cluster::of(&lab, &name, &runtime)?)))
            .collect::<anyhow::Result<BTreeMap<String, Cluster>>>()?;
        // Helm writes its label onto the namespace it installs into, also onto one that is there, and leaves it there
        // (seen with helm-controller 1.6.4). With the label there from the first, all else can be compared.
        let labelled = json!({ "metadata": { "labels": { "name": "default" } } });
        clusters.values().try_for_each(|cluster| cluster.patch("/api/v1/namespaces/default", &labelled))?;
        let (environment, wide) = (lab.environment()?, Mutex::default());
        Ok(Self { lab, environment, provider, clusters, wide, runtime, progress, scratch })
    }

    /// The cluster that carries Flux.
    ///
    /// # Errors
    ///
    /// The lab has none.
    pub fn hub(&self) -> anyhow::Result<&Cluster> {
        self.cluster("hub")
    }

    /// The other cluster.
    ///
    /// # Errors
    ///
    /// The lab has none.
    pub fn edge(&self) -> anyhow::Result<&Cluster> {
        self.cluster("edge")
    }

    /// All clusters.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values()
    }

    fn cluster(&self, name: &str) -> anyhow::Result<&Cluster> {
        self.clusters.get(name).with_context(|| format!("the lab has no cluster {name}"))
    }

    /// Says something to whoever looks on.
    pub fn say(&self, text: &str) {
        text.lines().for_each(|line| self.progress.say(line));
    }

    /// Where it is said what goes on.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The wider world, started for the first who wants it.
    ///
    /// # Errors
    ///
    /// It does not come up.
    pub fn wide(&self) -> anyhow::Result<Arc<Wide>> {
        let mut wide = self.wide.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wide) = &*wide {
            return Ok(Arc::clone(wide));
        }
        let opened = Arc::new(Wide::open(&self.progress, &self.runtime)?);
        *wide = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// A folder for files that nobody needs after the run.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }
}

//! A wider world for claims about failing clusters: four clusters, and a host of its own beside them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use lab::lab::Lab;
use lab::progress::Progress;
use lab::up::UpOptions;
use tokio::runtime::Runtime;

use crate::cluster::Cluster;

/// The name that the one cluster of the far lab has here.
pub const FAR: &str = "far";

/// Two labs. `near` has `hub`, `edge`, `edge-2` and `edge-3`, `far` one cluster. Dropping it takes both down.
pub struct Wide {
    /// The lab whose clusters fail.
    pub near: Lab,
    /// The lab that has nothing to do with it.
    pub far: Lab,
    clusters: BTreeMap<String, Cluster>,
}

impl Wide {
    /// Starts both labs.
    ///
    /// # Errors
    ///
    /// One does not come up.
    pub fn open(progress: &Progress, runtime: &Arc<Runtime>) -> anyhow::Result<Self> {
        let up = |clusters| {
            Lab::ephemeral(&UpOptions { clusters, progress: progress.clone(), ..UpOptions::default() })
        };
        let (near, far) = (up(4)?, up(1)?);
        let mut clusters = BTreeMap::new();
        for name in near.clusters()? {
            clusters.insert(name.clone(), Cluster::of(&near, &name, runtime)?);
        }
        let host = far.clusters()?.into_iter().next().context("the far lab has no cluster")?;
        clusters.insert(FAR.to_owned(), Cluster::of(&far, &host, runtime)?);
        Ok(Self { near, far, clusters })
    }

    /// A cluster by its name in the near lab, or [`FAR`].
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn cluster(&self, name: &str) -> anyhow::Result<&Cluster> {
        self.clusters.get(name).with_context(|| format!("no cluster is called {name}"))
    }

    /// All clusters.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values()
    }

    /// The kubeconfig with all clusters of the near lab, and the one of the far lab.
    ///
    /// # Errors
    ///
    /// A lab is gone.
    pub fn kubeconfigs(&self) -> anyhow::Result<[PathBuf; 2]> {
        Ok([self.near.kubeconfig(None)?, self.far.kubeconfig(None)?])
    }
}

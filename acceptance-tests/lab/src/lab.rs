//! A lab: its folder, and what can be asked of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::files::write_private;
use crate::layout::Layout;
use crate::oci::Kind;
use crate::progress::Progress;
use crate::runtime::block_on;
use crate::state::State;
use crate::tools::cache::Cache;
use crate::{charts, environment, files, flux_manifests, git, http_client, oci, pki};

/// The repository and the tag that Flux's install manifests are pushed as.
pub(crate) const FLUX_MANIFESTS: (&str, &str) = ("flux/manifests", "v1");

/// A lab that was started, by whoever.
#[derive(Debug)]
pub struct Lab {
    pub(crate) layout: Layout,
    pub(crate) progress: Progress,
    pub(crate) on_drop: OnDrop,
}

/// What becomes of the lab when its value is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDrop {
    /// It goes on.
    Leave,
    /// It goes down.
    Down,
}

/// All that a test needs to know of a lab. Holds no secret; the kubeconfig files do.
#[derive(Clone, Debug, Serialize)]
pub struct Environment {
    /// The lab's folder.
    pub dir: PathBuf,
    /// The kubeconfig with one context per cluster, named as the cluster.
    pub kubeconfig: PathBuf,
    /// The clusters by name.
    pub clusters: BTreeMap<String, ClusterEnvironment>,
    /// The URL under which the git server has its repositories, as `NAME.git`.
    pub git_url: String,
    /// The URL of the Helm repository.
    pub charts_url: String,
    /// The host and port of the OCI registry, plain HTTP.
    pub registry: String,
    /// The parts that are not the real thing, and why.
    pub stand_ins: Vec<String>,
}

/// What a test needs to know of one cluster.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterEnvironment {
    /// The kubeconfig with this cluster only.
    pub kubeconfig: PathBuf,
    /// The URL of its API.
    pub server: String,
    /// The certificate authority, a PEM file.
    pub certificate_authority: PathBuf,
}

/// Flux's install manifests in the registry.
#[derive(Clone, Debug, Serialize)]
pub struct FluxManifests {
    /// The file they are also in.
    pub file: PathBuf,
    /// Where they are in the registry: `oci://HOST:PORT/REPOSITORY`.
    pub url: String,
    /// Their tag.
    pub tag: String,
    /// Their digest.
    pub digest: String,
}

impl Lab {
    /// Opens the lab in `dir`, or in the default folder.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn open(dir: Option<&Path>, progress: Progress) -> anyhow::Result<Self> {
        let layout = layout(dir)?;
        State::of(&layout)?;
        Ok(Self { layout, progress, on_drop: OnDrop::Leave })
    }

    /// The lab's folder.
    pub fn dir(&self) -> &Path {
        self.layout.root()
    }

    /// The names of the clusters, the host first.
    ///
    /// # Errors
    ///
    /// The lab is gone, or its record cannot be read.
    pub fn clusters(&self) -> anyhow::Result<Vec<String>> {
        Ok(State::of(&self.layout)?.clusters)
    }

    /// The kubeconfig of a cluster; with none named, the one with all of them.
    ///
    /// # Errors
    ///
    /// There is no such cluster.
    pub fn kubeconfig(&self, cluster: Option<&str>) -> anyhow::Result<PathBuf> {
        let Some(cluster) = cluster else { return Ok(self.layout.merged_kubeconfig()) };
        self.check_cluster(cluster)?;
        Ok(self.layout.kubeconfig(cluster))
    }

    /// The administrator's token of a cluster: a secret.
    ///
    /// # Errors
    ///
    /// There is no such cluster, or the file cannot be read.
    pub fn token(&self, cluster: &str) -> anyhow::Result<String> {
        self.check_cluster(cluster)?;
        pki::token(&self.layout.pki(cluster))
    }

    pub(crate) fn check_cluster(&self, cluster: &str) -> anyhow::Result<()> {
        let clusters = self.clusters()?;
        if !clusters.iter().any(|known| known == cluster) {
            bail!("no cluster is called {cluster}; there are {}", clusters.join(", "));
        }
        Ok(())
    }

    /// Gives all that a test needs to know.
    ///
    /// # Errors
    ///
    /// The lab is gone, or its record cannot be read, or the lab never came up.
    pub fn environment(&self) -> anyhow::Result<Environment> {
        let state = State::of(&self.layout)?;
        let port = |purpose: &str| {
            state
                .ports
                .get(purpose)
                .copied()
                .with_context(|| format!("the lab has no port for {purpose} yet"))
        };
        let mut clusters = BTreeMap::new();
        for cluster in &state.clusters {
            let server = format!("https://127.0.0.1:{}", port(&crate::specs::proxy_name(cluster))?);
            let certificate_authority = self.layout.pki(cluster).join(pki::CA_CERTIFICATE);
            let kubeconfig = self.layout.kubeconfig(cluster);
            clusters
                .insert(cluster.clone(), ClusterEnvironment { kubeconfig, server, certificate_authority });
        }
        Ok(Environment {
            dir: self.layout.root().to_owned(),
            kubeconfig: self.layout.merged_kubeconfig(),
            clusters,
            git_url: format!("http://127.0.0.1:{}", port("git")?),
            charts_url: format!("http://127.0.0.1:{}", port("charts")?),
            registry: format!("127.0.0.1:{}", port("registry")?),
            stand_ins: vec![
                "node: one fake node per cluster; it says that pods run, and runs none".to_owned(),
            ],
        })
    }

    /// Gives the whole log of a part.
    ///
    /// # Errors
    ///
    /// There is no such part, or it was never started.
    pub fn log(&self, part: &str) -> anyhow::Result<String> {
        let file = self.layout.log(part);
        let content = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        Ok(String::from_utf8_lossy(&content).into_owned())
    }

    /// Makes the content of `folder` the content of branch `main` of a git repository; gives the commit.
    ///
    /// # Errors
    ///
    /// The repository's name is not a plain one, the folder cannot be read, or git refuses.
    pub fn seed_git(&self, repository: &str, folder: &Path) -> anyhow::Result<String> {
        git::seed(&self.layout.git(), repository, folder)
    }

    /// Pushes the content of `folder` as an OCI artifact for Flux; gives its digest.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or the registry does not answer or refuses.
    pub fn push_oci(&self, repository: &str, tag: &str, folder: &Path) -> anyhow::Result<String> {
        let layer = oci::pack(folder, Path::new(""))?;
        self.push(repository, tag, layer, Kind::Flux, serde_json::json!({}))
    }

    /// Puts the chart in `folder` into the Helm repository, as `version` if given; gives its name and version.
    ///
    /// # Errors
    ///
    /// The folder holds no chart, or a file cannot be written.
    pub fn add_chart(&self, folder: &Path, version: Option<&str>) -> anyhow::Result<(String, String)> {
        let chart = charts::pack(folder, version)?;
        charts::publish(&self.layout.charts(), &chart)?;
        Ok((chart.name, chart.version))
    }

    /// Pushes the chart in `folder` to the registry as `prefix/NAME:VERSION`; gives its digest.
    ///
    /// # Errors
    ///
    /// The folder holds no chart, or the registry does not answer or refuses.
    pub fn push_chart(&self, prefix: &str, folder: &Path, version: Option<&str>) -> anyhow::Result<String> {
        let chart = charts::pack(folder, version)?;
        let repository = format!("{}/{}", prefix.trim_end_matches('/'), chart.name);
        self.push(&repository, &chart.version, chart.archive, Kind::Chart, chart.metadata)
    }

    fn push(
        &self,
        repository: &str,
        tag: &str,
        layer: Vec<u8>,
        kind: Kind,
        config: serde_json::Value,
    ) -> anyhow::Result<String> {
        let port = State::of(&self.layout)?.port("registry")?;
        block_on(oci::push(http_client::local(port), repository, tag, layer, kind, config))
    }

    /// Writes Flux's install manifests into one file and pushes it to the registry as `flux/manifests:v1`.
    ///
    /// # Errors
    ///
    /// A tool cannot be built, kustomize refuses, or the registry does not answer.
    pub fn flux_manifests(&self) -> anyhow::Result<FluxManifests> {
        let tools = Cache::open(self.progress.clone())?;
        let text = flux_manifests::render(&tools, &self.layout.temporary())?;
        let folder = self.layout.data("flux-manifests");
        files::private_dir(&folder)?;
        let file = folder.join("install.yaml");
        write_private(&file, text)?;
        let (repository, tag) = FLUX_MANIFESTS;
        let digest = self.push_oci(repository, tag, &folder)?;
        let url = format!("oci://{}/{repository}", self.environment()?.registry);
        Ok(FluxManifests { file, url, tag: tag.to_owned(), digest })
    }
}

/// Gives the layout of the lab in `dir`, or in the default folder, with an absolute path.
pub(crate) fn layout(dir: Option<&Path>) -> anyhow::Result<Layout> {
    let dir = match dir {
        Some(dir) => dir.to_owned(),
        None => environment::default_lab_dir()?,
    };
    let dir = std::path::absolute(&dir).with_context(|| format!("finding {}", dir.display()))?;
    Ok(Layout::new(dir))
}

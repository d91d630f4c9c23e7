//! What is where in the folder of a lab.

use std::path::{Path, PathBuf};

/// The folder of one lab; gives paths, touches nothing.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Takes a folder, which need not exist. The path must be absolute: parts run elsewhere.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What the lab consists of: see [`crate::state`].
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("lab.json")
    }

    /// The output of a part.
    pub(crate) fn log(&self, part: &str) -> PathBuf {
        self.root.join("logs").join(format!("{part}.log"))
    }

    /// The folder with a cluster's certificates, keys and tokens.
    pub(crate) fn pki(&self, cluster: &str) -> PathBuf {
        self.root.join("pki").join(cluster)
    }

    /// The kubeconfig with one context per cluster.
    pub(crate) fn merged_kubeconfig(&self) -> PathBuf {
        self.root.join("kubeconfig")
    }

    /// The kubeconfig of one cluster, through the cluster's proxy: what clients use.
    pub(crate) fn kubeconfig(&self, cluster: &str) -> PathBuf {
        self.root.join(format!("{cluster}.kubeconfig"))
    }

    /// The kubeconfig with one context per cluster, as machines reach them.
    pub(crate) fn reaching_kubeconfig(&self) -> PathBuf {
        self.root.join("machines.kubeconfig")
    }

    /// The kubeconfig of one cluster, past its proxy: what the cluster's own parts use.
    pub(crate) fn inner_kubeconfig(&self, cluster: &str) -> PathBuf {
        self.root.join("inner").join(format!("{cluster}.kubeconfig"))
    }

    /// The socket that a cluster's proxy is told its fault through.
    pub(crate) fn proxy_control(&self, cluster: &str) -> PathBuf {
        self.root.join("inner").join(format!("{cluster}.sock"))
    }

    /// The bare repositories that the git server serves.
    pub(crate) fn git(&self) -> PathBuf {
        self.root.join("git")
    }

    /// The files that the chart server serves.
    pub(crate) fn charts(&self) -> PathBuf {
        self.root.join("charts")
    }

    /// The folder that parts use as their home.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The folder that parts use for temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// The folder in which a part keeps its data.
    pub(crate) fn data(&self, part: &str) -> PathBuf {
        self.root.join("data").join(part)
    }

    /// The folders that any lab has.
    pub(crate) fn common_folders(&self) -> Vec<PathBuf> {
        vec![self.root.join("logs"), self.root.join("data"), self.home(), self.temporary()]
    }

    /// Every folder to make before the parts of control planes are started.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        ["logs", "pki", "inner", "data"]
            .into_iter()
            .map(|name| self.root.join(name))
            .chain([self.git(), self.charts(), self.home(), self.temporary()])
            .collect()
    }
}

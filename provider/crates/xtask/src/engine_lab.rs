//! A lab of its own for the tests of `engine-kube` against real API servers, which start none themselves.

use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;
use tempfile::TempDir;

use crate::build::Built;
use crate::repository::Repository;
use crate::run;

/// What these tests put into the git server.
const MANIFESTS: &str = "provider/crates/engine-kube/tests/control_planes/manifests";

/// A running lab. It goes down with this value.
pub(crate) struct EngineLab {
    lab: std::path::PathBuf,
    folder: TempDir,
    about: About,
}

/// What the lab tells about itself, in part.
#[derive(Debug, Deserialize)]
struct About {
    kubeconfig: String,
    git_url: String,
    registry: String,
}

impl EngineLab {
    /// Starts it: three clusters, because a host, a member and a host without Flux are needed at once.
    pub(crate) fn up(repository: &Repository, built: &Built) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("making a temporary folder")?;
        let about = About { kubeconfig: String::new(), git_url: String::new(), registry: String::new() };
        let mut lab = Self { lab: built.lab.clone(), folder, about };
        run::run(&mut lab.command(&["up", "control-planes", "--clusters", "3"]))?;
        run::run(lab.command(&["git", "seed", "engine"]).arg(repository.path(MANIFESTS)))?;
        run::run(&mut lab.command(&["flux-manifests"]))?;
        let told = run::output(&mut lab.command(&["env"]))?;
        lab.about = serde_json::from_str(&told).context("reading what the lab says")?;
        Ok(lab)
    }

    /// Tells a test program where the lab is.
    pub(crate) fn tell(&self, command: &mut Command) {
        let git = format!("{}/engine.git", self.about.git_url.trim_end_matches('/'));
        command
            .env("KURATOR_LAB_KUBECONFIG", &self.about.kubeconfig)
            .env("KURATOR_LAB_GIT", git)
            .env("KURATOR_LAB_REGISTRY", &self.about.registry);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.lab);
        command.env("LAB_DIR", self.folder.path().join("lab")).args(arguments);
        command
    }
}

impl Drop for EngineLab {
    fn drop(&mut self) {
        if let Err(error) = run::run(&mut self.command(&["down"])) {
            println!("the lab of the engine's tests did not go down: {error:#}");
        }
    }
}

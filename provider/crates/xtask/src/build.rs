//! The binaries that the tasks use: the provider and the lab.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::repository::Repository;
use crate::{environment, run};

/// How a binary is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Fast to build: what tests and the quickstart use.
    Dev,
    /// What ships.
    Release,
}

/// Binaries that are up to date.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    /// The provider.
    pub(crate) provider: PathBuf,
    /// The lab.
    pub(crate) lab: PathBuf,
}

impl Built {
    /// Builds both, or the lab alone where the user names another provider.
    pub(crate) fn up_to_date(repository: &Repository, profile: Profile) -> anyhow::Result<Self> {
        let target = repository.target_dir();
        if let Some(provider) = environment::provider_binary() {
            run::run(&mut repository.cargo(&["build", "-p", "lab"]))?;
            return Ok(Self { provider, lab: target.join("debug/lab") });
        }
        let both = ["build", "-p", "terraform-provider-kurator", "-p", "lab"];
        match profile {
            Profile::Dev => run::run(&mut repository.cargo(&both))?,
            // The provider by itself: what others ask of the crates they share must not get into what ships.
            Profile::Release => {
                run::run(&mut repository.cargo(&["build", "--release", "-p", "terraform-provider-kurator"]))?;
                run::run(&mut repository.cargo(&["build", "-p", "lab"]))?;
            }
        }
        let folder = target.join(match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        });
        Ok(Self { provider: folder.join("terraform-provider-kurator"), lab: target.join("debug/lab") })
    }

    /// A command of the lab.
    pub(crate) fn lab(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.lab);
        command.args(arguments);
        command
    }

    /// The path of a real binary, which the lab builds the first time.
    pub(crate) fn tool(&self, name: &str) -> anyhow::Result<PathBuf> {
        let mut command = self.lab(&["tool", name]);
        // Building takes minutes, and the lab tells how it goes.
        command.stderr(std::process::Stdio::inherit());
        Ok(Path::new(run::output(&mut command)?.trim()).to_owned())
    }
}

//! The clone we work on.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::{environment, run};

/// The clone: where it is and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    root: PathBuf,
}

impl Repository {
    /// Finds the clone that this xtask belongs to.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let package =
            environment::package_dir().context("finding the clone: start me with `cargo run -p xtask`")?;
        let root = package.ancestors().nth(3).context("finding the clone above this package")?;
        Ok(Self { root: root.to_owned() })
    }

    /// The clone's folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path in the clone.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Reads a text file of the clone.
    pub(crate) fn read(&self, relative: &str) -> anyhow::Result<String> {
        std::fs::read_to_string(self.path(relative)).with_context(|| format!("reading {relative}"))
    }

    /// Writes a text file of the clone.
    pub(crate) fn write(&self, relative: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path(relative);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("making the folder of {relative}"))?;
        }
        std::fs::write(&path, text).with_context(|| format!("writing {relative}"))
    }

    /// Lists the files that are, or could be, in a commit, sorted.
    pub(crate) fn files(&self) -> anyhow::Result<Vec<String>> {
        let listed = self.git(&[
            "-c",
            "core.quotePath=false",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
        ])?;
        let mut files: Vec<String> =
            listed.lines().filter(|file| self.root.join(file).is_file()).map(str::to_owned).collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The commit that is checked out, in short, with `-dirty` behind it if a file differs from it.
    pub(crate) fn commit(&self) -> anyhow::Result<String> {
        let commit = self.git(&["rev-parse", "--short=12", "HEAD"])?;
        let is_dirty = !self.git(&["status", "--porcelain"])?.trim().is_empty();
        Ok(format!("{}{}", commit.trim(), if is_dirty { "-dirty" } else { "" }))
    }

    /// The day of that commit.
    pub(crate) fn commit_date(&self) -> anyhow::Result<String> {
        Ok(self.git(&["log", "-1", "--format=%cs"])?.trim().to_owned())
    }

    fn git(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new("git");
        // Whoever runs the checks need not own the clone.
        command.args(["-c", "safe.directory=*"]).args(arguments).current_dir(&self.root);
        run::output(&mut command)
    }

    /// A `cargo` command in the clone.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(environment::cargo());
        command.args(arguments).current_dir(&self.root);
        // `cargo run` tells its program about itself; the cargo that we start must not take it for its own.
        command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_PKG_NAME");
        command
    }

    /// The folder that cargo builds into.
    pub(crate) fn target_dir(&self) -> PathBuf {
        environment::target_dir().map_or_else(|| self.root.join("target"), |dir| self.root.join(dir))
    }
}

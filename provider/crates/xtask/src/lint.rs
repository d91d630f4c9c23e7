//! Everything that is checked without running our code.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::metadata::Metadata;
use crate::repository::Repository;
use crate::{conformance, diagnostics, environment, layers, run, tidy};

/// The version of cargo-deny that is used. A new one is a change to review: its checks grow.
const CARGO_DENY: Tool =
    Tool { name: "cargo-deny", version: "0.20.2", arguments: &["--no-default-features"] };

/// What finds dependencies that nobody uses: it looks for their names in the sources, which takes less than a second.
/// One that is used otherwise is excused in its `Cargo.toml`, under `package.metadata.cargo-machete`.
const CARGO_MACHETE: Tool = Tool { name: "cargo-machete", version: "0.9.2", arguments: &[] };

/// A program that cargo builds into the user's cache the first time.
struct Tool {
    /// Name of the package and of its binary.
    name: &'static str,
    /// The one version that is used.
    version: &'static str,
    /// Further arguments of `cargo install`.
    arguments: &'static [&'static str],
}

/// One check: its name and what does it.
pub(crate) type Check = (&'static str, fn(&Repository) -> anyhow::Result<()>);

/// The checks, cheapest first.
pub(crate) const CHECKS: &[Check] = &[
    ("rustfmt", rustfmt),
    ("tidy", tidy),
    ("diagnostics", diagnostics),
    ("layers", layers),
    ("conformance", conformance),
    ("unused dependencies", machete),
    ("bans, licences and sources", deny),
    ("clippy", clippy),
];

fn rustfmt(repository: &Repository) -> anyhow::Result<()> {
    run::run(&mut repository.cargo(&["fmt", "--all", "--check"]))
}

fn clippy(repository: &Repository) -> anyhow::Result<()> {
    let arguments =
        ["clippy", "--workspace", "--all-targets", "--features", "xtask/bench", "--", "-D", "warnings"];
    run::run(&mut repository.cargo(&arguments))
}

fn tidy(repository: &Repository) -> anyhow::Result<()> {
    none(&tidy::problems(repository, &Metadata::read(repository)?)?)
}

fn diagnostics(repository: &Repository) -> anyhow::Result<()> {
    none(&diagnostics::problems(repository)?)
}

fn layers(repository: &Repository) -> anyhow::Result<()> {
    none(&layers::problems(repository, &Metadata::read(repository)?)?)
}

fn conformance(repository: &Repository) -> anyhow::Result<()> {
    none(&conformance::problems(repository)?)
}

/// Runs cargo-deny, which takes 4 minutes to build on two cores.
fn deny(repository: &Repository) -> anyhow::Result<()> {
    let program = CARGO_DENY.installed(repository)?;
    // A build fetches what this platform needs, and cargo-deny looks at all of them.
    run::run(&mut repository.cargo(&["fetch", "--locked", "--quiet"]))?;
    let mut command = Command::new(program);
    command.args(["--offline", "--log-level", "error", "check", "bans", "licenses", "sources"]);
    run::run(command.current_dir(repository.root()))
}

fn machete(repository: &Repository) -> anyhow::Result<()> {
    let mut command = Command::new(CARGO_MACHETE.installed(repository)?);
    run::run(command.arg("--skip-target-dir").current_dir(repository.root()))
}

impl Tool {
    /// The binary, built if it is not there yet.
    fn installed(&self, repository: &Repository) -> anyhow::Result<PathBuf> {
        let cache = environment::cache()
            .context("finding the cache folder: neither XDG_CACHE_HOME nor HOME is set")?;
        let root = cache.join(format!("cargo-tools/{}-{}", self.name, self.version));
        let program = root.join("bin").join(self.name);
        if !program.is_file() {
            let mut install = repository.cargo(&["install", self.name, "--locked"]);
            install.args(self.arguments).args(["--version", self.version, "--root"]).arg(&root);
            // Its own build folder goes with it: it shares nothing with ours.
            run::run(install.env_remove("CARGO_TARGET_DIR"))?;
        }
        Ok(program)
    }
}

/// Succeeds if there are no problems, else gives them all.
fn none(problems: &[String]) -> anyhow::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{} found\n{}", problems.len(), problems.join("\n"))
}

//! Everything that is checked without running our code.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::metadata::Metadata;
use crate::repository::Repository;
use crate::{conformance, diagnostics, environment, layers, run, tidy};

/// The version of cargo-deny that is used. A new one is a change to review: its checks grow.
const CARGO_DENY: &str = "0.20.2";

/// One check: its name and what does it.
pub(crate) type Check = (&'static str, fn(&Repository) -> anyhow::Result<()>);

/// The checks, cheapest first.
pub(crate) const CHECKS: &[Check] = &[
    ("rustfmt", rustfmt),
    ("tidy", tidy),
    ("diagnostics", diagnostics),
    ("layers", layers),
    ("conformance", conformance),
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

/// Runs cargo-deny, which is built into the user's cache the first time: 4 minutes on two cores.
fn deny(repository: &Repository) -> anyhow::Result<()> {
    let root = cargo_deny_root()?;
    let program = root.join("bin/cargo-deny");
    if !program.is_file() {
        let mut install = repository.cargo(&["install", "cargo-deny", "--locked", "--no-default-features"]);
        // Its own build folder goes with it: it shares nothing with ours.
        run::run(
            install.args(["--version", CARGO_DENY, "--root"]).arg(&root).env_remove("CARGO_TARGET_DIR"),
        )?;
    }
    // A build fetches what this platform needs, and cargo-deny looks at all of them.
    run::run(&mut repository.cargo(&["fetch", "--locked", "--quiet"]))?;
    let mut command = Command::new(program);
    command.args(["--offline", "--log-level", "error", "check", "bans", "licenses", "sources"]);
    run::run(command.current_dir(repository.root()))
}

fn cargo_deny_root() -> anyhow::Result<PathBuf> {
    let cache =
        environment::cache().context("finding the cache folder: neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(cache.join(format!("cargo-tools/cargo-deny-{CARGO_DENY}")))
}

/// Succeeds if there are no problems, else gives them all.
fn none(problems: &[String]) -> anyhow::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{} found\n{}", problems.len(), problems.join("\n"))
}

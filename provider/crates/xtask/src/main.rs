//! Tasks of this repository: `cargo run -p xtask -- help`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people: this is how it answers"
)]

#[cfg(feature = "bench")]
mod bench;
mod build;
mod conformance;
mod diagnostics;
mod docs;
mod engine_lab;
mod environment;
mod examples;
mod files;
mod host;
mod layers;
mod lint;
mod metadata;
mod quickstart;
mod release;
mod repository;
mod run;
mod schema;
mod slow;
mod suite;
mod tidy;

#[cfg(feature = "bench")]
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Parser, Subcommand};

use crate::build::{Built, Profile};
use crate::metadata::Metadata;
use crate::repository::Repository;
use crate::suite::Extent;

/// Tasks of this repository.
#[derive(Debug, Parser)]
#[command(name = "xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check sizes, unfinished work, paths of one machine, the top level
    Tidy,
    /// Compare the diagnostics in the sources with their catalogue and their tests
    Diagnostics,
    /// Compare who imports whom with docs/contributing/layers.txt
    Layers {
        /// Write the edges into that file instead
        #[arg(long)]
        write: bool,
    },
    /// Compare docs/contributing/conformance.md with the tests there are
    Conformance {
        /// Run them and write their results into the page instead
        #[arg(long)]
        write: bool,
    },
    /// Run every check that needs no running of our code
    Lint,
    /// Write schemas/golden/provider.json from the built provider
    Schema {
        /// Compare instead
        #[arg(long)]
        check: bool,
    },
    /// Write the reference in docs/
    Docs {
        /// Compare and validate instead
        #[arg(long)]
        check: bool,
    },
    /// Validate every example with real hosts
    Examples,
    /// Run all checks and tests
    Test {
        /// With the release binary, many more cases for each property, and the claims that take long
        #[arg(long, conflicts_with = "acceptance")]
        slow: bool,
        /// Of what takes long only this; all if none is named
        #[arg(value_enum, requires = "slow")]
        parts: Vec<slow::Part>,
        /// The acceptance cases alone
        #[arg(long)]
        acceptance: bool,
    },
    /// Start the lab, apply examples/quickstart and show what arrived
    Quickstart,
    /// Build the provider as it ships and print where it is
    Build,
    /// Build what is published of this version: archive, manifest, bill of materials, checksums
    Release,
    /// Measure speed and size of the release binary
    #[cfg(feature = "bench")]
    Bench {
        /// What to measure; all but the last two if none is named
        #[arg(value_enum)]
        parts: Vec<bench::measure::Part>,
    },
    /// Run a program and note what it used: what the measured provider is started by
    #[cfg(feature = "bench")]
    #[command(hide = true)]
    Watch {
        /// Where to note it
        log: PathBuf,
        /// The program
        program: PathBuf,
        /// Its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    #[cfg(feature = "bench")]
    if let Task::Watch { log, program, arguments } = &task {
        return bench::usage::watch(log, program, arguments).unwrap_or_else(|error| {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        });
    }
    match perform(&task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: &Task) -> anyhow::Result<()> {
    let repository = Repository::find()?;
    let built = || Built::up_to_date(&repository, Profile::Dev);
    match task {
        Task::Tidy => none("tidy", &tidy::problems(&repository, &Metadata::read(&repository)?)?),
        Task::Diagnostics => none("diagnostics", &diagnostics::problems(&repository)?),
        Task::Layers { write: true } => layers::write(&repository, &Metadata::read(&repository)?),
        Task::Layers { write: false } => {
            none("layers", &layers::problems(&repository, &Metadata::read(&repository)?)?)
        }
        Task::Conformance { write: true } => conformance::write(&repository),
        Task::Conformance { write: false } => none("conformance", &conformance::problems(&repository)?),
        Task::Lint => suite::lint(&repository),
        Task::Schema { check: true } => schema::check(&repository, &built()?),
        Task::Schema { check: false } => schema::write(&repository, &built()?),
        Task::Docs { check: true } => docs::check(&repository, &built()?),
        Task::Docs { check: false } => docs::write(&repository, &built()?),
        Task::Examples => {
            for skipped in examples::check(&repository, &built()?)? {
                println!("{skipped}");
            }
            Ok(())
        }
        Task::Test { slow: true, parts, .. } => {
            let parts = if parts.is_empty() { slow::ALL.to_vec() } else { parts.clone() };
            suite::run(&repository, &Extent::Slow(parts))
        }
        Task::Test { acceptance: true, .. } => suite::run(&repository, &Extent::Acceptance),
        Task::Test { .. } => suite::run(&repository, &Extent::Usual),
        Task::Quickstart => quickstart::run(&repository),
        Task::Build => {
            println!("{}", build::shipped(&repository, &build::Platform::this(), None)?.display());
            Ok(())
        }
        Task::Release => release::run(&repository).map(drop),
        #[cfg(feature = "bench")]
        Task::Bench { parts } if parts.is_empty() => bench::measure::run(&repository, &bench::measure::USUAL),
        #[cfg(feature = "bench")]
        Task::Bench { parts } => bench::measure::run(&repository, parts),
        // Answered before: it needs no repository.
        #[cfg(feature = "bench")]
        Task::Watch { .. } => Ok(()),
    }
}

/// Succeeds if there are no problems, else shows them.
fn none(check: &str, problems: &[String]) -> anyhow::Result<()> {
    for problem in problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{check}: {} found", problems.len());
    }
    println!("{check}: in order");
    Ok(())
}

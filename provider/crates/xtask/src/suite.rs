//! All checks and tests, and a last line that adds up what the runners said.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::build::{Built, Profile};
use crate::engine_lab::EngineLab;
use crate::host::{Host, NO_TERRAFORM};
use crate::lint::{self, Check};
use crate::repository::Repository;
use crate::slow::{self, Part};
use crate::{docs, examples, release, run, schema};

/// How much is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What every change must pass.
    Usual,
    /// Parts of what takes long, with the release binary.
    Slow(Vec<Part>),
    /// The acceptance cases alone.
    Acceptance,
}

impl Extent {
    /// Whether everything is run that a change must pass.
    fn is_whole(&self) -> bool {
        match self {
            Self::Usual => true,
            Self::Slow(parts) => parts.contains(&Part::Usual),
            Self::Acceptance => false,
        }
    }
}

/// How many cases a property gets when there is time.
const MANY_CASES: &str = "5000";

/// The server that the tests of engine-ssh start.
const SSHD: &str = "/usr/sbin/sshd";

/// What is said where there is none.
const NO_SSHD: &str =
    "skipped: sshd is not there, and with it the tests against OpenSSH (Debian: openssh-server)";

/// What the checks and the test runners found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    checks_passed: usize,
    checks_failed: Vec<&'static str>,
    passed: usize,
    failed: usize,
    ignored: usize,
    /// Runners that ended badly without saying that a test failed: one that does not compile, for example.
    broken: Vec<String>,
    skipped: Vec<String>,
}

/// Runs the checks that need no running of our code.
///
/// # Errors
///
/// One of them fails; all are run.
pub(crate) fn lint(repository: &Repository) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    tally.lint(repository, lint::CHECKS);
    tally.conclude()
}

/// Runs all there is of `extent`.
///
/// # Errors
///
/// Something fails; what can be run nevertheless is run.
pub(crate) fn run(repository: &Repository, extent: &Extent) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    if extent.is_whole() {
        tally.lint(repository, lint::CHECKS);
    }
    let profile = if matches!(extent, Extent::Slow(_)) { Profile::Release } else { Profile::Dev };
    head("the provider and the lab");
    match Built::up_to_date(repository, profile) {
        Ok(built) => tally.run(repository, extent, &built)?,
        Err(error) => tally.broken.push(format!("build: {error:#}")),
    }
    tally.conclude()
}

/// The command that runs test programs, all if none is named.
fn test_command(repository: &Repository, provider: &Path, programs: &[&str]) -> Command {
    // The whole workspace in any case, so that crates are built with the same features every time.
    let mut command = repository.cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.args(programs.iter().flat_map(|program| ["--test", *program]));
    command.env("KURATOR_PROVIDER_BINARY", provider);
    command
}

/// Shows which part begins.
fn head(part: &str) {
    println!("\n=== {part}");
}

impl Tally {
    fn lint(&mut self, repository: &Repository, checks: &[Check]) {
        for (name, check) in checks {
            self.check(name, || check(repository));
        }
    }

    fn run(&mut self, repository: &Repository, extent: &Extent, built: &Built) -> anyhow::Result<()> {
        if Host::terraform().is_none() {
            self.skipped.push(NO_TERRAFORM.to_owned());
        }
        if !Path::new(SSHD).exists() {
            self.skipped.push(NO_SSHD.to_owned());
        }
        if extent.is_whole() {
            self.check("golden schema", || schema::check(repository, built));
            self.check("docs", || docs::check(repository, built));
            let mut skipped = Vec::new();
            self.check("examples", || examples::check(repository, built).map(|lines| skipped = lines));
            self.skipped.extend(skipped);
        }
        // A copy, because the tests' own builds put another one in its place.
        let folder = tempfile::tempdir().context("making a temporary folder")?;
        let provider = folder.path().join("terraform-provider-kurator");
        std::fs::copy(&built.provider, &provider).context("copying the provider")?;
        match extent {
            Extent::Usual => {
                let lab = EngineLab::up(repository, built)?;
                head("tests");
                let mut command = test_command(repository, &provider, &[]);
                lab.tell(&mut command);
                self.tests(&mut command)
            }
            Extent::Acceptance => {
                head("acceptance");
                self.tests(&mut test_command(repository, &provider, &["acceptance"]))
            }
            Extent::Slow(parts) => {
                let when = slow::when(repository)?;
                for part in parts {
                    let (mut of_part, begun) = (Self::default(), Instant::now());
                    if let Err(error) = of_part.part(repository, built, &provider, *part) {
                        of_part.broken.push(format!("{part}: {error:#}"));
                    }
                    slow::note(repository, *part, &of_part.counts(), begun.elapsed(), &when)?;
                    self.take(of_part);
                }
                Ok(())
            }
        }
    }

    /// Runs a part of what takes long.
    fn part(
        &mut self,
        repository: &Repository,
        built: &Built,
        provider: &Path,
        part: Part,
    ) -> anyhow::Result<()> {
        let mut command = test_command(repository, provider, part.programs());
        // It stays up until the tests are over.
        let _lab = match part {
            Part::Usual => {
                let lab = EngineLab::up(repository, built)?;
                lab.tell(&mut command);
                head("release");
                command.env("KURATOR_RELEASE", release::run(repository)?).env("PROPTEST_CASES", MANY_CASES);
                Some(lab)
            }
            Part::Account => {
                head("release");
                command.env("KURATOR_RELEASE", release::run(repository)?).env("KURATOR_SLOW", part.name());
                None
            }
            Part::Cuts | Part::Faults | Part::Leaving | Part::Machines => {
                command.env("KURATOR_SLOW", part.name());
                None
            }
        };
        head(&format!("tests that take long: {part}"));
        self.tests(&mut command)?;
        if self.passed + self.failed == 0 {
            self.broken.push(format!("{part}: no test ran"));
        }
        Ok(())
    }

    /// Adds what another one counted.
    fn take(&mut self, other: Self) {
        self.checks_passed += other.checks_passed;
        self.checks_failed.extend(other.checks_failed);
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.broken.extend(other.broken);
        self.skipped.extend(other.skipped);
    }

    fn check(&mut self, name: &'static str, check: impl FnOnce() -> anyhow::Result<()>) {
        head(name);
        match check() {
            Ok(()) => {
                println!("{name}: passed");
                self.checks_passed += 1;
            }
            Err(error) => {
                println!("{name}: FAILED: {error:#}");
                self.checks_failed.push(name);
            }
        }
    }

    /// Runs test programs, showing what they say and adding up their closing lines.
    fn tests(&mut self, command: &mut Command) -> anyhow::Result<()> {
        let words = run::words(command);
        let mut child =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("starting {words}"))?;
        let failed_before = self.failed;
        if let Some(output) = child.stdout.take() {
            let mut lines = BufReader::new(output);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).with_context(|| format!("reading from {words}"))? > 0 {
                std::io::stdout().write_all(&line).context("writing")?;
                self.add(&String::from_utf8_lossy(&line));
                line.clear();
            }
        }
        let status = child.wait().with_context(|| format!("waiting for {words}"))?;
        if !status.success() && self.failed == failed_before {
            self.broken.push(format!("{words}: ended with {status}"));
        }
        Ok(())
    }

    /// Adds a runner's closing line, `test result: ok. 3 passed; 0 failed; 0 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(result) = line.trim_start().strip_prefix("test result: ") else { return };
        let Some((_, counts)) = result.split_once(". ") else { return };
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<usize>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// How much passed and how much did not.
    fn counts(&self) -> String {
        let ignored = if self.ignored == 0 { String::new() } else { format!(", {} ignored", self.ignored) };
        let bad = self.checks_failed.len() + self.broken.len();
        format!("{} passed, {} failed{ignored}", self.checks_passed + self.passed, bad + self.failed)
    }

    /// The last lines.
    fn lines(&self) -> Vec<String> {
        let mut lines = self.skipped.clone();
        lines.extend(self.checks_failed.iter().map(|name| format!("failed: {name}")));
        lines.extend(self.broken.iter().map(|what| format!("failed: {what}")));
        lines.push(format!(
            "{} ({} checks, {} tests)",
            self.counts(),
            self.checks_passed + self.checks_failed.len(),
            self.passed + self.failed,
        ));
        lines
    }

    fn conclude(&self) -> anyhow::Result<()> {
        println!();
        self.lines().iter().for_each(|line| println!("{line}"));
        if self.failed + self.checks_failed.len() + self.broken.len() > 0 {
            bail!("not everything passed");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let mut tally = Tally::default();
        tally.add(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
        );
        tally.add("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.2s\n");
        tally.add("test moves ... ok\n");
        assert_eq!((tally.passed, tally.failed, tally.ignored), (7, 2, 1));
    }

    #[test]
    fn a_runner_that_broke_counts_as_a_failure() {
        let tally = Tally {
            checks_passed: 2,
            checks_failed: vec!["docs"],
            passed: 5,
            broken: vec!["cargo test: ended with 101".to_owned()],
            ..Tally::default()
        };
        let wanted =
            ["failed: docs", "failed: cargo test: ended with 101", "7 passed, 2 failed (3 checks, 5 tests)"];
        assert_eq!(tally.lines(), wanted);
    }
}

//! Other people's programs, run to their end.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::environment::search_path;

/// Prepares a program: the search path that parts have, no input.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", search_path()).env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// Runs a program and gives what it prints.
///
/// # Errors
///
/// It cannot be started, or it fails: what it said is in the error.
pub(crate) fn run<A: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = A>,
) -> anyhow::Result<String> {
    let mut command = command(program);
    command.args(arguments);
    output(&mut command)
}

/// Runs what is prepared and gives what it prints.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let doing = || format!("running {}", words.join(" "));
    let output = command.output().with_context(doing)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!("{}: {}: {said}", doing(), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `ip` with these words.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn ip(words: &str) -> anyhow::Result<String> {
    run("ip", words.split_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_is_named_with_what_it_said() {
        let error = run("sh", ["-c", "echo so what >&2; exit 3"]).unwrap_err().to_string();
        assert!(error.contains("sh -c") && error.contains("so what") && error.contains('3'), "{error}");
    }
}

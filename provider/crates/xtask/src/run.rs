//! Running other programs.

use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Runs a program, its output being ours.
///
/// # Errors
///
/// It cannot be started, or it fails.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let words = words(command);
    let status = command.status().with_context(|| format!("starting {words}"))?;
    if !status.success() {
        bail!("{words}: ended with {status}");
    }
    Ok(())
}

/// Runs a program and gives what it printed.
///
/// # Errors
///
/// It cannot be started, or it fails; then the error holds what it said.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let words = words(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("starting {words}"))?;
    if !output.status.success() {
        let said =
            [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
        bail!("{words}: ended with {}\n{}", output.status, said.join("\n").trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("reading what {words} printed"))
}

/// Runs a program and gives what it printed, whether or not it failed.
///
/// # Errors
///
/// It cannot be started.
pub(crate) fn whatever(command: &mut Command) -> anyhow::Result<String> {
    let words = words(command);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("starting {words}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as a person would type it: the program's name and its arguments.
pub(crate) fn words(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}

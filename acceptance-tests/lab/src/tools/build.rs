//! One build of one Go module.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::files::{copy_folder, private_dir, write_private};
use crate::progress::Progress;
use crate::tools::recipe::{Config, Recipe};

/// How long a build may be silent before it says that it is still going.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// How much of a broken build's output is shown.
const LINES_SHOWN: usize = 20;

/// The Go that the tools were built with when their versions were chosen.
const KNOWN_GO: &str = "1.26.8";

/// Says how to get Go. The distributions' own are often too old.
fn get_go() -> String {
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!(
        "get it with\n  curl -fsSL https://go.dev/dl/go{KNOWN_GO}.linux-{machine}.tar.gz \
         | sudo tar -xz -C /usr/local\nand put /usr/local/go/bin into PATH"
    )
}

/// Builds a recipe in `scratch` and gives the folder with what came of it.
pub(crate) fn build(recipe: &Recipe, scratch: &Path, progress: &Progress) -> anyhow::Result<PathBuf> {
    let begun = Instant::now();
    let module = scratch.join("module");
    let out = scratch.join("out");
    private_dir(&module)?;
    private_dir(&out)?;
    // A copy: the checkout stays as it is, and a stray go.work above it has no say.
    write_private(&module.join("go.mod"), recipe.go_mod)?;
    write_private(&module.join("go.sum"), recipe.go_sum)?;
    check_go(recipe, &module)?;
    let version = recipe.version().unwrap_or_default();
    progress.say(&format!("{} {version}: building, once; this can take minutes", recipe.name));
    compile(recipe, &module, &out, progress)?;
    for binary in recipe.binaries {
        let built = out.join(built_name(binary.package));
        if built != out.join(binary.name) {
            fs::rename(&built, out.join(binary.name)).with_context(|| format!("naming {}", binary.name))?;
        }
    }
    if recipe.config == Config::Kept {
        let dir = go(&module, &["list", "-m", "-mod=readonly", "-f", "{{.Dir}}", recipe.main_module])?;
        copy_folder(&Path::new(dir.trim()).join("config"), &out.join("config"))?;
    }
    progress.say(&format!("{} {version}: built in {:.0} s", recipe.name, begun.elapsed().as_secs_f64()));
    Ok(out)
}

fn command(module: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(module).env("CGO_ENABLED", "0").env("GOWORK", "off").env_remove("GOFLAGS");
    command
}

/// Runs a short `go` command and gives what it prints.
fn go(module: &Path, args: &[&str]) -> anyhow::Result<String> {
    let doing = || format!("running go {}", args.join(" "));
    let output = command(module).args(args).output().with_context(doing)?;
    if !output.status.success() {
        bail!("{}: {}", doing(), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(doing)
}

/// Refuses a Go that is missing or that refuses the module, with the command that helps.
fn check_go(recipe: &Recipe, module: &Path) -> anyhow::Result<()> {
    let needed = recipe.go_mod.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or("1.26");
    match command(module).args(["list", "-m", "-mod=readonly"]).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => bail!(
            "building {} needs Go {needed} or newer, and the one in PATH does not do: {}\n{}",
            recipe.name,
            String::from_utf8_lossy(&output.stderr).trim(),
            get_go()
        ),
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            bail!(
                "building {} needs Go {needed} or newer, and there is no `go` in PATH; {}",
                recipe.name,
                get_go()
            )
        }
        Err(cause) => Err(cause).context("running go"),
    }
}

/// Compiles all binaries of the recipe into `out`, with a sign of life while it takes long.
fn compile(recipe: &Recipe, module: &Path, out: &Path, progress: &Progress) -> anyhow::Result<()> {
    let doing = || format!("building {}", recipe.name);
    let mut child = command(module)
        .args(recipe.build_arguments())
        .arg("-o")
        .arg(format!("{}/", out.display()))
        .args(recipe.binaries.iter().map(|binary| binary.package))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(doing)?;
    let output = child.stderr.take().with_context(doing)?;
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut last = VecDeque::with_capacity(LINES_SHOWN);
    let mut compiled = 0_usize;
    let mut said = Instant::now();
    loop {
        match lines.recv_timeout(SIGN_OF_LIFE) {
            Ok(line) => {
                compiled += usize::from(!line.starts_with("go: "));
                if last.len() == LINES_SHOWN {
                    last.pop_front();
                }
                last.push_back(line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if said.elapsed() >= SIGN_OF_LIFE {
            progress.say(&format!("{}: still building, {compiled} packages compiled so far", recipe.name));
            said = Instant::now();
        }
    }
    let _ = reader.join();
    let status = child.wait().with_context(doing)?;
    if !status.success() {
        let last: Vec<String> = last.into();
        bail!("{}: go ended with {status}; its last lines:\n{}", doing(), last.join("\n"));
    }
    Ok(())
}

/// Gives the name that `go build` gives a package's binary: the last element that is no major version.
fn built_name(package: &str) -> &str {
    let mut elements = package.rsplit('/');
    let last = elements.next().unwrap_or(package);
    let major = last.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    if major { elements.next().unwrap_or(last) } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_named_after_its_package_without_the_major_version() {
        assert_eq!(built_name("go.etcd.io/etcd/server/v3"), "server");
        assert_eq!(built_name("k8s.io/kubernetes/cmd/kubectl"), "kubectl");
        assert_eq!(built_name("example.org/vault"), "vault");
    }
}

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
            Profile::Release => {
                run::run(&mut repository.cargo(&["build", "-p", "lab"]))?;
                // The provider by itself: what others ask of the crates they share must not get into it.
                run::run(&mut repository.cargo(&["build", "--release", "-p", "terraform-provider-kurator"]))?;
                let provider = target.join("release/terraform-provider-kurator");
                return Ok(Self { provider, lab: target.join("debug/lab") });
            }
        }
        Ok(Self { provider: target.join("debug/terraform-provider-kurator"), lab: target.join("debug/lab") })
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

/// What a binary is built for.
#[derive(Clone, Debug)]
pub(crate) struct Platform {
    /// As the compiler calls it.
    pub(crate) target: String,
}

impl Platform {
    /// This machine's kind.
    pub(crate) fn this() -> Self {
        let arch = std::env::consts::ARCH;
        let target = match std::env::consts::OS {
            "macos" => format!("{arch}-apple-darwin"),
            _ => format!("{arch}-unknown-linux-gnu"),
        };
        Self { target }
    }

    /// As registries call it, such as `linux_amd64`.
    pub(crate) fn registry_name(&self) -> String {
        let os = if self.target.contains("apple") { "darwin" } else { "linux" };
        let arch = match self.target.split('-').next() {
            Some("x86_64") => "amd64",
            Some("aarch64") => "arm64",
            other => other.unwrap_or_default(),
        };
        format!("{os}_{arch}")
    }
}

/// Builds the provider as it ships, static where that can be, without a path of this machine in it. A released binary
/// knows its `commit`.
///
/// The provider by itself: what others ask of the crates they share must not get into what ships.
pub(crate) fn shipped(
    repository: &Repository,
    platform: &Platform,
    commit: Option<&str>,
) -> anyhow::Result<PathBuf> {
    let target = platform.target.as_str();
    let mut flags = Vec::new();
    if target.ends_with("linux-gnu") {
        flags.extend(["-C".to_owned(), "target-feature=+crt-static".to_owned()]);
    }
    let home = environment::cargo_home();
    let places = [(Some(repository.root().to_owned()), "."), (home.clone(), "cargo")];
    let places = places.iter().filter_map(|(place, name)| Some((place.as_ref()?.display(), name)));
    flags.extend(places.clone().map(|(place, name)| format!("--remap-path-prefix={place}={name}")));
    let c_flags: Vec<String> =
        places.map(|(place, name)| format!("-ffile-prefix-map={place}={name}")).collect();
    let arguments =
        ["build", "--release", "--locked", "--package", "terraform-provider-kurator", "--target", target];
    let mut command = repository.cargo(&arguments);
    // With a target named these are for it alone, and not for what runs while building.
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    command.env(format!("CFLAGS_{}", target.replace('-', "_")), c_flags.join(" "));
    match commit {
        Some(commit) => command.env("KURATOR_COMMIT", commit),
        None => command.env_remove("KURATOR_COMMIT"),
    };
    run::run(&mut command)?;
    Ok(repository.target_dir().join(target).join("release/terraform-provider-kurator"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_the_registries_names() {
        let name = |target: &str| Platform { target: target.to_owned() }.registry_name();
        assert_eq!(name("x86_64-unknown-linux-gnu"), "linux_amd64");
        assert_eq!(name("aarch64-apple-darwin"), "darwin_arm64");
    }
}

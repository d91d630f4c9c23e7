//! The programs that run a provider, Terraform and OpenTofu, and a private place for them to work in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::build::Built;
use crate::{environment, run};

/// The provider's address without a registry.
pub(crate) const SOURCE: &str = "kurator-dev/kurator";

/// What is said where Terraform is not used.
pub(crate) const NO_TERRAFORM: &str = "skipped: terraform is not on the PATH";

/// A Terraform or an OpenTofu.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// `terraform` or `tofu`.
    pub(crate) name: &'static str,
    /// The program.
    pub(crate) program: PathBuf,
}

impl Host {
    /// The Terraform on the PATH.
    pub(crate) fn terraform() -> Option<Self> {
        environment::program("terraform").map(|program| Self { name: "terraform", program })
    }

    /// The OpenTofu that the lab builds.
    pub(crate) fn tofu(built: &Built) -> anyhow::Result<Self> {
        Ok(Self { name: "tofu", program: built.tool("tofu")? })
    }

    /// Both, or OpenTofu alone.
    pub(crate) fn all(built: &Built) -> anyhow::Result<Vec<Self>> {
        Ok(Self::terraform().into_iter().chain([Self::tofu(built)?]).collect())
    }

    /// Terraform, or OpenTofu where that is absent.
    pub(crate) fn first(built: &Built) -> anyhow::Result<Self> {
        Self::terraform().map_or_else(|| Self::tofu(built), Ok)
    }

    /// Whether it knows the identities of resources, as both do from 1.12 on.
    pub(crate) fn knows_identity(&self) -> anyhow::Result<bool> {
        let version = self.version()?;
        let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
        Ok((numbers.next(), numbers.next()) >= (Some(1), Some(12)))
    }

    /// Its version, such as `1.11.4`.
    pub(crate) fn version(&self) -> anyhow::Result<String> {
        let mut command = Command::new(&self.program);
        // Without the user's settings, about which it might have something to say first.
        command
            .args(["version", "-json"])
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("CHECKPOINT_DISABLE", "1");
        let about: serde_json::Value =
            serde_json::from_str(&run::output(&mut command)?).context("reading the host's version")?;
        Ok(about["terraform_version"].as_str().unwrap_or_default().to_owned())
    }
}

/// A folder with the provider's binary and the setting that makes hosts use it.
#[derive(Clone, Debug)]
pub(crate) struct Workplace {
    folder: PathBuf,
}

impl Workplace {
    /// Furnishes `folder`, which is made if it is not there.
    pub(crate) fn furnish(folder: &Path, provider: &Path) -> anyhow::Result<Self> {
        Self::furnish_as(folder, SOURCE, provider)
    }

    /// The same for the provider that configurations call `source`.
    pub(crate) fn furnish_as(folder: &Path, source: &str, provider: &Path) -> anyhow::Result<Self> {
        let doing = || format!("furnishing {}", folder.display());
        let plugins = folder.join("plugins");
        fs::create_dir_all(&plugins).with_context(doing)?;
        // Removed first: a binary that runs cannot be written to. Alone in its folder: hosts take any file whose name
        // begins like it.
        let name = source.rsplit('/').next().unwrap_or(source);
        let binary = plugins.join(format!("terraform-provider-{name}"));
        if binary.exists() {
            fs::remove_file(&binary).with_context(doing)?;
        }
        fs::copy(provider, &binary).with_context(doing)?;
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"{source}\" = {:?}\n  }}\n  direct {{}}\n}}\n",
            plugins.display().to_string()
        );
        fs::write(folder.join("cli.tfrc"), settings).with_context(doing)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The setting, for `TF_CLI_CONFIG_FILE`.
    pub(crate) fn settings(&self) -> PathBuf {
        self.folder.join("cli.tfrc")
    }

    /// A command of `host` that works in `folder`.
    pub(crate) fn command(&self, host: &Host, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&host.program);
        command
            .args(arguments)
            .current_dir(folder)
            .env("TF_CLI_CONFIG_FILE", self.settings())
            .env("CHECKPOINT_DISABLE", "1")
            .env_remove("TF_LOG")
            .env_remove("TF_WORKSPACE");
        command
    }
}

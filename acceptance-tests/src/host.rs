//! The programs that run a provider: terraform and tofu.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};
use lab::progress::Progress;
use lab::tools::cache::Cache;

use crate::environment;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Terraform, taken from the search path.
    Terraform,
    /// `OpenTofu`, built by the lab.
    Tofu,
}

impl Kind {
    /// The program's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::Tofu => "tofu",
        }
    }

    /// The registry that an address without one means.
    pub fn registry(self) -> &'static str {
        match self {
            Self::Terraform => "registry.terraform.io",
            Self::Tofu => "registry.opentofu.org",
        }
    }
}

/// A program that runs a provider.
#[derive(Clone, Debug)]
pub struct Host {
    /// Which one.
    pub kind: Kind,
    /// Its binary.
    pub binary: PathBuf,
    /// Its version, such as `1.11.4`.
    pub version: String,
}

impl Host {
    /// Finds a host; none for a Terraform that is not on the search path. Tofu is built if it is not there yet.
    ///
    /// # Errors
    ///
    /// Tofu cannot be built, or the binary does not say its version.
    pub fn find(kind: Kind, progress: &Progress) -> anyhow::Result<Option<Self>> {
        let binary = match kind {
            Kind::Terraform => match environment::on_path(kind.name()) {
                Some(binary) => binary,
                None => return Ok(None),
            },
            Kind::Tofu => Cache::open(progress.clone())?.binary(kind.name())?,
        };
        let output = Command::new(&binary)
            .args(["version", "-json"])
            // The user's settings are no part of this, and a warning about them is no JSON.
            .env_clear()
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .with_context(|| format!("asking {} for its version", binary.display()))?;
        let said: serde_json::Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("asking {} for its version", binary.display()))?;
        let Some(version) = said["terraform_version"].as_str() else {
            bail!("{} does not say its version", binary.display());
        };
        Ok(Some(Self { kind, binary, version: version.to_owned() }))
    }

    /// Whether the host imports by identity.
    pub fn imports_by_identity(&self) -> bool {
        let mut numbers = self.version.split('.').map_while(|part| part.parse::<u32>().ok());
        (numbers.next(), numbers.next()) >= (Some(1), Some(12))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind.name(), self.version)
    }
}

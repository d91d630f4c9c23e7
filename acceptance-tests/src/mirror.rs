//! The provider as users get it: an archive under the name that registries give it, in a mirror.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::environment;
use crate::host::Kind;
use crate::provider::{NAME, SOURCE};
use crate::zip;

/// The archive of one version for this machine.
#[derive(Clone, Debug)]
pub struct Package {
    /// The version.
    pub version: String,
    /// Whether it is what `make release` made, and not the binary under test packed here.
    pub is_release: bool,
    archive: PathBuf,
}

impl Package {
    /// The archive of the release in `KURATOR_RELEASE`; where that is not set, `binary` packed into `folder`.
    ///
    /// # Errors
    ///
    /// There is no such archive, or it cannot be written.
    pub fn of(binary: &Path, folder: &Path) -> anyhow::Result<Self> {
        let Some(release) = environment::release() else {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            let archive = folder.join(name(&version));
            zip::pack(binary, &format!("{NAME}_v{version}"), &archive)?;
            return Ok(Self { version, is_release: false, archive });
        };
        let doing = || format!("looking for a release in {}", release.display());
        let end = format!("_{}.zip", platform());
        for entry in fs::read_dir(&release).with_context(doing)? {
            let archive = entry.with_context(doing)?.path();
            let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let version = name.strip_prefix(&format!("{NAME}_")).and_then(|rest| rest.strip_suffix(&end));
            if let Some(version) = version {
                return Ok(Self { version: version.to_owned(), is_release: true, archive });
            }
        }
        anyhow::bail!("{}: no archive for {} is there", doing(), platform())
    }

    /// Puts the archive into a mirror for a host, as hosts lay it out, and gives its path there.
    ///
    /// # Errors
    ///
    /// It cannot be copied.
    pub fn into_mirror(&self, mirror: &Path, kind: Kind) -> anyhow::Result<PathBuf> {
        let folder = mirror.join(kind.registry()).join(SOURCE);
        let doing = || format!("filling the mirror {}", mirror.display());
        fs::create_dir_all(&folder).with_context(doing)?;
        let archive = folder.join(name(&self.version));
        fs::copy(&self.archive, &archive).with_context(doing)?;
        Ok(archive)
    }

    /// Unpacks the archive into a folder of plugins in a home, as hosts look for them there.
    ///
    /// # Errors
    ///
    /// It cannot be unpacked, or the provider is not in it.
    pub fn into_home(&self, home: &Path, kind: Kind) -> anyhow::Result<()> {
        let folder = home.join(".terraform.d/plugins").join(kind.registry()).join(SOURCE);
        let folder = folder.join(&self.version).join(platform());
        zip::unpack(&self.archive, &folder)?;
        let program = folder.join(format!("{NAME}_v{}", self.version));
        ensure!(program.is_file(), "{} is not in the archive", program.display());
        Ok(())
    }
}

/// The archive's name.
fn name(version: &str) -> String {
    format!("{NAME}_{version}_{}.zip", platform())
}

/// This machine, as hosts call it.
pub fn platform() -> String {
    let os = if std::env::consts::OS == "macos" { "darwin" } else { std::env::consts::OS };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{os}_{arch}")
}

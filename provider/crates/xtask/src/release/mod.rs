//! `make release`: what is published of one version for one platform, in the layout that registries take.
//!
//! The same commit gives the same bytes. Nothing is signed: the key is the publisher's.

mod archive;
mod elf;
mod sbom;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::build::{self, Platform};
use crate::metadata::Metadata;
use crate::repository::Repository;

/// The name that every file begins with.
const NAME: &str = "terraform-provider-kurator";

/// The version of the plugin protocol, for the manifest. Minor versions are not told apart there.
const PROTOCOL: &str = "6.0";

/// Builds the release and gives the folder with its files.
///
/// # Errors
///
/// It cannot be built, needs something of the machine it will run on, or a file cannot be written.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<PathBuf> {
    let platform = Platform::this();
    let metadata = Metadata::read(repository)?;
    let version = metadata.version(NAME).context("finding the provider's version")?;
    let commit = repository.commit()?;
    let binary = build::shipped(repository, &platform, Some(&commit))?;
    let content = fs::read(&binary).with_context(|| format!("reading {}", binary.display()))?;
    if let Some(interpreter) = elf::interpreter(&content) {
        bail!("{} is not static: it wants {interpreter}", binary.display());
    }

    let folder = repository.target_dir().join("dist");
    crate::files::remove(&folder)?;
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let stem = format!("{NAME}_{version}");
    let zip = format!("{stem}_{}.zip", platform.registry_name());
    let executable = format!("{NAME}_v{version}");
    let licence = repository.read("LICENSE")?;
    let entries = [("LICENSE", licence.as_bytes(), 0o644), (executable.as_str(), content.as_slice(), 0o755)];
    write(&folder, &zip, &archive::pack(&entries)?)?;
    let manifest = format!("{stem}_manifest.json");
    let about = json!({ "version": 1, "metadata": { "protocol_versions": [PROTOCOL] } });
    write(&folder, &manifest, format!("{about:#}\n").as_bytes())?;
    let bill = format!("{stem}_sbom.cdx.json");
    write(&folder, &bill, sbom::document(repository, &platform, NAME)?.as_bytes())?;
    let mut sums = String::new();
    for name in [&zip, &manifest, &bill] {
        let content = fs::read(folder.join(name)).with_context(|| format!("reading {name}"))?;
        // Writing to a String cannot fail.
        let _ = writeln!(sums, "{}  {name}", hex(&Sha256::digest(content)));
    }
    write(&folder, &format!("{stem}_SHA256SUMS"), sums.as_bytes())?;
    println!("{NAME} {version}, commit {commit}, in {}:\n{sums}", folder.display());
    Ok(folder)
}

fn write(folder: &Path, name: &str, content: &[u8]) -> anyhow::Result<()> {
    fs::write(folder.join(name), content).with_context(|| format!("writing {name}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

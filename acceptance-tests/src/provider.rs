//! The provider's binary under test.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::environment;

/// The binary's name: hosts look for it by this.
pub const NAME: &str = "terraform-provider-kurator";
/// The provider's address without a registry.
pub const SOURCE: &str = "kurator-dev/kurator";

/// Finds the binary: `KURATOR_PROVIDER_BINARY`, else what `cargo build -p terraform-provider-kurator` made beside
/// this test program.
///
/// # Errors
///
/// It is not there.
pub fn find() -> anyhow::Result<PathBuf> {
    if let Some(named) = environment::provider_binary() {
        return named.canonicalize().with_context(|| format!("finding {}", named.display()));
    }
    let own = std::env::current_exe().context("finding the path of this program")?;
    // Test programs are in target/PROFILE/deps, binaries in target/PROFILE.
    match own.ancestors().skip(1).take(2).map(|folder| folder.join(NAME)).find(|file| file.is_file()) {
        Some(file) => Ok(file),
        None => bail!("finding {NAME} near {}: not there; run `cargo build -p {NAME}`", own.display()),
    }
}

/// Puts the binary alone into `folder`: hosts take any file whose name begins like it, and a build folder has more
/// of those. A build that goes on meanwhile does not change it. Gives its path.
///
/// # Errors
///
/// The file cannot be copied.
pub fn install(binary: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let doing = || format!("copying {}", binary.display());
    std::fs::create_dir_all(folder).with_context(doing)?;
    let target = folder.join(NAME);
    std::fs::copy(binary, &target).with_context(doing)?;
    target.canonicalize().with_context(doing)
}

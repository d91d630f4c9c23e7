//! Which binary has the hidden verbs that some parts are.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, bail};

/// Set once this very program has said that it has the verbs.
static OWN: OnceLock<()> = OnceLock::new();

/// Records that this very program answers to the hidden verbs.
pub(crate) fn this_one_has_the_verbs() {
    let _ = OWN.set(());
}

/// Finds the binary: the named one, this program, or `lab` in this program's folder or the one above.
///
/// # Errors
///
/// There is none.
pub(crate) fn find(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(named) = named {
        return named.canonicalize().with_context(|| format!("finding {}", named.display()));
    }
    let own = std::env::current_exe().context("finding the path of this program")?;
    if OWN.get().is_some() {
        return Ok(own);
    }
    // Test programs are in target/debug/deps, binaries in target/debug.
    match own.ancestors().skip(1).take(2).map(|folder| folder.join("lab")).find(|lab| lab.is_file()) {
        Some(lab) => Ok(lab),
        None => bail!("finding the binary `lab` near {}: not there; run `cargo build -p lab`", own.display()),
    }
}

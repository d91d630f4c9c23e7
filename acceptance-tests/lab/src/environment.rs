//! The environment: read here and nowhere else in the lab.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

/// The folder under the user's cache that is ours.
const OURS: &str = "terraform-provider-kurator";

/// Gives one variable; empty counts as not set.
#[expect(clippy::disallowed_methods, reason = "this file is the lab's one place that reads the environment")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Gives our folder in the user's cache: `$XDG_CACHE_HOME` or `~/.cache`, then `terraform-provider-kurator`.
///
/// # Errors
///
/// Neither `XDG_CACHE_HOME` nor `HOME` is set, or the folder is not an absolute path.
pub(crate) fn cache_root() -> anyhow::Result<PathBuf> {
    let cache = match variable("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(
            variable("HOME").context("finding the cache folder: neither XDG_CACHE_HOME nor HOME is set")?,
        )
        .join(".cache"),
    };
    if !cache.is_absolute() {
        bail!("finding the cache folder: {} is not an absolute path", cache.display());
    }
    Ok(cache.join(OURS))
}

/// Gives the folder of the lab to use when none is named: `$LAB_DIR`, else `labs/default` in the cache.
pub(crate) fn default_lab_dir() -> anyhow::Result<PathBuf> {
    match variable("LAB_DIR") {
        Some(dir) => Ok(PathBuf::from(dir)),
        None => Ok(labs_root()?.join("default")),
    }
}

/// Gives the folder that holds the labs nobody named a folder for.
pub(crate) fn labs_root() -> anyhow::Result<PathBuf> {
    Ok(cache_root()?.join("labs"))
}

/// Gives the folder of ready-made binaries, `$KUBEBUILDER_ASSETS`, if it is set.
pub(crate) fn kubebuilder_assets() -> Option<PathBuf> {
    variable("KUBEBUILDER_ASSETS").map(PathBuf::from)
}

/// Gives the search path that parts are started with.
///
/// It is the only variable handed on: a proxy or a kubeconfig of the user's must not reach a part.
pub(crate) fn search_path() -> String {
    variable("PATH").and_then(|path| path.into_string().ok()).unwrap_or_else(|| "/usr/bin:/bin".to_owned())
}

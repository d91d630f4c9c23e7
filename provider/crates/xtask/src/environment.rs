//! The environment: read here and nowhere else in xtask.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Gives one variable; empty counts as not set.
#[expect(clippy::disallowed_methods, reason = "this file is xtask's one place that reads the environment")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Gives the folder of this package, as `cargo run` says it.
pub(crate) fn package_dir() -> Option<PathBuf> {
    variable("CARGO_MANIFEST_DIR").map(PathBuf::from)
}

/// Gives the user's home.
pub(crate) fn home() -> Option<PathBuf> {
    variable("HOME").map(PathBuf::from)
}

/// Gives our folder in the user's cache, the one that the lab uses too.
pub(crate) fn cache() -> Option<PathBuf> {
    let cache =
        variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| home().map(|home| home.join(".cache")))?;
    Some(cache.join("terraform-provider-kurator"))
}

/// Gives the folder in which cargo keeps other people's crates.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    variable("CARGO_HOME").map(PathBuf::from).or_else(|| home().map(|home| home.join(".cargo")))
}

/// Gives the cargo that runs us.
pub(crate) fn cargo() -> OsString {
    variable("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Gives the folder that cargo builds into, if it is not the clone's own.
pub(crate) fn target_dir() -> Option<PathBuf> {
    variable("CARGO_TARGET_DIR").map(PathBuf::from)
}

/// Gives the provider to use instead of building one: `KURATOR_PROVIDER_BINARY`, which the acceptance tests obey too.
pub(crate) fn provider_binary() -> Option<PathBuf> {
    variable("KURATOR_PROVIDER_BINARY").map(PathBuf::from)
}

/// Finds a program in `PATH`.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

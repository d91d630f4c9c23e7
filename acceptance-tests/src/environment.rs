//! The environment: read here and nowhere else in this package.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Gives one variable; empty counts as not set.
#[expect(
    clippy::disallowed_methods,
    reason = "this file is the package's one place that reads the environment"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Whether this is a run in which nothing may be skipped: `CI` is set, and not to `false` or `0`.
pub fn is_ci() -> bool {
    variable("CI").is_some_and(|value| value != "false" && value != "0")
}

/// The provider's binary that the user names in `KURATOR_PROVIDER_BINARY`.
pub fn provider_binary() -> Option<PathBuf> {
    variable("KURATOR_PROVIDER_BINARY").map(PathBuf::from)
}

/// The folder of a release, as `make release` leaves it, that is to be tested: `KURATOR_RELEASE`.
pub fn release() -> Option<PathBuf> {
    variable("KURATOR_RELEASE").map(PathBuf::from)
}

/// Whether the frozen states are to be written instead of read: `KURATOR_WRITE_STATES` is set.
pub fn writes_states() -> bool {
    variable("KURATOR_WRITE_STATES").is_some()
}

/// The claims that take long and are to be checked: a part of them, or everything; `KURATOR_SLOW`.
pub fn slow() -> Option<String> {
    variable("KURATOR_SLOW").map(|part| part.to_string_lossy().into_owned())
}

/// The folder that is to keep the workspaces of cases that fail: `KURATOR_KEEP_WORKSPACES`.
pub fn kept_workspaces() -> Option<PathBuf> {
    variable("KURATOR_KEEP_WORKSPACES").map(PathBuf::from)
}

/// The search path that hosts are started with.
pub fn search_path() -> OsString {
    variable("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"))
}

/// Finds a program on the search path.
pub fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path()).map(|folder| folder.join(program)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

//! The lab's tools that cases use beside the hosts.

use std::path::PathBuf;

use lab::progress::Progress;
use lab::tools::cache::Cache;

/// The real kubectl.
///
/// # Errors
///
/// It cannot be built.
pub fn kubectl() -> anyhow::Result<PathBuf> {
    Cache::open(Progress::silent())?.binary("kubectl")
}

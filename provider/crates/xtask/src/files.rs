//! Folders: copying, removing and listing them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Lists the files below `path`, or `path` itself if it is a file, sorted. Nothing there is no files.
pub(crate) fn below(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let doing = || format!("listing {}", path.display());
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.exists() {
        return Ok(vec![]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).with_context(doing)? {
        files.extend(below(&entry.with_context(doing)?.path())?);
    }
    files.sort();
    Ok(files)
}

/// Copies a file or a folder with all below. Nothing there copies nothing.
pub(crate) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for file in below(from)? {
        let target = match file.strip_prefix(from) {
            Ok(inside) if inside.as_os_str().is_empty() => to.to_owned(),
            Ok(inside) => to.join(inside),
            Err(_) => to.to_owned(),
        };
        let doing = || format!("copying {} to {}", file.display(), target.display());
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).with_context(doing)?;
        }
        fs::copy(&file, &target).with_context(doing)?;
    }
    Ok(())
}

/// Removes a file or a folder with all below, if it is there.
pub(crate) fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else if path.exists() {
        fs::remove_file(path)
    } else {
        Ok(())
    };
    removed.with_context(|| format!("removing {}", path.display()))
}

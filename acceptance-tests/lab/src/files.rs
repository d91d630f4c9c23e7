//! Files that only their owner can read, written whole or not at all.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// Makes `dir` and what is missing above it, each with mode 0700.
pub(crate) fn private_dir(dir: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("making folder {}", dir.display()))
}

/// Writes `content` to `file` with mode 0600, through a file beside it that is renamed.
pub(crate) fn write_private(file: &Path, content: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let beside = file.with_added_extension("new");
    let mut open = fs::OpenOptions::new();
    let mut write = || -> std::io::Result<()> {
        let mut out = open.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        out.write_all(content.as_ref())?;
        fs::rename(&beside, file)
    };
    write().with_context(|| format!("writing {}", file.display()))
}

/// Copies a folder with all that is in it; modes are not kept, links are followed.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    private_dir(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading folder {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            let content =
                fs::read(entry.path()).with_context(|| format!("reading {}", entry.path().display()))?;
            write_private(&target, content)?;
        }
    }
    Ok(())
}

/// Lists the files under `root`, as paths relative to it, in order.
pub(crate) fn files_under(root: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).with_context(|| format!("reading folder {}", dir.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(
                    path.strip_prefix(root).context("a path found under a folder is in it")?.to_owned(),
                );
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Gives the last `lines` lines of a file, or a note that it cannot be read.
pub(crate) fn tail(file: &Path, lines: usize) -> String {
    match fs::read(file) {
        Err(cause) => format!("(no log: {cause})"),
        Ok(content) => {
            let text = String::from_utf8_lossy(&content);
            let all: Vec<&str> = text.lines().collect();
            all[all.len().saturating_sub(lines)..].join("\n")
        }
    }
}

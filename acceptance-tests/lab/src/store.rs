//! Folders in the user's cache that are made once and then only read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::files::private_dir;
use crate::progress::Progress;
use crate::tools::recipe::hex;

/// Gives the folder `key` under `root`, letting `maker` make it if it is not there.
///
/// `maker` gets a scratch folder and gives the folder in it that is to be kept. What is kept appears whole or not at
/// all, and two runs that want things called `name` make them one after the other.
///
/// # Errors
///
/// Those of `maker`; a folder or a lock cannot be made.
pub(crate) fn folder(
    root: &Path,
    name: &str,
    key: &str,
    progress: &Progress,
    maker: impl FnOnce(&Path) -> anyhow::Result<PathBuf>,
) -> anyhow::Result<PathBuf> {
    let folder = root.join(key);
    if folder.is_dir() {
        return Ok(folder);
    }
    private_dir(root)?;
    let _alone = lock(root, name, progress)?;
    // Another run may have made it while we waited for the lock.
    if folder.is_dir() {
        return Ok(folder);
    }
    let scratch = tempfile::Builder::new()
        .prefix(&format!(".{name}-"))
        .tempdir_in(root)
        .with_context(|| format!("making a scratch folder in {}", root.display()))?;
    let result = maker(scratch.path())?;
    fs::rename(&result, &folder).with_context(|| format!("putting {} in place", folder.display()))?;
    Ok(folder)
}

/// Gives the name of a folder that is made from `parts`: it changes with each of them.
pub(crate) fn key(name: &str, parts: impl IntoIterator<Item = String>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    format!("{name}-{}", &hex(&hash.finalize())[..16])
}

fn lock(root: &Path, name: &str, progress: &Progress) -> anyhow::Result<File> {
    let path = root.join(format!(".{name}.lock"));
    let file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            progress.say(&format!("{name}: waiting for another run that makes it"));
            file.lock().with_context(|| format!("locking {}", path.display()))?;
        }
        Err(fs::TryLockError::Error(cause)) => {
            return Err(cause).with_context(|| format!("locking {}", path.display()));
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_changes_with_each_part() {
        let key = |parts: &[&str]| key("x", parts.iter().map(|part| (*part).to_owned()));
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        assert_ne!(key(&["a", "b"]), key(&["ab", ""]));
        assert_ne!(key(&["a", "b"]), key(&["a", "c"]));
    }

    #[test]
    fn what_is_there_is_not_made_again_and_what_failed_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let get = |make: &dyn Fn(&Path) -> anyhow::Result<PathBuf>| {
            folder(root.path(), "x", "x-1", &Progress::silent(), |scratch| make(scratch))
        };
        assert!(get(&|_| anyhow::bail!("broken")).is_err());
        assert!(!root.path().join("x-1").exists());
        let made = get(&|scratch| {
            let out = scratch.join("out");
            fs::create_dir(&out)?;
            Ok(out)
        });
        assert_eq!(made.unwrap(), root.path().join("x-1"));
        get(&|_| anyhow::bail!("made again")).unwrap();
    }
}

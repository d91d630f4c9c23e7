//! Pages that the claims that take long write of what they saw.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;

/// A page of `docs/contributing`, to which every host of a run adds its part.
pub struct Page {
    /// The file's name.
    pub file: &'static str,
    /// What stands above the parts; `COMMIT` becomes the date and the commit of what ran.
    pub head: &'static str,
    /// What stands above each part, and its rows so far.
    pub parts: Mutex<Vec<(String, String)>>,
}

impl Page {
    /// A page without parts.
    pub const fn new(file: &'static str, head: &'static str) -> Self {
        Self { file, head, parts: Mutex::new(Vec::new()) }
    }

    /// Adds rows under a heading, and writes the page with all parts of this run so far.
    ///
    /// # Errors
    ///
    /// git does not tell the commit, or the file cannot be written.
    pub fn add(&self, heading: &str, rows: &str) -> anyhow::Result<()> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        match parts.iter_mut().find(|(its, _)| its == heading) {
            Some((_, its)) => its.push_str(rows),
            None => parts.push((heading.to_owned(), rows.to_owned())),
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let git = Command::new("git")
            .args(["log", "-1", "--format=%cs, commit %h"])
            .current_dir(folder)
            .output()
            .context("asking git for the commit")?;
        let commit = String::from_utf8_lossy(&git.stdout).trim().to_owned();
        let file = folder.join("../docs/contributing").join(self.file);
        let head = self.head.replace("COMMIT", &commit);
        let parts = parts.iter().map(|(heading, rows)| format!("{heading}{rows}"));
        let text = std::iter::once(head).chain(parts).collect::<Vec<_>>().join("\n");
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))
    }
}

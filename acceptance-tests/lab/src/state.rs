//! What a lab consists of, as recorded in its `lab.json`. Holds no secret.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::files::{private_dir, write_private};
use crate::layout::Layout;
use crate::machines::record::Machines;
use crate::part::PartSpec;
use crate::ports;
use crate::process::{Condition, Identity};

/// The form of the file; another one is refused.
const FORMAT: u32 = 1;

/// The record of a lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// The form of this record.
    pub(crate) format: u32,
    /// What marks the processes of this lab in their environment.
    pub(crate) id: String,
    /// The process that ends this lab when it ends, if there is one.
    pub(crate) owner: Option<Identity>,
    /// The binary with the hidden verbs.
    pub(crate) part_binary: PathBuf,
    /// The clusters, the host first.
    pub(crate) clusters: Vec<String>,
    /// The Flux installation whose definitions the host has, by the keys of its tools.
    pub(crate) flux_definitions: Option<String>,
    /// The port of each purpose, chosen once.
    pub(crate) ports: BTreeMap<String, u16>,
    /// The parts by name.
    pub(crate) parts: BTreeMap<String, Part>,
    /// The machines, if there are any.
    #[serde(default)]
    pub(crate) machines: Option<Machines>,
}

/// A part and the process that it is now, if it was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// How it is started.
    pub(crate) spec: PartSpec,
    /// The process that was started last.
    pub(crate) process: Option<Identity>,
}

impl Part {
    /// Says what the part does.
    pub(crate) fn condition(&self) -> Condition {
        self.process.map_or(Condition::Dead, Identity::condition)
    }
}

impl State {
    /// Begins the record of a new lab.
    pub(crate) fn new(part_binary: PathBuf, owner: Option<Identity>) -> Self {
        Self {
            format: FORMAT,
            id: uuid::Uuid::new_v4().to_string(),
            owner,
            part_binary,
            clusters: Vec::new(),
            flux_definitions: None,
            ports: BTreeMap::new(),
            parts: BTreeMap::new(),
            machines: None,
        }
    }

    /// Reads the record of a lab; none if there is no lab in the folder.
    pub(crate) fn read(layout: &Layout) -> anyhow::Result<Option<Self>> {
        let file = layout.state();
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(cause).with_context(|| format!("reading {}", file.display())),
        };
        let state: Self =
            serde_json::from_slice(&text).with_context(|| format!("reading {}", file.display()))?;
        if state.format != FORMAT {
            bail!(
                "reading {}: written by another version of the lab (format {})",
                file.display(),
                state.format
            );
        }
        Ok(Some(state))
    }

    /// Reads the record of a lab that must be there.
    pub(crate) fn of(layout: &Layout) -> anyhow::Result<Self> {
        Self::read(layout)?.with_context(|| {
            format!(
                "no lab in {}; start one with `lab up control-planes` or `lab up machines`",
                layout.root().display()
            )
        })
    }

    /// Writes the record.
    pub(crate) fn write(&self, layout: &Layout) -> anyhow::Result<()> {
        write_private(&layout.state(), serde_json::to_vec_pretty(self).context("writing the lab's record")?)
    }

    /// Gives the port for a purpose, choosing one the first time.
    pub(crate) fn port(&mut self, purpose: &str) -> anyhow::Result<u16> {
        if let Some(port) = self.ports.get(purpose) {
            return Ok(*port);
        }
        let taken: BTreeSet<u16> = self.ports.values().copied().collect();
        let port = ports::free(&taken)?;
        self.ports.insert(purpose.to_owned(), port);
        Ok(port)
    }
}

/// Holds a lab's folder for one change at a time. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _folder: File,
}

impl Lock {
    /// Makes the folder if need be and waits until nobody else changes the lab.
    ///
    /// The lock is on the folder itself, so that it leaves no file behind.
    pub(crate) fn take(root: &Path) -> anyhow::Result<Self> {
        loop {
            private_dir(root)?;
            if let Some(lock) = Self::of_existing(root)? {
                return Ok(lock);
            }
        }
    }

    /// Waits until nobody else changes the lab; none if there is no folder, or no longer.
    pub(crate) fn of_existing(root: &Path) -> anyhow::Result<Option<Self>> {
        let doing = || format!("locking {}", root.display());
        let folder = match File::open(root) {
            Ok(folder) => folder,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(cause).with_context(doing),
        };
        folder.lock().with_context(doing)?;
        // Whoever held the lock may have removed the folder, and another may have made it anew.
        let held = folder.metadata().with_context(doing)?.ino();
        let same = fs::metadata(root).is_ok_and(|there| there.ino() == held);
        Ok(same.then_some(Self { _folder: folder }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_keeps_its_port() {
        let mut state = State::new(PathBuf::new(), None);
        let port = state.port("etcd").unwrap();
        assert_ne!(port, state.port("registry").unwrap());
        assert_eq!(port, state.port("etcd").unwrap());
    }

    #[test]
    fn a_record_of_another_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path().to_owned());
        let mut state = State::new(PathBuf::new(), None);
        state.format = 0;
        state.write(&layout).unwrap();
        assert!(State::read(&layout).is_err());
    }
}

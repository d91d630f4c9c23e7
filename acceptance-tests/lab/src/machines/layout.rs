//! What is where in the folders of a lab's machines.

use std::path::PathBuf;

use crate::layout::Layout;

/// The folder of one machine; gives paths, touches nothing.
#[derive(Clone, Debug)]
pub(crate) struct MachineLayout {
    root: PathBuf,
}

impl MachineLayout {
    /// The machine called `name`.
    pub(crate) fn new(layout: &Layout, name: &str) -> Self {
        Self { root: layout.root().join("machines").join(name) }
    }

    /// The machine's whole file system, once it is mounted.
    pub(crate) fn disk(&self) -> PathBuf {
        self.root.join("disk")
    }

    /// What differs from the base.
    pub(crate) fn upper(&self) -> PathBuf {
        self.root.join("upper")
    }

    /// What the kernel needs beside [`Self::upper`].
    pub(crate) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// The machine's `/var`, a plain folder: what containers keep there cannot be on an overlay.
    pub(crate) fn var(&self) -> PathBuf {
        self.root.join("var")
    }

    /// What the machine is started with.
    pub(crate) fn boot(&self) -> PathBuf {
        self.root.join("boot.json")
    }

    /// How often it was started.
    pub(crate) fn boots(&self) -> PathBuf {
        self.root.join("boots")
    }

    /// The control groups that it has as long as it is on.
    pub(crate) fn groups(&self) -> PathBuf {
        self.root.join("groups.json")
    }
}

/// The private key that opens every machine of the lab.
pub(crate) fn key(layout: &Layout) -> PathBuf {
    layout.root().join("ssh").join("id_lab")
}

/// The host keys of the lab's machines.
pub(crate) fn known_hosts(layout: &Layout) -> PathBuf {
    layout.root().join("ssh").join("known_hosts")
}

/// The folder that the machines' mirror serves.
pub(crate) fn mirror(layout: &Layout) -> PathBuf {
    layout.data("machines-mirror")
}

/// The folder with what the machines' registry is configured by, and its data.
pub(crate) fn registry(layout: &Layout) -> PathBuf {
    layout.data("machines-registry")
}

//! Control groups: one of a machine's own in every hierarchy that there is.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::files::write_private;
use crate::runtime::block_on;
use crate::wait::{Look, until};

/// How long the last process of a group may take to go once it is killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The folders of one group, one per hierarchy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Groups(Vec<PathBuf>);

/// Where a hierarchy is mounted.
#[derive(Debug, PartialEq, Eq)]
struct Mount<'a> {
    /// The group that is the root of the mount.
    root: &'a str,
    point: &'a str,
    kind: &'a str,
    options: &'a str,
}

fn mounts(mountinfo: &str) -> Vec<Mount<'_>> {
    let parse = |line| -> Option<Mount<'_>> {
        let (before, after): (&str, &str) = str::split_once(line, " - ")?;
        let mut before = before.split(' ').skip(3);
        let mut after = after.split(' ');
        let (root, point) = (before.next()?, before.next()?);
        let (kind, _device, options) = (after.next()?, after.next()?, after.next()?);
        Some(Mount { root, point, kind, options })
    };
    mountinfo.lines().filter_map(parse).collect()
}

/// Gives the folders of the groups that a process is in, from its `cgroup` and `mountinfo`.
///
/// A hierarchy that is not mounted is left out: nobody can use it.
fn folders(cgroup: &str, mountinfo: &str) -> Vec<PathBuf> {
    let mounts = mounts(mountinfo);
    let folder = |line: &str| -> Option<PathBuf> {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let first = controllers.split(',').next()?;
        let mount = mounts.iter().find(|mount| match first {
            "" => mount.kind == "cgroup2",
            _ => mount.kind == "cgroup" && mount.options.split(',').any(|option| option == first),
        })?;
        let below = Path::new(path).strip_prefix(mount.root).ok()?;
        Some(Path::new(mount.point).join(below))
    };
    cgroup.lines().filter_map(folder).collect()
}

impl Groups {
    /// Gives the groups called `name` below those that this process is in. Makes nothing.
    ///
    /// # Errors
    ///
    /// `/proc` cannot be read, or no hierarchy is mounted.
    pub(crate) fn below_own(name: &str) -> anyhow::Result<Self> {
        let read = |file: &str| fs::read_to_string(file).with_context(|| format!("reading {file}"));
        let found = folders(&read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?);
        if found.is_empty() {
            bail!("no hierarchy of control groups is mounted");
        }
        Ok(Self(found.into_iter().map(|folder| folder.join(name)).collect()))
    }

    /// Reads what [`Self::write`] wrote; none if there is no such file.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        match fs::read(file) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| format!("reading {}", file.display())),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(cause).with_context(|| format!("reading {}", file.display())),
        }
    }

    /// Writes down which groups these are.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        write_private(file, serde_json::to_vec(self)?)
    }

    /// Makes the groups and moves this process into them.
    ///
    /// # Errors
    ///
    /// A group cannot be made or entered.
    pub(crate) fn enter(&self) -> anyhow::Result<()> {
        for folder in &self.0 {
            let doing = || format!("entering the control group {}", folder.display());
            fs::create_dir_all(folder).with_context(doing)?;
            // A fresh group has no processors and no memory, and accepts nobody until it has.
            for file in ["cpuset.cpus", "cpuset.mems"] {
                let above = folder.parent().map(|parent| parent.join(file));
                if let Some(above) = above.filter(|above| above.exists() && folder.join(file).exists()) {
                    let value = fs::read_to_string(&above).with_context(doing)?;
                    if !value.trim().is_empty() {
                        fs::write(folder.join(file), value).with_context(doing)?;
                    }
                }
            }
            fs::write(folder.join("cgroup.procs"), "0").with_context(doing)?;
        }
        Ok(())
    }

    /// Whether a group can be made where these would be.
    pub(crate) fn can_be_made(&self) -> bool {
        self.0.iter().all(|folder| {
            let made = fs::create_dir(folder).is_ok();
            made && fs::remove_dir(folder).is_ok()
        })
    }

    /// Stops every process of the groups, or lets them go on.
    ///
    /// # Errors
    ///
    /// There is no freezer among the hierarchies.
    pub(crate) fn freeze(&self, frozen: bool) -> anyhow::Result<()> {
        for folder in &self.0 {
            let (old, new) = (folder.join("freezer.state"), folder.join("cgroup.freeze"));
            let (file, word) = if old.exists() {
                (old, if frozen { "FROZEN" } else { "THAWED" })
            } else if new.exists() && !self.0.iter().any(|other| other.join("freezer.state").exists()) {
                (new, if frozen { "1" } else { "0" })
            } else {
                continue;
            };
            return fs::write(&file, word).with_context(|| format!("writing {word} to {}", file.display()));
        }
        bail!("no control group of the machine can be frozen: is it off?")
    }

    /// Kills every process of the groups, those of groups below too, and removes the groups.
    ///
    /// # Errors
    ///
    /// A process or a group is still there after 20 s.
    pub(crate) fn end(&self) -> anyhow::Result<()> {
        // A frozen process dies only once it goes on. That there is nothing to thaw is fine.
        let _ = self.freeze(false);
        block_on(until("the last process of a machine", PATIENCE, async || {
            let left = self.processes();
            for pid in &left {
                // It may be gone by now.
                let _ = kill_process(*pid, Signal::KILL);
            }
            let gone = left.is_empty() && self.0.iter().all(|folder| remove(folder, true));
            Ok(if gone { Look::Ready(()) } else { Look::Pending(format!("{} processes", left.len())) })
        }))
        .with_context(|| format!("emptying {:?}", self.0))
    }

    /// Removes the groups below these, as far as they are empty: what a machine leaves behind when it starts anew.
    pub(crate) fn clear_below(&self) {
        for folder in &self.0 {
            remove(folder, false);
        }
    }

    fn processes(&self) -> Vec<Pid> {
        self.0.iter().flat_map(|folder| processes(folder)).collect()
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn processes(folder: &Path) -> Vec<Pid> {
    let own = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    let own = own.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?));
    own.chain(below(folder).iter().flat_map(|path| processes(path))).collect()
}

/// Removes the groups below `folder`, and it too if `itself`; says whether it could.
fn remove(folder: &Path, itself: bool) -> bool {
    let below = below(folder).iter().all(|path| remove(path, true));
    if !itself {
        return below;
    }
    below && (fs::remove_dir(folder).is_ok() || !folder.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
30 20 0:26 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
31 20 0:27 /pod /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
32 20 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
33 20 0:29 / /sys/fs/cgroup/systemd rw - cgroup systemd rw,xattr,name=systemd
";

    #[test]
    fn groups_are_found_where_their_hierarchies_are_mounted() {
        let own = "4:memory:/a/b\n3:cpu,cpuacct:/pod/c\n2:pids:/x\n1:name=systemd:/\n0::/u\n";
        let wanted = [
            "/sys/fs/cgroup/memory/a/b",
            "/sys/fs/cgroup/cpu,cpuacct/c",
            "/sys/fs/cgroup/systemd",
            "/sys/fs/cgroup/unified/u",
        ];
        assert_eq!(folders(own, MOUNTS), wanted.map(PathBuf::from));
    }

    #[test]
    fn a_machine_that_was_never_on_has_nothing_to_end() {
        let dir = tempfile::tempdir().unwrap();
        let groups = Groups::read(&dir.path().join("none")).unwrap();
        groups.end().unwrap();
        assert!(groups.freeze(true).is_err());
    }
}

//! What this machine must have and allow, so that machines can be made on it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::environment::search_path;
use crate::machines::groups::Groups;
use crate::machines::shell::{command, output};
use crate::progress::Progress;

/// The programs, and the Debian packages that bring them.
const PROGRAMS: &[(&str, &str)] = &[
    ("mmdebstrap", "mmdebstrap"),
    ("systemd-nspawn", "systemd-container"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("ssh", "openssh-client"),
    ("depmod", "kmod"),
    ("busybox", "busybox-static"),
    ("cc", "gcc"),
];

/// The capabilities, by their numbers: to mount, and to make networks.
const CAPABILITIES: &[(u32, &str)] = &[(21, "CAP_SYS_ADMIN"), (12, "CAP_NET_ADMIN")];

/// Says why machines cannot be made here; none if they can.
///
/// Programs that are only not installed are no reason if [`install`] can install them.
pub(crate) fn missing() -> Option<String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Some("machines need Linux on x86-64".to_owned());
    }
    if !rustix::process::geteuid().is_root() {
        return Some("machines need root".to_owned());
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(name) = lacking(&status) {
        return Some(format!("machines need {name}, which this process does not have"));
    }
    let id = format!("lab-probe-{}", std::process::id());
    if !Groups::below_own(&id).is_ok_and(|groups| groups.can_be_made()) {
        return Some("machines need control groups that can be written".to_owned());
    }
    let absent = absent();
    if !absent.is_empty() && find("apt-get").is_none() {
        let programs: Vec<_> = absent.iter().map(|(program, _)| *program).collect();
        return Some(format!("not on the PATH: {}", programs.join(", ")));
    }
    None
}

fn lacking(status: &str) -> Option<&'static str> {
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?.trim();
    let effective = u64::from_str_radix(effective, 16).ok()?;
    CAPABILITIES.iter().find(|(bit, _)| effective & (1 << bit) == 0).map(|(_, name)| *name)
}

fn find(program: &str) -> Option<PathBuf> {
    let path = search_path();
    path.split(':').map(|folder| Path::new(folder).join(program)).find(|file| file.is_file())
}

fn absent() -> Vec<(&'static str, &'static str)> {
    PROGRAMS.iter().copied().filter(|(program, _)| find(program).is_none()).collect()
}

/// Installs what is missing.
///
/// # Errors
///
/// Machines cannot be made here whatever is installed; apt refuses.
pub(crate) fn install(progress: &Progress) -> anyhow::Result<()> {
    if let Some(why) = missing() {
        bail!("{why}");
    }
    let packages: Vec<_> = absent().into_iter().map(|(_, package)| package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    progress.say(&format!("installing {}", packages.join(" ")));
    // A folder of our own: where several use apt at once, one clears away what the other has just fetched.
    let archives = tempfile::tempdir().context("making a folder for packages")?;
    fs::create_dir(archives.path().join("partial")).context("making a folder for packages")?;
    let cache = format!("Dir::Cache::archives={}", archives.path().display());
    let apt = |verb: &[&str]| {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt.args(["-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=5", "-o", &cache]);
        output(apt.args(verb))
    };
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages.as_slice()].concat())?;
    match absent().first() {
        None => Ok(()),
        Some((program, package)) => bail!("{package} is installed, and there still is no {program}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_that_is_not_there_is_named() {
        assert_eq!(lacking("CapEff:\t000001fffeffffff\n"), None);
        assert_eq!(lacking("CapEff:\t00000000a80425fb\n"), Some("CAP_SYS_ADMIN"));
        assert_eq!(lacking("CapEff:\t0000000000200000\n"), Some("CAP_NET_ADMIN"));
    }
}

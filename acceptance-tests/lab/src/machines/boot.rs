//! The firmware of a machine: the hidden verb `lab part machine`, which is a machine's power supply, cable and boot.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::files::write_private;
use crate::machines::groups::Groups;
use crate::machines::shell::{command, ip};

/// How systemd-nspawn ends when its machine wants to be started again.
const REBOOT: i32 = 133;

/// All that is needed to start a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Boot {
    /// Its name where names are shared by all labs.
    pub(crate) id: String,
    /// What it calls itself.
    pub(crate) name: String,
    /// Its address, in a subnet of 24 bits whose first is the gateway.
    pub(crate) address: Ipv4Addr,
    /// The gateway.
    pub(crate) gateway: Ipv4Addr,
    /// The bridge that its cable ends in.
    pub(crate) bridge: String,
    /// The end of the cable on the bridge.
    pub(crate) cable: String,
    /// Its file system.
    pub(crate) disk: PathBuf,
    /// Its `/var`.
    pub(crate) var: PathBuf,
    /// The file that counts its starts.
    pub(crate) boots: PathBuf,
    /// The file that says which control groups it has.
    pub(crate) groups: PathBuf,
}

/// Starts the machine that `file` describes, and again whenever it reboots, until it is switched off.
pub(crate) fn run(file: &Path) -> anyhow::Result<()> {
    let text = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let boot: Boot = serde_json::from_slice(&text).with_context(|| format!("reading {}", file.display()))?;
    // Parts keep their files to themselves; a server's users have always shared some.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    // Those of a life that ended in the middle.
    Groups::read(&boot.groups)?.end()?;
    let groups = Groups::below_own(&boot.id)?;
    // First written down, then made: whoever takes the lab down must find them.
    groups.write(&boot.groups)?;
    groups.enter()?;
    loop {
        // A kubelet looks at every control group it finds, and waits for those of dead containers.
        groups.clear_below();
        plug_in(&boot)?;
        count(&boot.boots)?;
        let status = nspawn(&boot).status().context("running systemd-nspawn")?;
        if status.code() != Some(REBOOT) {
            return unplug(&boot.id, &boot.cable);
        }
    }
}

/// Gives the machine a network interface of its own, without rules, routes and connections of a life before.
fn plug_in(boot: &Boot) -> anyhow::Result<()> {
    unplug(&boot.id, &boot.cable)?;
    let Boot { id, bridge, cable, address, gateway, .. } = boot;
    let [_, two, three, four] = address.octets();
    let hardware = format!("02:00:0a:{two:02x}:{three:02x}:{four:02x}");
    ip(&format!("netns add {id}"))?;
    ip(&format!("link add {cable} type veth peer name eth0 address {hardware} netns {id}"))?;
    ip(&format!("link set {cable} master {bridge} up"))?;
    ip(&format!("-n {id} link set lo up"))?;
    ip(&format!("-n {id} addr add {address}/24 dev eth0"))?;
    ip(&format!("-n {id} link set eth0 up"))?;
    ip(&format!("-n {id} route add default via {gateway}")).map(drop)
}

/// Takes the interface away; that there is none is fine.
///
/// # Errors
///
/// It is still there afterwards.
pub(crate) fn unplug(id: &str, cable: &str) -> anyhow::Result<()> {
    if Path::new("/sys/class/net").join(cable).exists() {
        ip(&format!("link del {cable}"))?;
    }
    if Path::new("/run/netns").join(id).exists() {
        ip(&format!("netns del {id}"))?;
    }
    Ok(())
}

/// Says how often the machine was started; 0 if never.
pub(crate) fn boots(file: &Path) -> u64 {
    fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn count(file: &Path) -> anyhow::Result<()> {
    write_private(file, (boots(file) + 1).to_string())
}

fn nspawn(boot: &Boot) -> std::process::Command {
    let mut nspawn = command("systemd-nspawn");
    nspawn
        // There is no systemd below that could register it or move it into a group.
        .args(["--quiet", "--register=no", "--keep-unit", "--console=pipe"])
        .arg(format!("--machine={}", boot.id))
        .arg(format!("--hostname={}", boot.name))
        .arg(format!("--directory={}", boot.disk.display()))
        .arg(format!("--network-namespace-path=/run/netns/{}", boot.id))
        .arg(format!("--bind={}:/var", boot.var.display()))
        .arg("--bind=/dev/kmsg")
        // What a container runtime needs, and a container is usually denied.
        .args(["--capability=all", "--system-call-filter=@known"])
        .args(["--resolv-conf=off", "--timezone=off", "--link-journal=no", "--kill-signal=SIGRTMIN+3"])
        .arg("/sbin/lab-init")
        // A server may write its sysctls and control groups.
        .env("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "1");
    nspawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_counted_over_lives() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("boots");
        assert_eq!(boots(&file), 0);
        count(&file).unwrap();
        count(&file).unwrap();
        assert_eq!(boots(&file), 2);
    }
}

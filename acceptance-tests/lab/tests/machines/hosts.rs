//! What a machine is.

use anyhow::{bail, ensure};
use lab::lab::Lab;
use lab::machines::up::MachineOptions;

use crate::{footprint, options};

pub(crate) fn admin(lab: &Lab) -> anyhow::Result<()> {
    ensure!(lab.on_machine("m1", "admin", "id -un; sudo -n id -un; hostname")? == "admin\nroot\nm1\n");
    ensure!(lab.on_machine("m1", "root", "id -un")? == "root\n");
    let Err(error) = lab.on_machine("m1", "admin", "echo no >&2; exit 3") else { bail!("it succeeded") };
    ensure!(format!("{error:#}").contains("no"), "{error:#}");
    Ok(())
}

pub(crate) fn server(lab: &Lab) -> anyhow::Result<()> {
    let state =
        lab.on_machine("m1", "root", "systemctl is-system-running --wait; systemctl --failed --no-legend")?;
    ensure!(state == "running\n", "{state}");
    let runtime =
        lab.on_machine("m1", "root", "command -v containerd runc crun docker kubelet || echo none")?;
    ensure!(runtime == "none\n", "there is {runtime}");
    let tools = "for tool in iptables conntrack socat ethtool ebtables tc nft ipset curl sudo; do command -v $tool >/dev/null || echo no $tool; done";
    ensure!(lab.on_machine("m1", "root", tools)?.is_empty());
    // What an installer does first.
    lab.on_machine(
        "m1",
        "root",
        "modprobe overlay && modprobe br_netfilter && sysctl -qw net.ipv4.ip_forward=1",
    )?;
    let kind = lab.on_machine("m1", "root", "findmnt -no FSTYPE -T /var/lib; mkdir /sys/fs/cgroup/pids/x && rmdir /sys/fs/cgroup/pids/x || mkdir /sys/fs/cgroup/x")?;
    ensure!(!kind.contains("overlay"), "/var is on {kind}");
    Ok(())
}

pub(crate) fn walls(lab: &Lab) -> anyhow::Result<()> {
    let machines = lab.machines()?;
    let bridge = format!("labbr{}", machines.gateway.octets()[2]);
    let rules = footprint::lines("iptables", &["-w", "-S", "FORWARD"])?;
    ensure!(rules.contains(&format!("-A FORWARD -i {bridge} ! -o {bridge} -j DROP")), "{rules:?}");
    let routes = footprint::lines("ip", &["route", "show", "type", "blackhole"])?;
    ensure!(routes.iter().any(|route| route.contains(&machines.subnet)), "{routes:?}");
    Ok(())
}

pub(crate) fn grow(lab: &Lab) -> anyhow::Result<()> {
    let boots = || lab.on_machine("m1", "root", "systemctl show --value -p UserspaceTimestampMonotonic");
    let before = boots()?;
    let again = MachineOptions { dir: Some(lab.dir().to_owned()), count: 2, ..options() };
    Lab::up_machines(&again)?;
    ensure!(boots()? == before, "m1 was started anew");
    let second = lab.machines()?.hosts["m2"];
    lab.on_machine("m1", "root", &format!("ping -c 1 -W 2 {second}"))?;
    let ids = [
        lab.on_machine("m1", "root", "cat /etc/machine-id")?,
        lab.on_machine("m2", "root", "cat /etc/machine-id")?,
    ];
    ensure!(ids[0] != ids[1], "both machines are {}", ids[0]);
    Ok(())
}

pub(crate) fn side_by_side(lab: &Lab) -> anyhow::Result<()> {
    let other = Lab::ephemeral_machines(&options())?;
    ensure!(other.machines()?.subnet != lab.machines()?.subnet, "one and the same network");
    ensure!(other.on_machine("m1", "admin", "hostname")? == "m1\n");
    footprint::down_leaves_nothing(other)?;
    // The other's end has not touched this one.
    lab.on_machine("m1", "admin", "true").map(drop)
}

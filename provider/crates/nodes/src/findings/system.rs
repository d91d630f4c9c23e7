//! Findings about the operating system, the kernel and the programs on it.

use domain::finding::{Check, Finding};
use domain::machine::{CgroupVersion, OsFamily, Program};

use super::One;
use crate::containerd::Generation;

/// The oldest kernel with all that Kubernetes needs that is still in a supported distribution (RHEL 8).
const KERNEL_REFUSED_BELOW: (u32, u32) = (4, 18);
/// The oldest kernel that kubeadm's own check knows as supported (system-validators 1.10).
const KERNEL_TOLD_BELOW: (u32, u32) = (5, 4);

pub(super) fn look(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, .. } = one;
    if facts.uid != 0 {
        all.push(Finding::error(
            name,
            Check::Sudo,
            format!("Commands ran as the user with id {}, not as root.", facts.uid),
            "Give the user passwordless sudo, a `become_password`, or connect as root.",
        ));
    }
    operating_system(one, all);
    kernel(one, all);
    cgroup(one, all);
    tools(one, all);
    runtime(one, all);
}

fn operating_system(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, .. } = one;
    let os = &facts.os;
    if !os.systemd {
        all.push(Finding::error(
            name,
            Check::OperatingSystem,
            "systemd is not the running init.",
            "Use a distribution that boots with systemd: the kubelet and its runtime run as units of it.",
        ));
    }
    let called = if os.pretty.is_empty() { "an operating system without a name" } else { &os.pretty };
    match os.family() {
        OsFamily::Debian => {}
        // Rendered and checked by tests on recorded facts, not on a machine.
        OsFamily::RedHat => {
            if os.selinux.as_deref() == Some("Enforcing") {
                all.push(Finding::warning(
                    name,
                    Check::OperatingSystem,
                    format!("The machine runs {called}, and SELinux enforces."),
                    "Install `container-selinux`, or pods may be denied files of theirs.",
                ));
            }
        }
        OsFamily::Other => all.push(Finding::warning(
            name,
            Check::OperatingSystem,
            format!("The machine runs {called}, which is neither of the Debian nor of the Red Hat family."),
            "It may work, because nothing is installed from packages; nobody has tried.",
        )),
    }
    if facts.arch().is_none() {
        all.push(Finding::error(
            name,
            Check::Architecture,
            format!("The processor is `{}`.", facts.machine),
            "Use a 64-bit x86 (`x86_64`) or ARM (`aarch64`) machine.",
        ));
    }
}

fn kernel(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, .. } = one;
    if let Some(version) = facts.kernel_version() {
        if version < KERNEL_REFUSED_BELOW {
            all.push(Finding::error(
                name,
                Check::Kernel,
                format!("The kernel is {}.", facts.kernel),
                "Use a kernel of 4.18 or newer, better 5.10.",
            ));
        } else if version < KERNEL_TOLD_BELOW {
            all.push(Finding::warning(
                name,
                Check::Kernel,
                format!("The kernel is {}, older than kubeadm supports.", facts.kernel),
                "Move to 5.4 or newer before the next upgrade of Kubernetes.",
            ));
        }
    }
    if !facts.missing_features.is_empty() {
        let missing: Vec<_> = facts.missing_features.iter().map(|name| format!("`{name}`")).collect();
        all.push(Finding::error(
            name,
            Check::Kernel,
            format!("The kernel {} has no {}.", facts.kernel, missing.join(", ")),
            "Install the kernel's extra modules (`linux-modules-extra` or `kernel-modules`), or boot \
                 the distribution's own kernel.",
        ));
    }
}

fn cgroup(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, setup, .. } = one;
    let cgroup = &facts.cgroup;
    // The lists of kubeadm's own check (system-validators 1.10); devices and freezer are no controllers in version 2.
    let needed: &[&str] = match cgroup.version {
        CgroupVersion::V1 => &["cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids"],
        CgroupVersion::V2 => &["cpu", "cpuset", "memory", "pids"],
    };
    let missing: Vec<_> = needed
        .iter()
        .filter(|controller| !cgroup.controllers.contains(**controller))
        .map(|controller| format!("`{controller}`"))
        .collect();
    if !missing.is_empty() {
        all.push(Finding::error(
            name,
            Check::Cgroup,
            format!("The control groups have no {}.", missing.join(", ")),
            "Turn the controllers on, for example with `cgroup_enable=memory` on the kernel's command line.",
        ));
    }
    if cgroup.version == CgroupVersion::V1 && setup.version.is_at_least(35) {
        let seen =
            format!("The machine has control groups of version 1, and Kubernetes is {}.", setup.version);
        all.push(if setup.allow_cgroup_v1 {
            Finding::warning(
                name,
                Check::Cgroup,
                seen,
                "It is accepted because of `allow_cgroup_v1`; a later Kubernetes will drop it altogether.",
            )
        } else {
            Finding::error(
                name,
                Check::Cgroup,
                seen,
                "Boot with `systemd.unified_cgroup_hierarchy=1`, or set `allow_cgroup_v1 = true`: from \
                     1.35 on the kubelet refuses to start on version 1.",
            )
        });
    }
}

fn tools(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, setup, .. } = one;
    let has = |tool: &str| facts.tools.contains(tool);
    let mut missing: Vec<&str> =
        ["base64", "cp", "gzip", "ip", "iptables", "losetup", "mount", "nsenter", "systemd-run", "tar"]
            .into_iter()
            .filter(|tool| !has(tool))
            .collect();
    // kubeadm asks for it before 1.32 (its preflight checks, 1.34).
    if !setup.version.is_at_least(32) && !has("conntrack") {
        missing.push("conntrack");
    }
    if !has("curl") && !has("wget") {
        missing.push("curl (or wget)");
    }
    if !missing.is_empty() {
        all.push(Finding::error(
            name,
            Check::Tools,
            format!("The machine has no {}.", missing.join(", ")),
            "Install them from the distribution; nothing is installed from packages on your behalf.",
        ));
    }
}

fn runtime(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, .. } = one;
    let runtime = &facts.runtime;
    if let Some(containerd) = runtime.containerd.as_ref().filter(|found| !found.ours) {
        theirs(one, containerd, all);
    }
    if !runtime.other_sockets.is_empty() && runtime.containerd.is_none() {
        all.push(Finding::warning(
            name,
            Check::Runtime,
            format!("Another container runtime answers at {}.", runtime.other_sockets.join(", ")),
            "It stays as it is; containerd is installed beside it and is the one that the kubelet uses.",
        ));
    }
}

fn theirs(one: &One<'_>, containerd: &Program, all: &mut Vec<Finding>) {
    let One { name, facts, .. } = one;
    let Program { path, version, .. } = containerd;
    match Generation::of(version) {
        Some(_) => {}
        None => all.push(Finding::error(
            name,
            Check::Runtime,
            format!(
                "containerd at {path} is {}.",
                if version.is_empty() { "of an unknown version" } else { version }
            ),
            "Upgrade it to 1.7 or newer, or remove it: then one is installed and cared for here.",
        )),
    }
    if facts.runtime.cri_disabled {
        all.push(Finding::error(
            name,
            Check::Runtime,
            format!(
                "containerd at {path} has its Kubernetes interface turned off (`disabled_plugins` \
                 in /etc/containerd/config.toml)."
            ),
            "Take `cri` out of `disabled_plugins`, or remove that containerd.",
        ));
    }
    if facts
        .runtime
        .imports
        .as_deref()
        .is_some_and(|line| !line.is_empty() && !line.contains("/etc/containerd/conf.d/"))
    {
        all.push(Finding::error(
            name,
            Check::Runtime,
            format!(
                "/etc/containerd/config.toml has an `imports` line that leaves out \
                 /etc/containerd/conf.d, where settings for Kubernetes go: {}",
                facts.runtime.imports.clone().unwrap_or_default()
            ),
            "Add \"/etc/containerd/conf.d/*.toml\" to it.",
        ));
    }
    if facts.runtime.runc.is_none() {
        all.push(Finding::error(
            name,
            Check::Runtime,
            format!("containerd at {path} has no runc beside it."),
            "Install runc, or remove that containerd: then both are installed here.",
        ));
    }
}

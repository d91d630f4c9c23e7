//! Findings about what a machine has to give, and what is in use already.

use domain::finding::{AttributePath, Check, Finding};
use domain::node::Role;
use domain::node_setup::SwapPolicy;

use super::One;
use crate::sizes;

pub(super) fn look(one: &One<'_>, all: &mut Vec<Finding>) {
    size(one, all);
    swap(one, all);
    ports(one, all);
    resolver(one, all);
    address(one, all);
}

fn size(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, node, .. } = one;
    let (role, least) = (role_word(node.role), sizes::memory_mib(node.role));
    if facts.memory_mib < least {
        all.push(Finding::error(
            name,
            Check::Memory,
            format!("The machine has {} MiB of memory.", facts.memory_mib),
            format!("A {role} needs {least} MiB at the least."),
        ));
    }
    let least = sizes::cpus(node.role);
    if facts.cpus < least {
        all.push(Finding::error(
            name,
            Check::Cpus,
            format!(
                "The machine has {}.",
                if facts.cpus == 1 { "one processor".into() } else { format!("{} processors", facts.cpus) }
            ),
            format!("A {role} needs {least} at the least."),
        ));
    }
    // What is there already has its space: a node in use may run full, and that is the kubelet's to tell.
    if one.is_ours() && (facts.membership.initialized || facts.membership.joined) {
        return;
    }
    for (path, least) in sizes::free_mib(node.role) {
        if let Some(free) = facts.free_mib.get(path).filter(|free| **free < least) {
            all.push(Finding::error(
                name,
                Check::Disk,
                format!("The file system that holds `{path}` has {free} MiB free."),
                format!("A {role} needs {least} MiB there: make room, or mount a larger one."),
            ));
        }
    }
}

fn swap(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, setup, .. } = one;
    if facts.swap.is_empty() {
        return;
    }
    let seen = format!("Swap is on: {}.", facts.swap.join(", "));
    match setup.swap {
        SwapPolicy::Keep => {}
        SwapPolicy::TurnOff => all.push(Finding::warning(
            name,
            Check::Swap,
            seen,
            "It is turned off as long as the machine is a node, because of `swap = \"turn_off\"`; \
                 memory in use must fit without it.",
        )),
        SwapPolicy::Refuse => all.push(Finding::error(
            name,
            Check::Swap,
            seen,
            "Turn it off and take it out of /etc/fstab, or set `swap` to \"turn_off\" or \"keep\".",
        )),
    }
}

fn ports(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, node, .. } = one;
    // On a machine of ours they are busy because the node runs.
    if one.is_ours() {
        return;
    }
    let busy: Vec<_> = facts
        .listeners
        .iter()
        .filter(|listener| node.role.ports().contains(&listener.port))
        .map(|listener| match &listener.program {
            Some(program) => format!("{} ({program})", listener.port),
            None => listener.port.to_string(),
        })
        .collect();
    if !busy.is_empty() {
        all.push(Finding::error(
            name,
            Check::Ports,
            format!("Something listens on {} already.", busy.join(", ")),
            format!("A {} needs these ports for itself: stop what uses them.", role_word(node.role)),
        ));
    }
}

fn resolver(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, setup, .. } = one;
    // A kubelet with a file of its own does not hand this one to pods.
    if setup.kubelet.as_ref().is_some_and(|text| text.0.contains("resolvConf")) {
        return;
    }
    let looped: Vec<_> = facts
        .nameservers
        .iter()
        .filter(|server| server.starts_with("127.") || *server == "::1")
        .cloned()
        .collect();
    if looped.is_empty() {
        if facts.nameservers.is_empty() {
            all.push(Finding::warning(
                name,
                Check::Resolver,
                "The machine has no name server.",
                "Pods will resolve names of the cluster only.",
            ));
        }
        return;
    }
    all.push(Finding::error(
        name,
        Check::Resolver,
        format!(
            "The machine's resolver is itself ({}), and pods would be given the same address, which \
             is their own.",
            looped.join(", ")
        ),
        "Name the real server in /etc/resolv.conf, use systemd-resolved, or give the kubelet another \
             file: `kubelet = yamlencode({ resolvConf = \"…\" })`.",
    ));
}

fn address(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, node, .. } = one;
    if facts.addresses.is_empty() || facts.addresses.contains(&node.ip) {
        return;
    }
    let own: Vec<_> = facts.addresses.iter().map(ToString::to_string).collect();
    all.push(
        Finding::error(
            name,
            Check::Identity,
            format!("The machine does not have the address {}; it has {}.", node.ip, own.join(", ")),
            "Set `private_ip` to the address of the machine that the others reach it by.",
        )
        .at(AttributePath::machine(name).then("private_ip")),
    );
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::ControlPlane => "control plane",
        Role::Worker => "worker",
    }
}

//! Findings about a cluster that a machine already belongs to.

use domain::finding::{Check, Finding};
use domain::mark::Phase;

use super::One;

pub(super) fn look(one: &One<'_>, all: &mut Vec<Finding>) {
    let One { name, facts, .. } = one;
    let found = &facts.membership;
    if let Some(other) = facts.mark.as_ref().filter(|_| !one.is_ours()) {
        let mark = &other.mark;
        all.push(Finding::error(
            name,
            Check::Cluster,
            format!(
                "The machine belongs to `{}` \"{}\" of owner `{}`, as its machine \"{}\" ({}).",
                mark.kind,
                mark.name,
                mark.owner,
                other.machine,
                match mark.phase {
                    Phase::Creating => "unfinished",
                    Phase::Ready => "finished",
                }
            ),
            "Take the machine out of that cluster first, or choose another one.",
        ));
        return;
    }
    if let Some(own) = facts.mark.as_ref().filter(|own| own.machine != name.as_str()) {
        all.push(Finding::error(
            name,
            Check::Cluster,
            format!("The machine is \"{}\" of this very cluster.", own.machine),
            format!(
                "Two entries of `machines` lead to one machine, or its key was renamed: remove \
                 \"{}\" in an apply of its own first.",
                own.machine
            ),
        ));
    }
    if one.is_ours() {
        return;
    }
    let servers: Vec<_> =
        [&found.admin, &found.kubelet].into_iter().flatten().map(|file| file.server.clone()).collect();
    if let Some(server) = servers.first() {
        all.push(Finding::error(
            name,
            Check::Cluster,
            format!("The machine is a node of the cluster at {server}, which was not made here."),
            "Choose another machine, or run `kubeadm reset` on it if that cluster is of no use any more.",
        ));
    } else if found.etcd_data || !found.static_pods.is_empty() {
        all.push(Finding::error(
            name,
            Check::Cluster,
            "There is data of a control plane in /var/lib/etcd or /etc/kubernetes/manifests that was \
                 not made here.",
            "Choose another machine, or move these directories away.",
        ));
    }
    let foreign = facts.runtime.kubelet.as_ref().is_some_and(|kubelet| !kubelet.ours);
    if foreign && found.kubelet_unit == "active" && servers.is_empty() {
        all.push(Finding::error(
            name,
            Check::Cluster,
            "A kubelet runs on the machine that was not made here.",
            "Stop and disable it (`systemctl disable --now kubelet`), or choose another machine.",
        ));
    }
}

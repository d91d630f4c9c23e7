//! A machine leaves: out of its cluster, then back to what it was.

use crate::paths;
use crate::script::Script;

/// Names of chains and sets in the packet filter that belong to Kubernetes and the pod networks.
const FILTER_NAMES: &str =
    "KUBE-\\|CNI-\\|CILIUM_\\|cali-\\|cali:\\|FLANNEL\\|flanneld\\|OVN-\\|ovn40\\|KUBE_";

/// Takes the machine out of its cluster: `kubeadm reset` and what it leaves of secrets.
///
/// The mark stays, so that a run that is cut off is carried on. Answers: `reset`.
pub fn reset() -> Script {
    Script::new("reset", include_str!("sh/reset.sh")).set("CRI_SOCKET", paths::CRI_SOCKET)
}

/// Removes what we put onto the machine and gives back what was there, by the notes of the claim. Notes and mark stay.
///
/// Answers: `left WHAT` for everything that could not be removed, then `cleaned`.
pub fn clean() -> Script {
    Script::new("clean", concat!(include_str!("sh/hosts.sh"), "\n", include_str!("sh/clean.sh")))
        .set("FILTER_NAMES", FILTER_NAMES)
        .set("CONTAINERD_UNIT", "/etc/systemd/system/containerd.service")
        .set("LOOSE_FILES", "/var/lib/systemd/timers/stamp-kurator-renew.timer /run/flannel /var/log/kurator")
}

/// Removes the notes and the mark, once the machine is clean. No step, for steps leave traces that this removes.
///
/// Answers: `forgotten`.
pub fn forget() -> Script {
    Script::new("forget", include_str!("sh/forget.sh"))
}

#[cfg(test)]
mod tests;

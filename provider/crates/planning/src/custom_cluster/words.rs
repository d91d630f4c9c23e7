//! A custom cluster in words: what a change does, and what is not as it should be.

use std::collections::{BTreeMap, BTreeSet};

use domain::custom_cluster::{
    CustomClusterFacts, CustomClusterSpec, Kubeadm, MachineFound, MachineId, MachineSpec, NodeState,
};

use super::bears;
use crate::last_change::{LastChange, count};

/// A custom cluster as configuration has it: what the words of a change are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomClusterShape {
    /// Its Kubernetes version.
    pub version: String,
    /// Machines by name.
    pub machines: BTreeMap<String, MachineShape>,
    /// The pod network in words.
    pub cni: String,
}

/// A machine as configuration has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineShape {
    /// Whether it is a control plane.
    pub is_control_plane: bool,
    /// Where it is.
    pub address: String,
    /// Labels and taints of its node.
    pub node: String,
    /// Everything that its preparation puts on it.
    pub preparation: String,
}

/// The change from `prior` (none for a create) to `planned` in words.
pub fn last_change(prior: Option<&CustomClusterShape>, planned: &CustomClusterShape) -> LastChange {
    let empty = CustomClusterShape::default();
    let before = prior.unwrap_or(&empty);
    let names: BTreeSet<&String> = before.machines.keys().chain(planned.machines.keys()).collect();
    let (mut carry, mut join, mut change, mut leave) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match (before.machines.get(name), planned.machines.get(name)) {
            (None, Some(new)) if new.is_control_plane => {
                carry.push(format!("{name}: make the control plane"));
            }
            (None, Some(_)) => join.push(format!("{name}: join")),
            (Some(_), None) => leave.push(format!("{name}: drain and leave")),
            (Some(old), Some(new)) if old.address != new.address => {
                join.push(format!("{name}: leave {}, join {}", old.address, new.address));
            }
            (Some(old), Some(new)) => {
                if old.preparation != new.preparation {
                    change.push(format!("{name}: prepare anew"));
                }
                if old.node != new.node {
                    change.push(format!("{name}: relabel"));
                }
            }
            (None, None) => {}
        }
    }
    if before.cni != planned.cni && !planned.cni.is_empty() {
        carry.push(format!("pod network: {}", planned.cni));
    }
    let short = |shape: &CustomClusterShape| {
        format!("Kubernetes {} on {}", shape.version, count(shape.machines.len(), "machine"))
    };
    let steps = [carry, join, change, leave].concat();
    LastChange::new(prior.map(short).unwrap_or_default(), short(planned), steps)
}

/// What differs from `wanted` and no attribute shows, a sentence each. A machine that does not answer is not mentioned:
/// nothing is known of it.
pub fn drift(wanted: &CustomClusterSpec, found: &CustomClusterFacts) -> Vec<String> {
    let Some(running) = &found.running else {
        return vec!["there is no cluster on the control plane".to_owned()];
    };
    let mut drift = Vec::new();
    if let Some(cni) = &wanted.cni
        && running.cni.as_ref() != Some(cni)
    {
        drift.push("pod network: it is not installed as configured".to_owned());
    }
    for (id, machine) in wanted.ids() {
        drift.extend(of_machine(&id, machine, found.machines.get(&id), running.nodes.get(&id.name)));
    }
    let stays: BTreeSet<MachineId> = wanted.ids().map(|(id, _)| id).collect();
    for id in found.record.iter().flatten().filter(|id| !stays.contains(*id)) {
        if matches!(found.machines.get(id), Some(MachineFound::There(host)) if bears(host, id)) {
            drift.push(format!("{id}: it is to leave, and answers"));
        }
    }
    drift
}

fn of_machine(
    id: &MachineId,
    wanted: &MachineSpec,
    found: Option<&MachineFound>,
    node: Option<&NodeState>,
) -> Vec<String> {
    let name = &id.name;
    let mut drift = Vec::new();
    if let Some(MachineFound::There(host)) = found {
        if !bears(host, id) || host.kubeadm != Kubeadm::Done {
            drift.push(format!("{name}: nothing of the cluster is on the machine"));
        } else if host.preparation.as_ref() != Some(&wanted.preparation) {
            drift.push(format!("{name}: it is prepared otherwise"));
        }
    }
    let Some(node) = node else {
        drift.push(format!("{name}: the cluster has no such node"));
        return drift;
    };
    if !node.schedulable {
        drift.push(format!("{name}: its node takes no new pods"));
    }
    if node.labels != wanted.labels {
        drift.push(format!("{name}: labels of its node differ"));
    }
    if node.taints != wanted.taints {
        drift.push(format!("{name}: taints of its node differ"));
    }
    drift
}

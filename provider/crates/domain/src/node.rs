//! A node: a machine of a cluster, what it should be and what the cluster says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use crate::name::Name;
use crate::version::KubernetesVersion;

/// What a machine does in its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It carries the API, etcd and the controllers.
    ControlPlane,
    /// It carries what users run.
    Worker,
}

impl Role {
    /// The word in configurations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ControlPlane => "control_plane",
            Self::Worker => "worker",
        }
    }

    /// Reads the word; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "control_plane" => Some(Self::ControlPlane),
            "worker" => Some(Self::Worker),
            _ => None,
        }
    }

    /// The taints that kubeadm gives to a node of the role.
    pub fn own_taints(self) -> BTreeSet<Taint> {
        match self {
            Self::ControlPlane => BTreeSet::from([Taint::control_plane()]),
            Self::Worker => BTreeSet::new(),
        }
    }

    /// TCP ports that the role needs for itself (Kubernetes documentation, "Ports and Protocols").
    pub fn ports(self) -> &'static [u16] {
        match self {
            Self::ControlPlane => &[2379, 2380, 6443, 10250, 10256, 10257, 10259],
            Self::Worker => &[10250, 10256],
        }
    }
}

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaintEffect {
    /// New ones are not placed here.
    NoSchedule,
    /// New ones are placed elsewhere where possible.
    PreferNoSchedule,
    /// They have to leave.
    NoExecute,
}

impl TaintEffect {
    /// Kubernetes' own word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }

    /// Reads Kubernetes' own word, or ours in lower snake case; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "NoSchedule" | "no_schedule" => Some(Self::NoSchedule),
            "PreferNoSchedule" | "prefer_no_schedule" => Some(Self::PreferNoSchedule),
            "NoExecute" | "no_execute" => Some(Self::NoExecute),
            _ => None,
        }
    }
}

/// A taint of a node. Key and effect say which it is; a node has each pair once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Taint {
    /// Key.
    pub key: String,
    /// What it does.
    pub effect: TaintEffect,
    /// Value; empty for none.
    pub value: String,
}

impl Taint {
    /// The taint that kubeadm gives to control planes.
    pub fn control_plane() -> Self {
        Self { key: CONTROL_PLANE.to_owned(), effect: TaintEffect::NoSchedule, value: String::new() }
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.as_str() {
            "" => write!(f, "{}:{}", self.key, self.effect.as_str()),
            value => write!(f, "{}={value}:{}", self.key, self.effect.as_str()),
        }
    }
}

/// Label and taint of control planes.
pub const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// A node as it should be. How its machine is reached is somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// The machine's key in the configuration, and the name of the Node.
    pub name: Name,
    /// What it does.
    pub role: Role,
    /// The address that the node gives to the others.
    pub ip: IpAddr,
    /// Labels of the Node that are ours.
    pub labels: BTreeMap<String, String>,
    /// Taints of the Node that are ours. None given means kubeadm's own for the role.
    pub taints: Option<BTreeSet<Taint>>,
}

impl NodeSpec {
    /// The taints that the Node should have of us.
    pub fn wanted_taints(&self) -> BTreeSet<Taint> {
        self.taints.clone().unwrap_or_else(|| self.role.own_taints())
    }
}

/// A node as its cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    /// What the labels say it does.
    pub role: Role,
    /// The kubelet's version; none where it does not read as one.
    pub version: Option<KubernetesVersion>,
    /// Whether it is ready.
    pub ready: bool,
    /// Whether nothing new is placed on it.
    pub cordoned: bool,
    /// Its internal address.
    pub ip: Option<IpAddr>,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
    /// All its taints.
    pub taints: BTreeSet<Taint>,
    /// What its Ready condition says, for people.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_plane_has_kubeadms_taint_unless_it_is_told_others() {
        let mut node = NodeSpec {
            name: Name::parse("cp1").unwrap(),
            role: Role::ControlPlane,
            ip: "10.0.0.1".parse().unwrap(),
            labels: BTreeMap::new(),
            taints: None,
        };
        assert_eq!(node.wanted_taints(), BTreeSet::from([Taint::control_plane()]));
        assert_eq!(Taint::control_plane().to_string(), "node-role.kubernetes.io/control-plane:NoSchedule");
        node.taints = Some(BTreeSet::new());
        assert!(node.wanted_taints().is_empty());
        node.role = Role::Worker;
        node.taints = None;
        assert!(node.wanted_taints().is_empty());
    }
}

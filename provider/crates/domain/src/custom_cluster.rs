//! A cluster that kubeadm makes of machines which exist already: what it should be, and what was found of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use std::net::IpAddr;
use std::time::Duration;

use crate::machine_address::MachineAddress;
use crate::mark::Mark;
use crate::name::Name;
use crate::node::{Role, Taint};
use crate::node_setup::{NodeSetup, YamlText};

/// A custom cluster as its configuration has it, in full: whatever is carried out is made from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomClusterSetup {
    /// What all its nodes have in common.
    pub nodes: NodeSetup,
    /// Machines by name, which is their node's name too.
    pub machines: BTreeMap<Name, MachineSetup>,
    /// Where its pods' network comes from.
    pub cni: CniSpec,
    /// How workers are taken out of service.
    pub workers: WorkersStrategy,
}

/// A machine as its configuration has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineSetup {
    /// What it does in the cluster.
    pub role: Role,
    /// How it is reached. The host in it says which machine it is.
    pub login: MachineAddress,
    /// The address that it gives to the other machines. None means the host above if that is an IP address, and
    /// otherwise the address that its packets to elsewhere leave from.
    pub private_ip: Option<IpAddr>,
    /// Labels of its node that are ours.
    pub labels: BTreeMap<String, String>,
    /// Taints of its node that are ours. None means kubeadm's own for the role.
    pub taints: Option<BTreeSet<Taint>>,
}

impl MachineSetup {
    /// This machine under its name.
    pub fn id(&self, name: &Name) -> MachineId {
        MachineId { name: name.clone(), address: self.login.login.at.host.clone() }
    }
}

/// Where a cluster's pod network comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CniSpec {
    /// From a chart, which is installed from inside the cluster.
    Chart(ChartSpec),
    /// From documents that are applied as they are; none of them means the site brings its own.
    Manifests(Vec<YamlText>),
}

/// A pod network's chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartSpec {
    /// The network's name, as in `cilium`.
    pub network: String,
    /// Version of the chart; none means the one that is known to fit.
    pub version: Option<String>,
    /// Where the chart is instead of its project's own place: `oci://…/NAME`, or a repository's `https://…`.
    pub source: Option<String>,
    /// Digest, `sha256:…`, of a chart in a registry.
    pub digest: Option<String>,
    /// Values over ours.
    pub values: Option<YamlText>,
    /// The image with helm that installs it; none means the usual one.
    pub helm_image: Option<String>,
}

/// How workers are taken out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkersStrategy {
    /// How many at a time; at least 1.
    pub max_unavailable: usize,
    /// How their pods are moved.
    pub drain: DrainSpec,
}

/// How a node's pods are moved elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainSpec {
    /// How long that may take for one node.
    pub timeout: Duration,
    /// Whether pods go whose `emptyDir` volumes are lost with them.
    pub delete_emptydir: bool,
    /// Whether pods go that no controller will make again.
    pub force: bool,
}

/// What a custom cluster should be, as far as the order of work depends on it. How a machine is prepared is said once
/// more, in full, to whoever carries the steps out; here it is a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomClusterSpec {
    /// Machines by name, which is their node's name too.
    pub machines: BTreeMap<Name, MachineSpec>,
    /// Digest of the pod network's chart, version and values; none if the site brings its own.
    pub cni: Option<String>,
    /// How many workers may be out of service at a time; at least 1.
    pub max_unavailable: usize,
}

/// What a machine should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineSpec {
    /// What it does in the cluster.
    pub role: Role,
    /// Where it is: two machines are the same if this is equal.
    pub address: String,
    /// Labels of its node that we look after; others stay as they are.
    pub labels: BTreeMap<String, String>,
    /// Taints of its node that we look after; others stay as they are.
    pub taints: BTreeSet<Taint>,
    /// Digest of everything that its preparation puts on it.
    pub preparation: String,
}

/// A machine under the name it has in the cluster. Another machine under the same name is another one of these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId {
    /// Its name, which is its node's name too.
    pub name: Name,
    /// Where it is.
    pub address: String,
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.address)
    }
}

impl CustomClusterSpec {
    /// The machines that should be in the cluster.
    pub fn ids(&self) -> impl Iterator<Item = (MachineId, &MachineSpec)> {
        self.machines.iter().map(|(name, machine)| (machine.id(name), machine))
    }
}

impl MachineSpec {
    /// This machine under its name.
    pub fn id(&self, name: &Name) -> MachineId {
        MachineId { name: name.clone(), address: self.address.clone() }
    }
}

/// What was found of a custom cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomClusterFacts {
    /// The machines that were looked at: those wanted, those stored, and those that the record names.
    pub machines: BTreeMap<MachineId, MachineFound>,
    /// Every machine that was ever touched for the cluster and not cleaned since, as the control plane has it; none
    /// before there is a record. It is written before a machine is touched, so that one whose making was cut off is
    /// found again.
    pub record: Option<BTreeSet<MachineId>>,
    /// What the API server says; none while the cluster has none. One that does not answer is no fact but an error.
    pub running: Option<RunningFacts>,
}

/// A machine that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MachineFound {
    /// It does not answer, or not as the machine that is meant.
    OutOfReach,
    /// It answers.
    There(HostFacts),
}

/// What a machine holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostFacts {
    /// Whose it is; none if nothing of ours is on it.
    pub mark: Option<Mark>,
    /// Under which name it was marked.
    pub name: Option<Name>,
    /// Digest of the last preparation that came to its end.
    pub preparation: Option<String>,
    /// How far kubeadm came.
    pub kubeadm: Kubeadm,
}

/// How far kubeadm came on a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kubeadm {
    /// It was not there, or everything it left is gone.
    #[default]
    Nothing,
    /// It was cut off: some of its files are there.
    Begun,
    /// The kubelet has its credentials, and on a control plane the administrator's are there.
    Done,
}

/// What the API server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunningFacts {
    /// Nodes by name.
    pub nodes: BTreeMap<Name, NodeState>,
    /// Digest of the pod network's chart, version and values that was installed last; none if it was not.
    pub cni: Option<String>,
}

/// A node, as far as we look after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeState {
    /// Whether it says that it is ready.
    pub ready: bool,
    /// Whether pods may be put onto it.
    pub schedulable: bool,
    /// Its labels that we look after.
    pub labels: BTreeMap<String, String>,
    /// Its taints that we look after.
    pub taints: BTreeSet<Taint>,
    /// The version of its kubelet, without a leading `v`.
    pub version: String,
}

//! A custom cluster: steps on its machines and in its API.
//!
//! Steps come in lanes, one for each machine: what happens to a machine is in order, and machines do not wait for each
//! other. What others must have behind them is in an earlier stage.

use std::collections::{BTreeMap, BTreeSet};

use domain::custom_cluster::{
    CustomClusterFacts, CustomClusterSpec, HostFacts, Kubeadm, MachineFound, MachineId, MachineSpec,
    NodeState,
};
use domain::mark::{Mark, Phase};
use domain::name::Name;
use domain::node::{Role, Taint};

mod words;

pub use words::{CustomClusterShape, MachineShape, drift, last_change};

/// One change, complete enough to carry out without deciding anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomClusterStep {
    /// Put the mark on the machine, and before it a note of what is there already.
    Claim {
        /// The mark.
        mark: Mark,
    },
    /// Write down on the control plane which machines are touched for the cluster.
    Record {
        /// All of them.
        machines: BTreeSet<MachineId>,
    },
    /// Put on the machine what a node needs.
    Prepare {
        /// The digest to note when it is done.
        preparation: String,
    },
    /// Make the first control plane.
    Init,
    /// Give the pods a network.
    InstallCni {
        /// The digest to note when it is done.
        cni: String,
    },
    /// Make the machine a node of the cluster.
    Join,
    /// Set the labels and taints that we look after.
    SetNode {
        /// The labels.
        labels: BTreeMap<String, String>,
        /// The taints.
        taints: BTreeSet<Taint>,
    },
    /// Wait until the node says that it is ready.
    AwaitReady,
    /// Let pods onto the node again.
    Uncordon,
    /// Keep new pods off the node and evict the others.
    Drain,
    /// Remove the node from the API.
    RemoveNode,
    /// Take everything of ours from the machine, the mark last.
    Reset,
    /// Say on the machine that it is finished.
    Finish {
        /// The mark.
        mark: Mark,
    },
}

impl CustomClusterStep {
    /// What kind of step it is, for logs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Claim { .. } => "claim",
            Self::Record { .. } => "record",
            Self::Prepare { .. } => "prepare",
            Self::Init => "init",
            Self::InstallCni { .. } => "install_cni",
            Self::Join => "join",
            Self::SetNode { .. } => "set_node",
            Self::AwaitReady => "await_ready",
            Self::Uncordon => "uncordon",
            Self::Drain => "drain",
            Self::RemoveNode => "remove_node",
            Self::Reset => "reset",
            Self::Finish { .. } => "finish",
        }
    }
}

/// What is to be done on or for one machine, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The machine.
    pub machine: MachineId,
    /// The steps. After one that fails, no later one is begun for this machine, in this stage or another.
    pub steps: Vec<CustomClusterStep>,
    /// Whether no later stage can go on if this fails.
    pub vital: bool,
}

/// Stages in their order; the lanes of a stage do not depend on each other.
pub type CustomClusterStages = Vec<Vec<Lane>>;

/// What a plan is made from.
struct Ground<'a> {
    wanted: &'a CustomClusterSpec,
    found: &'a CustomClusterFacts,
    mark: &'a Mark,
    /// The control plane that carries the cluster.
    carrier: MachineId,
}

/// Returns the stages that turn `found` into `wanted`: the record of what is touched, then the control plane and every
/// machine's preparation, then joining and coming into service, then changes of what is there, then leaving, then the marks that say it is
/// finished.
///
/// What comes is in service before something leaves, except where a machine leaves under a name or from an address that
/// another one takes. Given its own result as `found`, it returns no stages, except that a create always ends with its
/// marks. Without a control plane there is nothing to plan.
pub fn plan(wanted: &CustomClusterSpec, found: &CustomClusterFacts, mark: &Mark) -> CustomClusterStages {
    let mut control_planes = wanted.ids().filter(|(_, machine)| machine.role == Role::ControlPlane);
    let Some((carrier, _)) = control_planes.next() else { return Vec::new() };
    let ground = Ground { wanted, found, mark, carrier };
    let mut stages = vec![ground.recording()];
    let (first, last): (Vec<_>, Vec<_>) = ground.leaving().into_iter().partition(|id| ground.makes_way(id));
    stages.extend(ground.removal(&first));
    stages.push(ground.preparing());
    stages.push(ground.joining());
    stages.push(ground.serving());
    stages.extend(ground.changing());
    stages.extend(ground.removal(&last));
    stages.push(ground.finishing());
    stages.push(ground.forgetting(&[first, last].concat()));
    stages.retain(|stage| !stage.is_empty());
    stages
}

impl Ground<'_> {
    fn host(&self, id: &MachineId) -> Option<&HostFacts> {
        match self.found.machines.get(id) {
            Some(MachineFound::There(host)) => Some(host),
            Some(MachineFound::OutOfReach) | None => None,
        }
    }

    fn node(&self, name: &Name) -> Option<&NodeState> {
        self.found.running.as_ref()?.nodes.get(name)
    }

    fn lane(&self, machine: &MachineId, steps: Vec<CustomClusterStep>) -> Option<Lane> {
        let vital = *machine == self.carrier;
        (!steps.is_empty()).then(|| Lane { machine: machine.clone(), steps, vital })
    }

    /// Marks the control plane and writes down all machines there, before anything is touched.
    fn recording(&self) -> Vec<Lane> {
        let mut steps = Vec::new();
        if self.is_to_claim(&self.carrier) {
            steps.push(CustomClusterStep::Claim { mark: self.mark.clone() });
        }
        let machines: BTreeSet<MachineId> =
            self.found.record.iter().flatten().cloned().chain(self.wanted.ids().map(|(id, _)| id)).collect();
        if self.found.record.as_ref() != Some(&machines) {
            steps.push(CustomClusterStep::Record { machines });
        }
        self.lane(&self.carrier, steps).into_iter().collect()
    }

    /// Whether the machine has to bear the mark of this making first. A finished cluster's machines are not marked
    /// again only because it is changed.
    fn is_to_claim(&self, id: &MachineId) -> bool {
        let Some(host) = self.host(id).filter(|host| bears(host, id)) else { return true };
        let Some(found) = &host.mark else { return true };
        found.incarnation != self.mark.incarnation || self.mark.phase == Phase::Creating && found != self.mark
    }

    /// Whether a node of this machine is in the cluster, and the machine knows of it. A node whose machine was
    /// installed anew is somebody's who is not there any more.
    fn is_member(&self, id: &MachineId) -> bool {
        self.node(&id.name).is_some()
            && match self.found.machines.get(id) {
                Some(MachineFound::There(host)) => bears(host, id) && host.kubeadm == Kubeadm::Done,
                // A machine that does not answer stays what it was.
                Some(MachineFound::OutOfReach) => true,
                None => false,
            }
    }

    /// Preparation of what is no member yet, all at once; the control plane goes on to carry the cluster.
    fn preparing(&self) -> Vec<Lane> {
        let lane = |(id, machine): (MachineId, &MachineSpec)| {
            let carries = id == self.carrier;
            let mut steps = Vec::new();
            if !self.is_member(&id) {
                steps.extend(self.fresh(&id, machine));
            } else if !carries && self.host(&id).is_some() && self.is_to_claim(&id) {
                steps.push(CustomClusterStep::Claim { mark: self.mark.clone() });
            }
            if carries && self.found.running.is_none() {
                steps.push(CustomClusterStep::Init);
            }
            self.lane(&id, steps)
        };
        self.wanted.ids().filter_map(lane).collect()
    }

    /// What a machine needs before it can join. What an earlier making or a cut-off join left there goes first.
    fn fresh(&self, id: &MachineId, machine: &MachineSpec) -> Vec<CustomClusterStep> {
        let mut steps = Vec::new();
        let host = self.host(id);
        let carries = *id == self.carrier;
        let is_stale = host.is_some_and(|host| host.kubeadm != Kubeadm::Nothing) && !carries;
        let mut is_prepared = host.and_then(|host| host.preparation.as_ref()) == Some(&machine.preparation);
        if is_stale {
            steps.push(CustomClusterStep::Reset);
            is_prepared = false;
        }
        if (is_stale || self.is_to_claim(id)) && !carries {
            steps.push(CustomClusterStep::Claim { mark: self.mark.clone() });
        }
        if !is_prepared {
            steps.push(CustomClusterStep::Prepare { preparation: machine.preparation.clone() });
        }
        steps
    }

    /// Joining, all at once, and beside it the pods' network, which no join waits for.
    fn joining(&self) -> Vec<Lane> {
        let lane = |(id, machine): (MachineId, &MachineSpec)| {
            let mut steps = Vec::new();
            let is_member = self.is_member(&id);
            if id == self.carrier {
                let installed = self.found.running.as_ref().and_then(|running| running.cni.as_ref());
                let cni = self.wanted.cni.iter().filter(|cni| installed != Some(*cni));
                steps.extend(cni.map(|cni| CustomClusterStep::InstallCni { cni: cni.clone() }));
            } else if !is_member {
                if self.node(&id.name).is_some() && !self.makes_way_under(&id.name) {
                    // kubeadm refuses to join under the name of a node that exists.
                    steps.push(CustomClusterStep::RemoveNode);
                }
                steps.push(CustomClusterStep::Join);
            }
            let node = self.node(&id.name).filter(|_| is_member);
            if node.is_none_or(|node| node.labels != machine.labels || node.taints != machine.taints) {
                steps.push(CustomClusterStep::SetNode {
                    labels: machine.labels.clone(),
                    taints: machine.taints.clone(),
                });
            }
            self.lane(&id, steps)
        };
        self.wanted.ids().filter_map(lane).collect()
    }

    /// Nodes come into service. It is a stage of its own so that none is waited for whose network failed to come.
    fn serving(&self) -> Vec<Lane> {
        let lane = |(id, _): (MachineId, &MachineSpec)| {
            let node = self.node(&id.name).filter(|_| self.is_member(&id));
            let mut steps = Vec::new();
            // An unfinished create may have been cut off between joining and here.
            let is_fresh = node.is_none_or(|node| !node.ready && self.mark.phase == Phase::Creating);
            // Without a pod network of ours, whoever brings one waits for us: no node is ready before.
            if is_fresh && self.wanted.cni.is_some() {
                steps.push(CustomClusterStep::AwaitReady);
            }
            if node.is_some_and(|node| !node.schedulable) {
                steps.push(CustomClusterStep::Uncordon);
            }
            self.lane(&id, steps)
        };
        self.wanted.ids().filter_map(lane).collect()
    }

    /// Preparation of members that are prepared otherwise, the control plane first, workers in batches.
    fn changing(&self) -> CustomClusterStages {
        let lane = |(id, machine): (MachineId, &MachineSpec)| {
            let differs =
                self.host(&id).is_some_and(|host| host.preparation.as_ref() != Some(&machine.preparation));
            let steps = || {
                vec![
                    CustomClusterStep::Prepare { preparation: machine.preparation.clone() },
                    CustomClusterStep::AwaitReady,
                ]
            };
            if self.is_member(&id) && differs { self.lane(&id, steps()) } else { None }
        };
        let (control_planes, workers): (Vec<_>, Vec<_>) =
            self.wanted.ids().partition(|(_, machine)| machine.role == Role::ControlPlane);
        let mut stages: CustomClusterStages =
            control_planes.into_iter().filter_map(lane).map(|lane| vec![lane]).collect();
        stages.extend(self.batches(&workers.into_iter().filter_map(lane).collect::<Vec<_>>()));
        stages
    }

    /// The machines that leave: recorded or looked at, and not wanted.
    fn leaving(&self) -> Vec<MachineId> {
        let stays: BTreeSet<MachineId> = self.wanted.ids().map(|(id, _)| id).collect();
        let known = self.found.record.iter().flatten().chain(self.found.machines.keys());
        let known: BTreeSet<&MachineId> = known.collect();
        known.into_iter().filter(|id| !stays.contains(*id)).cloned().collect()
    }

    /// Whether another machine comes under its name or to its address.
    fn makes_way(&self, leaving: &MachineId) -> bool {
        self.wanted.ids().any(|(id, _)| id.name == leaving.name || id.address == leaving.address)
    }

    /// Whether another machine of this name leaves, and takes its node along.
    fn makes_way_under(&self, name: &Name) -> bool {
        self.leaving().iter().any(|leaving| leaving.name == *name)
    }

    /// Removal in batches: pods move on, then the node goes, then what we put on the machine. One that does not answer
    /// loses its node and stays in the record.
    fn removal(&self, leaving: &[MachineId]) -> CustomClusterStages {
        let lane = |id: &MachineId| {
            let host = self.host(id);
            let mut steps = Vec::new();
            if self.node(&id.name).is_some() && !self.is_another_ones_node(id) {
                if host.is_some() {
                    steps.push(CustomClusterStep::Drain);
                }
                steps.push(CustomClusterStep::RemoveNode);
            }
            if host.is_some_and(|host| bears(host, id)) {
                steps.push(CustomClusterStep::Reset);
            }
            self.lane(id, steps)
        };
        self.batches(&leaving.iter().filter_map(lane).collect::<Vec<_>>())
    }

    /// Whether the node of this name is that of a wanted machine: an earlier one of the name left, and could not be
    /// cleaned.
    fn is_another_ones_node(&self, leaving: &MachineId) -> bool {
        self.wanted.ids().any(|(id, _)| id.name == leaving.name && id != *leaving && self.is_member(&id))
    }

    fn batches(&self, lanes: &[Lane]) -> CustomClusterStages {
        lanes.chunks(self.wanted.max_unavailable.max(1)).map(<[Lane]>::to_vec).collect()
    }

    /// The mark of the control plane says that the cluster is finished: it is what a create looks at.
    fn finishing(&self) -> Vec<Lane> {
        if self.mark.phase != Phase::Creating {
            return Vec::new();
        }
        let finish = CustomClusterStep::Finish { mark: self.mark.clone().ready() };
        self.lane(&self.carrier, vec![finish]).into_iter().collect()
    }

    /// The record loses those that are clean.
    fn forgetting(&self, left: &[MachineId]) -> Vec<Lane> {
        let Some(record) = &self.found.record else { return Vec::new() };
        let clean = |id: &&MachineId| left.contains(id) && self.host(id).is_some();
        if !record.iter().any(|id| clean(&id)) {
            return Vec::new();
        }
        let stays = record.iter().filter(|id| !clean(id)).cloned();
        let machines = stays.chain(self.wanted.ids().map(|(id, _)| id)).collect();
        self.lane(&self.carrier, vec![CustomClusterStep::Record { machines }]).into_iter().collect()
    }
}

/// Whether the machine was marked under the name that it has here.
fn bears(host: &HostFacts, id: &MachineId) -> bool {
    host.mark.is_some() && host.name.as_ref() == Some(&id.name)
}

/// Returns the stages that remove the cluster: every worker, then the control plane, whose record finds the others: it
/// stays as long as one of them could not be cleaned. A machine that does not answer is left out.
pub fn teardown(found: &CustomClusterFacts, carrier: &MachineId) -> CustomClusterStages {
    let reset =
        |id: &MachineId| Lane { machine: id.clone(), steps: vec![CustomClusterStep::Reset], vital: true };
    let is_ours = |id: &MachineId| match found.machines.get(id) {
        Some(MachineFound::There(host)) => host.mark.is_some(),
        Some(MachineFound::OutOfReach) | None => false,
    };
    let (last, first): (Vec<_>, Vec<_>) =
        found.machines.keys().filter(|id| is_ours(id)).partition(|id| *id == carrier);
    let mut stages: CustomClusterStages =
        vec![first.into_iter().map(reset).collect(), last.into_iter().map(reset).collect()];
    stages.retain(|stage| !stage.is_empty());
    stages
}

#[cfg(test)]
mod tests;

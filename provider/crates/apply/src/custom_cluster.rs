//! A custom cluster as it is met: its machines, the record on its control plane, and its API.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::cluster_ref::{ClusterRef, Place};
use domain::custom_cluster::{
    CustomClusterFacts, CustomClusterSetup, CustomClusterSpec, Kubeadm, MachineFound, MachineId, MachineSpec,
    RunningFacts,
};
use domain::host_key::HostKeyPolicy;
use domain::machine_address::MachineAddress;
use domain::name::Name;
use domain::node::{NodeSpec, Role};
use domain::ssh_place::SshPlace;
use engines::clusters::{Cluster, Clusters};
use engines::error::EngineError;
use engines::limits::Limits;
use engines::machines::{Machine, Machines};
use engines::wait::{Pace, Seen, until};
use nodes::bootstrap::{network, objects};
use nodes::problem::Problem;
use nodes::{prepare, record};

use crate::machines::{AllMet, Met, look_at, node};

/// How long the API of a control plane that answers may take to answer from outside: one that has just been made or
/// switched on.
pub const API_PATIENCE: Duration = Duration::from_mins(2);

/// What a cluster is observed with.
pub struct Ground<'a> {
    /// The way to machines.
    pub machines: &'a dyn Machines,
    /// The resolver.
    pub clusters: &'a dyn Clusters,
    /// What should be.
    pub setup: &'a CustomClusterSetup,
    /// Machines that are stored, wanted or not.
    pub stored: &'a BTreeMap<MachineId, MachineAddress>,
    /// How many machines at a time.
    pub at_a_time: usize,
}

/// What the API said.
pub enum Api {
    /// The control plane has none.
    Absent,
    /// It answers.
    There(Arc<dyn Cluster>, RunningFacts),
    /// The control plane has one, or nobody knows, and it does not answer.
    OutOfReach(EngineError),
}

/// What was met.
pub struct Observed {
    /// The control plane that carries the cluster.
    pub carrier: MachineId,
    /// Every machine that was looked at.
    pub met: AllMet,
    /// How each of them is reached.
    pub addresses: BTreeMap<MachineId, MachineAddress>,
    /// What its record says; none before there is one.
    pub record: Option<BTreeSet<MachineId>>,
    /// The API.
    pub api: Api,
    /// What should be, with what only the machines could tell: their addresses.
    pub setup: CustomClusterSetup,
    /// The machines as nodes; one is missing if nobody knows its address.
    pub nodes: BTreeMap<Name, NodeSpec>,
}

/// Looks at all machines that are wanted, stored or recorded, and asks the API if there is one.
///
/// # Errors
///
/// Those of a control plane that answers and does not give its record. All other trouble is in [`Observed`]; `None` for a
/// cluster without a control plane.
pub async fn observe(ground: &Ground<'_>, limits: &Limits) -> Result<Option<Observed>, EngineError> {
    let Some(carrier) = carrier(ground.setup) else { return Ok(None) };
    let mut addresses = ground.stored.clone();
    for (name, machine) in &ground.setup.machines {
        addresses.insert(machine.id(name), machine.login.clone());
    }
    let mut met = look_at(ground.machines, &addresses, ground.at_a_time, limits).await;
    let record = match met.get(&carrier) {
        Some(Ok(there)) => read_record(there, limits).await?,
        _ => None,
    };
    let template = addresses.get(&carrier).cloned();
    let unseen: BTreeMap<_, _> = record
        .iter()
        .flatten()
        .filter(|id| !met.contains_key(*id))
        .filter_map(|id| Some((id.clone(), elsewhere(template.as_ref()?, &id.address))))
        .collect();
    met.extend(look_at(ground.machines, &unseen, ground.at_a_time, limits).await);
    addresses.extend(unseen);
    let nodes = nodes(ground.setup, &met);
    let setup = completed(ground.setup, &nodes);
    let api = match met.get(&carrier) {
        Some(Ok(there)) if there.facts.kubeadm() == Kubeadm::Done => {
            let reference = reference(&setup, &*there.machine);
            match reference {
                Some(reference) => ask(ground.clusters, &reference, limits).await,
                None => Api::Absent,
            }
        }
        Some(Ok(_)) | None => Api::Absent,
        Some(Err(error)) => Api::OutOfReach(again(error)),
    };
    Ok(Some(Observed { carrier, met, addresses, record, api, setup, nodes }))
}

/// Asks the API of a control plane that answers again until it does, too: one that has just been switched on takes a
/// while.
pub async fn await_api(ground: &Ground<'_>, observed: &mut Observed, limits: &Limits) {
    let (Api::OutOfReach(_), Some(Ok(there))) = (&observed.api, observed.met.get(&observed.carrier)) else {
        return;
    };
    let Some(reference) = reference(&observed.setup, &*there.machine) else { return };
    let bounded = limits.at_most(API_PATIENCE);
    let look = || async {
        match ask(ground.clusters, &reference, &bounded).await {
            Api::OutOfReach(error) => Err(error),
            there => Ok(Seen::Ready(there)),
        }
    };
    observed.api = until("waiting for", "the cluster's API", Pace::CONTROLLER, &bounded, look)
        .await
        .unwrap_or_else(Api::OutOfReach);
}

/// The same trouble once more: what lies beneath it is told where it is kept.
fn again(error: &EngineError) -> EngineError {
    EngineError::new(error.doing, error.target.clone(), error.kind)
}

/// The control plane that carries a cluster: the first one.
pub fn carrier(setup: &CustomClusterSetup) -> Option<MachineId> {
    let mut control_planes = setup.machines.iter().filter(|(_, machine)| machine.role == Role::ControlPlane);
    control_planes.next().map(|(name, machine)| machine.id(name))
}

/// How a machine is reached of which only the address is known: as the control plane is.
fn elsewhere(template: &MachineAddress, host: &str) -> MachineAddress {
    let mut address = template.clone();
    host.clone_into(&mut address.login.at.host);
    // The key that was pinned is the control plane's own.
    address.login.host_keys = HostKeyPolicy { pinned: None, ..address.login.host_keys };
    address
}

async fn read_record(there: &Met, limits: &Limits) -> Result<Option<BTreeSet<MachineId>>, EngineError> {
    let text = there.machine.get(record::PATH, limits).await?;
    Ok(text.map(|text| record::read(&String::from_utf8_lossy(&text))))
}

fn nodes(setup: &CustomClusterSetup, met: &AllMet) -> BTreeMap<Name, NodeSpec> {
    setup
        .machines
        .iter()
        .filter_map(|(name, machine)| {
            let facts = met.get(&machine.id(name)).and_then(|met| met.as_ref().ok()).map(|met| &met.facts);
            Some((name.clone(), node(name, machine, facts)?))
        })
        .collect()
}

/// The setup with what follows from the machines: what must not go through a proxy, and the names by which the API is
/// reached from outside.
fn completed(setup: &CustomClusterSetup, nodes: &BTreeMap<Name, NodeSpec>) -> CustomClusterSetup {
    let mut setup = setup.clone();
    setup.nodes.machine_addresses = nodes.values().map(|node| node.ip).collect();
    let control_planes = setup.machines.values().filter(|machine| machine.role == Role::ControlPlane);
    let hosts: Vec<_> = control_planes.map(|machine| machine.login.login.at.host.clone()).collect();
    setup.nodes.extra_sans.extend(hosts);
    setup
}

/// Where the cluster's credentials are, by the keys that its control plane and the way to it proved.
pub fn reference(setup: &CustomClusterSetup, machine: &dyn Machine) -> Option<ClusterRef> {
    let carrier = carrier(setup)?;
    let login = &setup.machines.get(&carrier.name)?.login;
    let place = SshPlace::of(login, machine.host_key(), machine.bastion_keys());
    Some(ClusterRef { place: Place::Ssh(place), uid: None })
}

async fn ask(clusters: &dyn Clusters, reference: &ClusterRef, limits: &Limits) -> Api {
    let asked = async {
        let cluster = clusters.connect(reference, limits).await?;
        let running = running(&*cluster, limits).await?;
        Ok::<_, EngineError>((cluster, running))
    };
    match asked.await {
        Ok((cluster, running)) => Api::There(cluster, running),
        Err(error) => Api::OutOfReach(error),
    }
}

/// What a cluster's API says of it.
///
/// # Errors
///
/// Whatever it answers.
pub async fn running(cluster: &dyn Cluster, limits: &Limits) -> Result<RunningFacts, EngineError> {
    let (nodes, cni) = futures::future::try_join(
        cluster.nodes().observe_nodes(limits),
        cluster.bootstrap().noted(objects::NAMESPACE, limits),
    )
    .await?;
    Ok(RunningFacts { nodes, cni })
}

impl Observed {
    /// In the shape that planning takes.
    pub fn found(&self) -> CustomClusterFacts {
        let machines = self
            .met
            .iter()
            .map(|(id, met)| {
                let found = match met {
                    Ok(met) => MachineFound::There(met.facts.host()),
                    Err(_) => MachineFound::OutOfReach,
                };
                (id.clone(), found)
            })
            .collect();
        let running = match &self.api {
            Api::There(_, running) => Some(running.clone()),
            Api::Absent | Api::OutOfReach(_) => None,
        };
        CustomClusterFacts { machines, record: self.record.clone(), running }
    }

    /// The address behind the API's name on machines; none where DNS answers for it.
    pub fn endpoint(&self) -> Option<IpAddr> {
        let carrier = self.nodes.get(&self.carrier.name)?;
        (!self.setup.nodes.endpoint.dns_managed).then_some(carrier.ip)
    }

    /// What should be, in the shape that planning takes.
    ///
    /// # Errors
    ///
    /// [`Problem`] for what the user wrote and cannot be part of a node.
    pub fn wanted(&self) -> Result<CustomClusterSpec, Problem> {
        let preparation = prepare::wanted(&self.setup.nodes, self.endpoint())?;
        let machines = self
            .setup
            .machines
            .iter()
            .map(|(name, machine)| {
                let taints = machine.taints.clone();
                let spec = MachineSpec {
                    role: machine.role,
                    address: machine.id(name).address,
                    labels: machine.labels.clone(),
                    taints: taints.unwrap_or_else(|| machine.role.own_taints()),
                    preparation: preparation.clone(),
                };
                (name.clone(), spec)
            })
            .collect();
        Ok(CustomClusterSpec {
            machines,
            cni: network::wanted(&self.setup.nodes, &self.setup.cni)?,
            max_unavailable: self.setup.workers.max_unavailable,
        })
    }
}

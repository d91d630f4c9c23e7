//! Machines as they are met: logged in to and looked at, all at once.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::custom_cluster::{Kubeadm, MachineId, MachineSetup};
use domain::finding::Finding;
use domain::machine::MachineFacts;
use domain::machine_address::MachineAddress;
use domain::mark::Mark;
use domain::name::Name;
use domain::node::NodeSpec;
use domain::node_setup::NodeSetup;
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::{Command, Machine, Machines};
use futures::stream::{self, StreamExt as _};
use nodes::alive::{self, Authority};
use nodes::findings::Looked;
use nodes::look::{self, Asked};
use nodes::reach;

/// How long one look may take. What it asks takes a second; a program of somebody else's that hangs when it is asked for
/// its version is left after 20 s.
const LOOK: Duration = Duration::from_secs(90);

/// A machine that answered.
pub struct Met {
    /// The way to it.
    pub machine: Arc<dyn Machine>,
    /// What it told.
    pub facts: MachineFacts,
}

/// What came of meeting machines.
pub type AllMet = BTreeMap<MachineId, Result<Met, EngineError>>;

/// Looks at machines, `at_a_time` of them. Changes nothing on them.
pub async fn look_at(
    machines: &dyn Machines,
    at: &BTreeMap<MachineId, MachineAddress>,
    at_a_time: usize,
    limits: &Limits,
) -> AllMet {
    let looks: Vec<_> = at
        .iter()
        .map(|(id, address)| async move { (id.clone(), look_at_one(machines, address, limits).await) })
        .collect();
    stream::iter(looks).buffer_unordered(at_a_time.max(1)).collect().await
}

async fn look_at_one(
    machines: &dyn Machines,
    address: &MachineAddress,
    limits: &Limits,
) -> Result<Met, EngineError> {
    const DOING: &str = "looking at";
    let limits = limits.at_most(LOOK);
    let machine = machines.connect(address, &limits).await?;
    let sent_ms = now_ms();
    let output = machine.run(&Command::look(DOING, look::script().render()), &limits).await?;
    let heard_ms = now_ms();
    let output = output.success(DOING, address.to_string())?;
    let facts = look::parse(&output.text(), Asked { sent_ms, heard_ms }).map_err(|unreadable| {
        EngineError::new(DOING, address.to_string(), Kind::Rejected).because(unreadable)
    })?;
    Ok(Met { machine, facts })
}

#[expect(clippy::disallowed_methods, reason = "a machine's clock is compared with ours")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A machine as a node. None if it gives no address to the others: it is called by a name, and nothing is known of it.
pub fn node(name: &Name, machine: &MachineSetup, facts: Option<&MachineFacts>) -> Option<NodeSpec> {
    let host = || machine.login.login.at.host.parse::<IpAddr>().ok();
    let seen = || facts.and_then(|facts| facts.default_address);
    Some(NodeSpec {
        name: name.clone(),
        role: machine.role,
        ip: machine.private_ip.or_else(host).or_else(seen)?,
        labels: machine.labels.clone(),
        taints: machine.taints.clone(),
    })
}

/// Whether the machine is a node of the cluster with this mark and this authority already.
pub fn is_member(met: &Met, mark: &Mark, authority: Authority<'_>) -> bool {
    is_ours(met, mark) && met.facts.kubeadm() == Kubeadm::Done && !authority.is_not_that_of(&met.facts)
}

/// Whether the machine bears the mark of a cluster of this name and owner, of whichever making.
fn is_ours(met: &Met, mark: &Mark) -> bool {
    met.facts.mark.as_ref().is_some_and(|found| found.mark.is_same_owner(mark))
}

/// Everything that stands in the way of machines becoming nodes, or that their owner should know. Those of `nodes` that
/// are in `asked` are looked at; each of them tries to reach the others.
///
/// # Errors
///
/// A machine's that cannot be asked for the others.
pub async fn inspect(
    asked: &BTreeMap<Name, &Met>,
    nodes: &BTreeMap<Name, NodeSpec>,
    setup: &NodeSetup,
    mark: &Mark,
    authority: Authority<'_>,
    limits: &Limits,
) -> Result<Vec<Finding>, EngineError> {
    let looked: BTreeMap<Name, Looked<'_>> = asked
        .iter()
        .filter_map(|(name, met)| Some((name.clone(), Looked { node: nodes.get(name)?, facts: &met.facts })))
        .collect();
    let mut found = nodes::findings::findings(&looked, setup, mark);
    let tries = looked.iter().map(|(name, looked)| async move {
        let peers = reach::peers(looked.node, nodes);
        let met = asked.get(name).filter(|_| !peers.is_empty());
        let Some(met) = met else { return Ok(Vec::new()) };
        let tried = reach_from(met, &peers, limits).await?;
        Ok::<_, EngineError>(reach::findings(looked.node, &tried, nodes))
    });
    // What bears somebody else's mark is refused for that, whether its cluster answers or not.
    let strays = asked.iter().filter(|(_, met)| is_ours(met, mark) && authority.is_not_that_of(&met.facts));
    let strays = strays.map(|(name, met)| async move {
        let is_alive = is_alive(met, limits).await?;
        Ok::<_, EngineError>(is_alive.then(|| alive::finding(name, &met.facts)))
    });
    let (tries, strays) =
        futures::future::join(futures::future::join_all(tries), futures::future::join_all(strays)).await;
    for told in tries {
        found.extend(told?);
    }
    for told in strays {
        found.extend(told?);
    }
    found.sort();
    Ok(found)
}

async fn reach_from(
    met: &Met,
    peers: &[SocketAddr],
    limits: &Limits,
) -> Result<BTreeMap<SocketAddr, reach::Reached>, EngineError> {
    const DOING: &str = "trying the other machines from";
    let limits = limits.at_most(LOOK);
    let command = Command::look(DOING, reach::script(peers).render()).as_login();
    let hostname = met.facts.hostname.clone();
    let output = met.machine.run(&command, &limits).await?.success(DOING, &hostname)?;
    reach::parse(&output.text()).ok_or_else(|| EngineError::new(DOING, hostname, Kind::Rejected))
}

/// Whether the cluster that the machine is a node of answers it.
async fn is_alive(met: &Met, limits: &Limits) -> Result<bool, EngineError> {
    const DOING: &str = "asking for the cluster of";
    let limits = limits.at_most(LOOK);
    let hostname = met.facts.hostname.clone();
    let command = Command::look(DOING, alive::script().render());
    let output = met.machine.run(&command, &limits).await?.success(DOING, &hostname)?;
    alive::parse(&output.text()).ok_or_else(|| EngineError::new(DOING, hostname, Kind::Rejected))
}

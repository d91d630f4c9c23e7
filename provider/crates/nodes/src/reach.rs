//! Whether machines reach each other at the ports that a cluster needs between them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use domain::finding::{Check, Finding};
use domain::name::Name;
use domain::node::{NodeSpec, Role};

use crate::answer::Answer;
use crate::script::Script;

/// How long a machine waits for another, in seconds: twice the first repetition of a lost SYN.
const PATIENCE_SECONDS: u8 = 3;

/// What came of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It was made.
    Connected,
    /// It was refused: packets pass, and nothing listens yet. A firewall that answers in the same way looks alike.
    Refused,
    /// Nothing came back.
    Silent,
    /// Something on the way said no.
    Unreachable,
}

/// The places that a machine of `from` must reach on the others: the API and etcd of control planes, every kubelet.
pub fn peers(from: &NodeSpec, nodes: &BTreeMap<Name, NodeSpec>) -> Vec<SocketAddr> {
    let mut peers = Vec::new();
    for node in nodes.values().filter(|node| node.name != from.name) {
        let ports: &[u16] = match (from.role, node.role) {
            (Role::ControlPlane, Role::ControlPlane) => &[6443, 2379, 2380, 10250],
            (Role::ControlPlane, Role::Worker) => &[10250],
            (Role::Worker, Role::ControlPlane) => &[6443],
            (Role::Worker, Role::Worker) => &[],
        };
        peers.extend(ports.iter().map(|port| SocketAddr::new(node.ip, *port)));
    }
    peers
}

/// Tries all `peers` at once. Run on every machine after its look; changes nothing and needs no root.
pub fn script(peers: &[SocketAddr]) -> Script {
    let peers: Vec<_> = peers.iter().map(ToString::to_string).collect();
    Script::new("reach", include_str!("sh/reach.sh"))
        .set("PEERS", &peers.join(" "))
        .set("PATIENCE", &PATIENCE_SECONDS.to_string())
}

/// Reads what the script printed; none for an answer that broke off.
pub fn parse(stdout: &str) -> Option<BTreeMap<SocketAddr, Reached>> {
    let answer = Answer::read(stdout);
    (answer.one("end") == Some("reach")).then_some(())?;
    let tried = answer.all("reach").filter_map(|line| {
        let (peer, outcome) = line.split_once(' ')?;
        let outcome = match outcome {
            "connected" => Reached::Connected,
            "refused" => Reached::Refused,
            "silent" => Reached::Silent,
            "unreachable" => Reached::Unreachable,
            _ => return None,
        };
        Some((peer.parse().ok()?, outcome))
    });
    Some(tried.collect())
}

/// What is not reached, told of the machine that tried.
pub fn findings(
    from: &NodeSpec,
    tried: &BTreeMap<SocketAddr, Reached>,
    nodes: &BTreeMap<Name, NodeSpec>,
) -> Vec<Finding> {
    let mut lost: BTreeMap<IpAddr, Vec<String>> = BTreeMap::new();
    for (peer, outcome) in tried {
        match outcome {
            Reached::Connected | Reached::Refused => {}
            Reached::Silent | Reached::Unreachable => {
                lost.entry(peer.ip()).or_default().push(peer.port().to_string());
            }
        }
    }
    lost.into_iter()
        .map(|(ip, ports)| {
            let other = nodes
                .values()
                .find(|node| node.ip == ip)
                .map_or_else(|| ip.to_string(), |node| format!("\"{}\" ({ip})", node.name));
            Finding::error(
                &from.name,
                Check::Network,
                format!("The machine does not reach {other} at {}.", ports.join(", ")),
                "Open these TCP ports between the machines, or set `private_ip` to the addresses that \
                     they reach each other by.",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn nodes() -> BTreeMap<Name, NodeSpec> {
        [testing::node("cp1", Role::ControlPlane, "10.0.0.1"), testing::node("w1", Role::Worker, "10.0.0.2")]
            .into_iter()
            .map(|node| (node.name.clone(), node))
            .collect()
    }

    #[test]
    fn workers_need_the_api_and_control_planes_need_kubelets() {
        let nodes = nodes();
        let by = |name: &str| &nodes[&Name::parse(name).unwrap()];
        assert_eq!(peers(by("w1"), &nodes), ["10.0.0.1:6443".parse().unwrap()]);
        assert_eq!(peers(by("cp1"), &nodes), ["10.0.0.2:10250".parse().unwrap()]);
    }

    #[test]
    fn a_refusal_proves_the_way_and_silence_is_told() {
        let nodes = nodes();
        let from = &nodes[&Name::parse("w1").unwrap()];
        let tried = parse("kurator:reach 10.0.0.1:6443 refused\nkurator:end reach\n").unwrap();
        assert_eq!(findings(from, &tried, &nodes), []);
        let tried = parse("kurator:reach 10.0.0.1:6443 silent\nkurator:end reach\n").unwrap();
        let told = findings(from, &tried, &nodes);
        assert_eq!(told[0].seen, "The machine does not reach \"cp1\" (10.0.0.1) at 6443.");
        assert_eq!(parse("kurator:reach 10.0.0.1:6443 refused\n"), None);
    }

    #[test]
    fn a_real_port_is_told_from_a_closed_one() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let open = listener.local_addr().unwrap();
        let closed = {
            let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            gone.local_addr().unwrap()
        };
        let machine = testing::Machine::new();
        let run = machine.run(&script(&[open, closed]));
        let tried = parse(&run.stdout).unwrap();
        assert_eq!((tried[&open], tried[&closed]), (Reached::Connected, Reached::Refused));
    }
}

//! How the two tiers reach each other: what listens on loopback is on the lab's bridge too, under the same port, and the
//! machines' registry is on loopback too, where it may be asked without TLS.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;

use serde::Serialize;

use crate::files::write_private;
use crate::kubeconfig::render;
use crate::layout::Layout;
use crate::machines::serve::REGISTRY;
use crate::part::{Ending, PartSpec, Ready};
use crate::parts::doors::Door;
use crate::specs::proxy_name;
use crate::state::State;
use crate::up::Raising;

/// The part.
const NAME: &str = "machines-doors";

/// The servers of control planes that those on machines need: the purposes that their ports are kept under.
const SERVERS: [&str; 3] = ["git", "charts", "registry"];

/// The lab's control planes as machines, and pods on them, reach them. Holds no secret; the kubeconfig does.
#[derive(Clone, Debug, Serialize)]
pub struct Reach {
    /// The kubeconfig with one context per cluster, named as the cluster. It works on this machine, too.
    pub kubeconfig: PathBuf,
    /// The URL under which the git server has its repositories, as `NAME.git`.
    pub git_url: String,
    /// The URL of the Helm repository.
    pub charts_url: String,
    /// The host and port of the OCI registry, plain HTTP.
    pub registry: String,
}

impl Raising<'_> {
    /// Opens doors between the two tiers, as far as both are there.
    ///
    /// # Errors
    ///
    /// The doors cannot be opened, or a file cannot be written.
    pub(crate) fn ensure_reach(&mut self) -> anyhow::Result<()> {
        let doors = doors(&self.state);
        let Some(first) = doors.first().copied() else { return Ok(()) };
        let mut args = vec!["part".to_owned(), "doors".to_owned()];
        args.extend(doors.iter().map(Door::to_string));
        let spec = PartSpec {
            name: NAME.to_owned(),
            program: self.state.part_binary.clone(),
            args,
            env: BTreeMap::new(),
            ports: doors.iter().map(|door| door.at.port()).collect(),
            // Git's server and registries greet nobody: that somebody answers at all is enough.
            ready: Ready::Place(first.at),
            ending: Ending::Asked,
        };
        self.write_reaching_kubeconfig()?;
        self.ensure_all(&[spec])
    }

    fn write_reaching_kubeconfig(&mut self) -> anyhow::Result<()> {
        let Some(gateway) = self.state.machines.as_ref().map(|machines| machines.network.gateway()) else {
            return Ok(());
        };
        let mut entries = Vec::new();
        for name in self.state.clusters.clone() {
            let mut entry = self.entry(&name, &proxy_name(&name))?;
            entry.address = gateway;
            entries.push(entry);
        }
        if entries.is_empty() {
            return Ok(());
        }
        write_private(&self.layout.reaching_kubeconfig(), render(&entries))
    }
}

/// The doors that a lab has.
fn doors(state: &State) -> Vec<Door> {
    let Some(gateway) = state.machines.as_ref().map(|machines| machines.network.gateway()) else {
        return Vec::new();
    };
    let door =
        |port: &u16, at, to| Door { at: SocketAddrV4::new(at, *port), to: SocketAddrV4::new(to, *port) };
    let registry = state.ports.get(REGISTRY).map(|port| door(port, Ipv4Addr::LOCALHOST, gateway));
    let clusters = state.clusters.iter().map(|cluster| proxy_name(cluster));
    let servers = SERVERS.iter().map(|server| (*server).to_owned());
    // Without clusters those ports are nobody's.
    let far: Vec<_> = if state.clusters.is_empty() { Vec::new() } else { clusters.chain(servers).collect() };
    let inward = far
        .iter()
        .filter_map(|purpose| state.ports.get(purpose))
        .map(|port| door(port, gateway, Ipv4Addr::LOCALHOST));
    registry.into_iter().chain(inward).collect()
}

/// How machines reach the lab's control planes; none if it has none of them.
pub(crate) fn reach(layout: &Layout, state: &State) -> Option<Reach> {
    let gateway = state.machines.as_ref()?.network.gateway();
    if state.clusters.is_empty() {
        return None;
    }
    let at = |purpose: &str| Some(format!("{gateway}:{}", state.ports.get(purpose)?));
    Some(Reach {
        kubeconfig: layout.reaching_kubeconfig(),
        git_url: format!("http://{}", at("git")?),
        charts_url: format!("http://{}", at("charts")?),
        registry: at("registry")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machines::network::Network;
    use crate::machines::record::Machines;

    fn state(clusters: &[&str], ports: &[(&str, u16)]) -> State {
        let mut state = State::new(PathBuf::new(), None);
        state.clusters = clusters.iter().map(|name| (*name).to_owned()).collect();
        state.ports = ports.iter().map(|(name, port)| ((*name).to_owned(), *port)).collect();
        state.machines = Some(Machines::new(Network::new(3, "00000000")));
        state
    }

    #[test]
    fn clusters_and_servers_are_on_the_bridge_and_the_machines_registry_on_loopback() {
        let ports = [
            ("hub-proxy", 1),
            ("hub-apiserver", 2),
            ("git", 3),
            ("charts", 4),
            ("registry", 5),
            (REGISTRY, 6),
        ];
        let both = state(&["hub"], &ports);
        let written: Vec<_> = doors(&both).iter().map(Door::to_string).collect();
        let inward = |port: u16| format!("10.77.3.1:{port}=127.0.0.1:{port}");
        assert_eq!(
            written,
            ["127.0.0.1:6=10.77.3.1:6".to_owned(), inward(1), inward(3), inward(4), inward(5)]
        );
        let reach = reach(&Layout::new(PathBuf::from("/lab")), &both).unwrap();
        assert_eq!((reach.git_url.as_str(), reach.registry.as_str()), ("http://10.77.3.1:3", "10.77.3.1:5"));
    }

    #[test]
    fn a_lab_with_one_tier_has_no_way_to_the_other() {
        assert!(doors(&state(&[], &[])).is_empty());
        assert!(reach(&Layout::new(PathBuf::new()), &state(&[], &[])).is_none());
        let mut planes = state(&["hub"], &[("hub-proxy", 1)]);
        planes.machines = None;
        assert!(doors(&planes).is_empty());
    }
}

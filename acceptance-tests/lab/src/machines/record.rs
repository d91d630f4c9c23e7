//! What a lab's record says of its machines.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::machines::network::{MOST, Network};

/// The machines of a lab, and the network they are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machines {
    /// The network. Written down before it is made, so that `down` finds it.
    pub(crate) network: Network,
    /// The machines and their addresses.
    pub(crate) hosts: BTreeMap<String, Ipv4Addr>,
}

impl Machines {
    /// Begins with a network and no machines.
    pub(crate) fn new(network: Network) -> Self {
        Self { network, hosts: BTreeMap::new() }
    }

    /// Adds what is missing of `count` machines: `m1`, `m2` and so on.
    pub(crate) fn grow(&mut self, count: u8) -> anyhow::Result<()> {
        if count > MOST {
            bail!("a lab has at most {MOST} machines");
        }
        for place in 0..count {
            let address = self.network.address(place);
            self.hosts.entry(format!("m{}", u16::from(place) + 1)).or_insert(address);
        }
        Ok(())
    }

    /// Gives the address of a machine.
    ///
    /// # Errors
    ///
    /// There is no such machine.
    pub(crate) fn address(&self, name: &str) -> anyhow::Result<Ipv4Addr> {
        self.hosts.get(name).copied().with_context(|| {
            let names: Vec<_> = self.hosts.keys().map(String::as_str).collect();
            format!("no machine is called {name}; there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_keeps_the_machines_there_are() {
        let mut machines = Machines::new(Network::new(3, "00000000"));
        machines.grow(1).unwrap();
        let first = machines.address("m1").unwrap();
        machines.grow(3).unwrap();
        assert_eq!(machines.address("m1").unwrap(), first);
        assert_eq!(machines.hosts.len(), 3);
        assert!(machines.address("m4").unwrap_err().to_string().contains("m1, m2, m3"));
        assert!(machines.grow(201).is_err());
    }
}

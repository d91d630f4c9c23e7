//! The network of a lab's machines: a bridge and a subnet that no other lab on this machine has.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::machines::shell::{ip, run};

/// Where the addresses of machines begin in the subnet; below are the bridge and addresses to spare.
const FIRST: u8 = 11;

/// How many machines a lab may have.
pub(crate) const MOST: u8 = 200;

/// One of the 256 networks that labs may have, and the mark by which the bridge is known as this lab's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Network {
    /// Which one: the third number of the addresses.
    index: u8,
    /// The bridge's hardware address. It is given in the call that makes the bridge, so that a bridge of this name
    /// either is ours or is another lab's, at any moment.
    hardware: String,
}

impl Network {
    /// The network number `index` as the lab `id` would have it.
    pub(crate) fn new(index: u8, id: &str) -> Self {
        let digits: Vec<char> = id.chars().filter(char::is_ascii_hexdigit).take(8).collect();
        // Locally administered, and nobody's group address.
        let hardware = digits.chunks(2).fold(format!("02:{index:02x}"), |text, pair| {
            format!("{text}:{}", pair.iter().collect::<String>())
        });
        Self { index, hardware }
    }

    /// What names of this network's things begin with; also the bridge's name.
    pub(crate) fn bridge(&self) -> String {
        format!("labbr{}", self.index)
    }

    /// The name of a machine where names are shared by all labs: network namespaces, groups, containers.
    pub(crate) fn machine_id(&self, machine: &str) -> String {
        format!("lab{}-{machine}", self.index)
    }

    /// The machine's end of the cable on the bridge.
    pub(crate) fn cable(&self, machine: &str) -> String {
        format!("v{}-{machine}", self.index)
    }

    /// The subnet.
    pub(crate) fn subnet(&self) -> String {
        format!("10.77.{}.0/24", self.index)
    }

    /// The bridge's own address: where mirror and registry are.
    pub(crate) fn gateway(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, self.index, 1)
    }

    /// The address of the machine number `place`, from 0.
    pub(crate) fn address(&self, place: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, self.index, FIRST.saturating_add(place))
    }

    fn sysfs(&self) -> PathBuf {
        Path::new("/sys/class/net").join(self.bridge())
    }

    /// Whether the bridge is there and this lab's.
    pub(crate) fn is_ours(&self) -> bool {
        fs::read_to_string(self.sysfs().join("address")).is_ok_and(|there| there.trim() == self.hardware)
    }

    /// Whether something here already uses the name or the addresses.
    fn is_taken(&self) -> anyhow::Result<bool> {
        let routes = ip(&format!("-4 route list table all match {}", self.gateway()))?;
        Ok(self.sysfs().exists() || routes.lines().any(|route| !route.starts_with("default")))
    }

    /// Tries to make the bridge; false if somebody else has the name or the addresses.
    ///
    /// # Errors
    ///
    /// The bridge is not there and cannot be made.
    pub(crate) fn claim(&self) -> anyhow::Result<bool> {
        if self.is_ours() {
            return Ok(true);
        }
        if self.is_taken()? {
            return Ok(false);
        }
        let made = ip(&format!("link add name {} address {} type bridge", self.bridge(), self.hardware));
        match made {
            Ok(_) => Ok(true),
            // Another lab was quicker.
            Err(_) if self.sysfs().exists() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes what is missing of the network around the bridge.
    ///
    /// Two walls keep packets on this machine. Those for a machine that is away must not leave by the default route: a
    /// black hole takes what the bridge does not. Those from machines to anywhere else are dropped.
    ///
    /// # Errors
    ///
    /// The bridge is another lab's, or something cannot be made.
    pub(crate) fn raise(&self) -> anyhow::Result<()> {
        let bridge = self.bridge();
        if !self.is_ours() {
            bail!("the bridge {bridge} is another lab's, or gone");
        }
        if !self.has_wall()? {
            run("iptables", self.wall("-I"))?;
        }
        ip(&format!("route replace blackhole {} metric 9999", self.subnet()))?;
        fs::write(format!("/proc/sys/net/ipv6/conf/{bridge}/disable_ipv6"), "1")
            .or_else(|cause| match cause.kind() {
                std::io::ErrorKind::NotFound => Ok(()),
                _ => Err(cause),
            })
            .with_context(|| format!("switching IPv6 off on {bridge}"))?;
        ip(&format!("addr replace {}/24 dev {bridge}", self.gateway()))?;
        ip(&format!("link set {bridge} up"))?;
        Ok(())
    }

    /// Takes away all of the network that is ours; what is gone already is fine.
    ///
    /// # Errors
    ///
    /// Something is still there afterwards.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        if !self.is_ours() {
            return Ok(());
        }
        while self.has_wall()? {
            run("iptables", self.wall("-D"))?;
        }
        let route = format!("route list type blackhole exact {}", self.subnet());
        if !ip(&route)?.trim().is_empty() {
            ip(&format!("route del blackhole {} metric 9999", self.subnet()))?;
        }
        ip(&format!("link del {}", self.bridge())).map(drop)
    }

    fn wall(&self, action: &str) -> Vec<String> {
        let bridge = self.bridge();
        let words = ["-w", action, "FORWARD", "-i", &bridge, "!", "-o", &bridge, "-j", "DROP"];
        words.map(str::to_owned).to_vec()
    }

    fn has_wall(&self) -> anyhow::Result<bool> {
        let rules = run("iptables", ["-w", "-S", "FORWARD"])?;
        let bridge = self.bridge();
        Ok(rules.lines().any(|rule| rule == format!("-A FORWARD -i {bridge} ! -o {bridge} -j DROP")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_kernels_limit_and_two_labs_never_share_a_mark() {
        let network = Network::new(255, "0d9c7a52-6b1e-4c7f-8c7e-2b7a1c0f9d11");
        assert!(network.cable("m200").len() <= 15 && network.bridge().len() <= 15);
        assert_eq!(network.hardware, "02:ff:0d:9c:7a:52");
        assert_ne!(network, Network::new(255, "1d9c7a52-6b1e-4c7f-8c7e-2b7a1c0f9d11"));
        assert_eq!(network.address(0), Ipv4Addr::new(10, 77, 255, 11));
    }

    #[test]
    fn a_bridge_that_is_not_there_is_not_ours_and_removing_it_is_no_error() {
        let network = Network::new(254, "ffffffff-0000");
        assert!(!network.is_ours());
        network.remove().unwrap();
    }
}

//! Free ports on loopback.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::bail;

/// How many ports below the kernel's own range we choose from.
const WIDTH: u16 = 12_000;

/// Where the kernel's range for outgoing connections begins unless `/proc` says otherwise.
const EPHEMERAL: u16 = 32_768;

/// Chooses a port that is free now and not in `taken`.
///
/// It lies below the range that the kernel takes ports for outgoing connections from: a part that is down
/// for a moment must find its port free when it comes back.
///
/// # Errors
///
/// A thousand tries found none.
pub(crate) fn free(taken: &BTreeSet<u16>) -> anyhow::Result<u16> {
    let top = ephemeral_begin();
    for _ in 0..1000 {
        let random = u16::from_be_bytes(uuid::Uuid::new_v4().as_bytes()[..2].try_into()?);
        let port = top - 1 - random % WIDTH;
        if !taken.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("choosing a free port between {} and {top}: none found", top - WIDTH)
}

fn ephemeral_begin() -> u16 {
    std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .filter(|begin| *begin > 1024 + WIDTH)
        .unwrap_or(EPHEMERAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_are_free_and_lie_below_the_range_of_the_kernel() {
        let mut taken = BTreeSet::new();
        for _ in 0..50 {
            let port = free(&taken).unwrap();
            assert!(port < ephemeral_begin());
            assert!(taken.insert(port), "port {port} twice");
        }
    }

    #[test]
    fn a_port_in_use_is_not_chosen() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert_ne!(free(&BTreeSet::new()).unwrap(), listener.local_addr().unwrap().port());
    }
}

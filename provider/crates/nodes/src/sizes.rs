//! The least that a node needs, each with its source.

use domain::node::Role;

/// Memory, in MiB. kubeadm asks 1700 MB of a control plane and nothing of a worker (its preflight checks, 1.34); a
/// worker's kubelet, proxy, runtime and pod network take 70 to 100 MiB on test hosts.
pub(crate) fn memory_mib(role: Role) -> u64 {
    match role {
        Role::ControlPlane => 1_621,
        Role::Worker => 512,
    }
}

/// Processors. kubeadm asks two of a control plane.
pub(crate) fn cpus(role: Role) -> u32 {
    match role {
        Role::ControlPlane => 2,
        Role::Worker => 1,
    }
}

/// Free space for what we install and the images of a role, in MiB, by path.
///
/// Programs take 0.6 GB unpacked beside their archives; the images of a control plane 0.5 GB, unpacked 1.2 GB.
pub(crate) fn free_mib(role: Role) -> [(&'static str, u64); 4] {
    let (images, etcd) = match role {
        Role::ControlPlane => (3_072, 2_048),
        Role::Worker => (2_048, 0),
    };
    [
        ("/usr/local/bin", 600),
        ("/var/lib/containerd", images),
        ("/var/lib/kubelet", 256),
        ("/var/lib/etcd", etcd),
    ]
}

/// How far clocks may be apart before certificates, tokens and etcd's leases are at risk, in milliseconds.
pub(crate) const SKEW_REFUSED_MS: i64 = 10_000;

/// From where on it is told: etcd itself warns from one second.
pub(crate) const SKEW_TOLD_MS: i64 = 1_000;

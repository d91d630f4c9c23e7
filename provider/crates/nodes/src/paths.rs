//! Places on a machine that several scripts know.

/// Our own directory: mark, notes, what we wrote.
pub const STATE: &str = "/etc/kurator";

/// The socket of the container runtime.
pub const CRI_SOCKET: &str = "unix:///run/containerd/containerd.sock";

/// Where kubeadm finds patches of its manifests.
pub const PATCHES: &str = "/etc/kubernetes/patches";

/// The API server's audit policy.
pub const AUDIT_POLICY: &str = "/etc/kubernetes/kurator/audit-policy.yaml";

/// How Secrets are encrypted; holds a key.
pub const ENCRYPTION: &str = "/etc/kubernetes/kurator/encryption.yaml";

/// What belongs to a container runtime, ours or somebody else's.
pub(crate) const RUNTIME_TREES: [&str; 5] =
    ["/var/lib/containerd", "/run/containerd", "/run/nri", "/opt/containerd", "/etc/containerd"];

/// Directories that nodes fill at run time: the runtime's, Kubernetes' and the pod networks'.
///
/// Source for what `kubeadm reset` leaves: measured on test hosts, 2026-11-21.
pub(crate) const TREES: [&str; 30] = [
    "/etc/kubernetes",
    "/etc/cni",
    "/etc/origin/ovn",
    "/etc/openvswitch",
    "/opt/cni",
    concat!("/root", "/.kube"),
    "/run/calico",
    "/run/cilium",
    "/run/flannel",
    "/run/kubernetes",
    "/run/nri",
    "/run/openvswitch",
    "/run/ovn",
    "/usr/libexec/kubernetes",
    "/var/lib/calico",
    "/var/lib/cni",
    "/var/lib/etcd",
    "/var/lib/kube-router",
    "/var/lib/kubelet",
    "/var/log/calico",
    "/var/log/containers",
    "/var/log/kube-ovn",
    "/var/log/kubernetes",
    "/var/log/openvswitch",
    "/var/log/ovn",
    "/var/log/pods",
    "/var/lib/containerd",
    "/run/containerd",
    "/opt/containerd",
    "/etc/containerd",
];

/// Directories of the system's that appear with a node and that others use, too: they go when they are empty.
///
/// systemd makes the first with the first timer that remembers when it ran, containerd the second with the first pod.
pub(crate) const SHARED: [&str; 2] = ["/var/lib/systemd/timers", "/run/netns"];

/// Kernel settings that we, the kubelet, its proxy or a pod network change.
pub(crate) const SYSCTLS: [&str; 14] = [
    "net.ipv4.ip_forward",
    "net.ipv6.conf.all.forwarding",
    "net.bridge.bridge-nf-call-iptables",
    "net.bridge.bridge-nf-call-ip6tables",
    "net.ipv4.conf.all.route_localnet",
    "net.ipv4.conf.all.rp_filter",
    "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_tcp_timeout_established",
    "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
    "vm.overcommit_memory",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.keys.root_maxkeys",
    "kernel.keys.root_maxbytes",
];

/// Single files that come and go with pods and rules.
pub(crate) const FILES: [&str; 1] = ["/run/xtables.lock"];

/// Kernel modules that a node needs.
pub(crate) const MODULES: [&str; 2] = ["overlay", "br_netfilter"];

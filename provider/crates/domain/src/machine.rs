//! A machine as it was found: what one look at it told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use crate::custom_cluster::{HostFacts, Kubeadm};
use crate::mark::Mark;
use crate::name::Name;

/// A processor architecture that Kubernetes publishes programs for and we install them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// 64-bit x86.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

impl Arch {
    /// Reads what `uname -m` prints; none for an architecture that we do not install on.
    pub fn from_uname(text: &str) -> Option<Self> {
        match text {
            "x86_64" | "amd64" => Some(Self::Amd64),
            "aarch64" | "arm64" => Some(Self::Arm64),
            _ => None,
        }
    }

    /// The word in the names of published files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A family of Linux distributions, by what differs for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OsFamily {
    /// Debian, Ubuntu and what calls itself alike.
    Debian,
    /// Red Hat Enterprise Linux, its rebuilds and Fedora.
    RedHat,
    /// Anything else.
    Other,
}

/// The operating system, from `/etc/os-release`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsFacts {
    /// `ID`, as in `debian`; empty where there is no such file.
    pub id: String,
    /// The words of `ID_LIKE`.
    pub like: Vec<String>,
    /// `VERSION_ID`.
    pub version: String,
    /// `PRETTY_NAME`, for people.
    pub pretty: String,
    /// What `getenforce` prints; none where there is no `SELinux`.
    pub selinux: Option<String>,
    /// Whether systemd is the init that runs.
    pub systemd: bool,
}

impl OsFacts {
    /// The family it belongs to.
    pub fn family(&self) -> OsFamily {
        let is = |names: &[&str]| {
            names.contains(&self.id.as_str()) || self.like.iter().any(|word| names.contains(&word.as_str()))
        };
        if is(&["debian", "ubuntu"]) {
            OsFamily::Debian
        } else if is(&["rhel", "fedora", "centos"]) {
            OsFamily::RedHat
        } else {
            OsFamily::Other
        }
    }
}

/// The version of the control-group hierarchy that the kubelet will use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CgroupVersion {
    /// Version 1, or a hybrid whose controllers are all in version 1.
    V1,
    /// The unified hierarchy.
    V2,
}

/// The control groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupFacts {
    /// Which version.
    pub version: CgroupVersion,
    /// Names of the controllers that are enabled.
    pub controllers: BTreeSet<String>,
}

/// A machine's clock against ours: how far it is ahead, in milliseconds, as an interval.
///
/// The truth lies between the two, because an answer takes time; negative means behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockOffset {
    /// At least this much ahead.
    pub least_ms: i64,
    /// At most this much ahead.
    pub most_ms: i64,
}

impl ClockOffset {
    /// How far two machines' clocks are apart at the least, in milliseconds; 0 where they may agree.
    pub fn apart_ms(self, other: Self) -> i64 {
        (self.least_ms - other.most_ms).max(other.least_ms - self.most_ms).max(0)
    }
}

/// A socket that listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    /// TCP port.
    pub port: u16,
    /// Name of the program, where it could be told.
    pub program: Option<String>,
}

/// A container runtime or a tool of it, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it is.
    pub path: String,
    /// What it says its version is, without a leading `v`; empty where it did not say or was not asked.
    pub version: String,
    /// Whether we put it there.
    pub ours: bool,
}

/// The programs on a machine that matter to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuntimeFacts {
    /// The container runtime.
    pub containerd: Option<Program>,
    /// What starts containers.
    pub runc: Option<Program>,
    /// The node agent.
    pub kubelet: Option<Program>,
    /// What makes nodes.
    pub kubeadm: Option<Program>,
    /// The client.
    pub kubectl: Option<Program>,
    /// Whether containerd's configuration turns its Kubernetes interface off.
    pub cri_disabled: bool,
    /// What containerd's configuration imports, where it has such a line and is not ours.
    pub imports: Option<String>,
    /// Other runtimes' sockets that answer for Kubernetes, as in `/run/crio/crio.sock`.
    pub other_sockets: Vec<String>,
}

/// Our mark on a machine: a file, written before anything else is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineMark {
    /// Whose the machine is.
    pub mark: Mark,
    /// The machine's key in that configuration.
    pub machine: String,
}

/// A cluster's file on a machine: who it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterFile {
    /// URL of the API server in it.
    pub server: String,
    /// SHA-256 of the text (PEM) of the authority's certificate in it, lower-case hex; none where there is none.
    pub ca_sha256: Option<String>,
}

/// What of a cluster is on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembershipFacts {
    /// `/etc/kubernetes/admin.conf`: the machine is or was a control plane.
    pub admin: Option<ClusterFile>,
    /// `/etc/kubernetes/kubelet.conf`: the machine is or was a node.
    pub kubelet: Option<ClusterFile>,
    /// SHA-256 of `/etc/kubernetes/pki/ca.crt`, as in [`ClusterFile`].
    pub ca_sha256: Option<String>,
    /// Whether `kubeadm init` came to its end here, by our own note.
    pub initialized: bool,
    /// Whether a join came to its end here, by our own note.
    pub joined: bool,
    /// Whether there is data of etcd.
    pub etcd_data: bool,
    /// Names of the static pods' manifests, without `.yaml`.
    pub static_pods: BTreeSet<String>,
    /// A step of ours that still runs on the machine, detached from whoever started it: `init` or `join`.
    pub running: Option<String>,
    /// What `systemctl is-active kubelet` prints; empty without such a unit.
    pub kubelet_unit: String,
}

/// What one look at a machine told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineFacts {
    /// The user the look ran as; anybody but root could not see everything.
    pub uid: u32,
    /// The operating system.
    pub os: OsFacts,
    /// What `uname -m` prints.
    pub machine: String,
    /// What `uname -r` prints.
    pub kernel: String,
    /// Names of needed kernel features that were not found.
    pub missing_features: BTreeSet<String>,
    /// The control groups.
    pub cgroup: CgroupFacts,
    /// Memory of the whole machine.
    pub memory_mib: u64,
    /// Processors that are online.
    pub cpus: u32,
    /// Free space by path, of the file system that holds or would hold the path.
    pub free_mib: BTreeMap<String, u64>,
    /// Swap that is in use: devices or files.
    pub swap: Vec<String>,
    /// The clock against ours; none where the machine did not tell a time.
    pub clock: Option<ClockOffset>,
    /// The host name.
    pub hostname: String,
    /// `/etc/machine-id`; empty where there is none.
    pub machine_id: String,
    /// Addresses of the machine, loopback excluded.
    pub addresses: BTreeSet<IpAddr>,
    /// The address that packets to elsewhere leave from; none without a default route.
    pub default_address: Option<IpAddr>,
    /// Sockets that listen.
    pub listeners: BTreeSet<Listener>,
    /// Name servers of the file that the kubelet will hand to pods.
    pub nameservers: Vec<String>,
    /// Whether that file is the one that systemd-resolved keeps for this.
    pub resolved: bool,
    /// Names of the helper programs that were found, as in `curl`.
    pub tools: BTreeSet<String>,
    /// The programs that matter.
    pub runtime: RuntimeFacts,
    /// Our mark.
    pub mark: Option<MachineMark>,
    /// What of a cluster is there.
    pub membership: MembershipFacts,
    /// Digest of the last preparation that came to its end.
    pub preparation: Option<String>,
    /// URLs of the artifacts that we installed, by name.
    pub installed: BTreeMap<String, String>,
    /// Digests of what our preparation left, by name; a changed digest is drift.
    pub prepared: BTreeMap<String, String>,
    /// What somebody changed of it since: paths whose content is not what we wrote.
    pub altered: BTreeSet<String>,
}

impl MachineFacts {
    /// The architecture; none for one that we do not install on.
    pub fn arch(&self) -> Option<Arch> {
        Arch::from_uname(&self.machine)
    }

    /// How far kubeadm came here.
    pub fn kubeadm(&self) -> Kubeadm {
        let found = &self.membership;
        let control_plane = found.initialized && found.admin.is_some();
        let joined = found.joined && found.kubelet.is_some();
        if control_plane || joined {
            return Kubeadm::Done;
        }
        let begun = found.admin.is_some()
            || found.kubelet.is_some()
            || found.ca_sha256.is_some()
            || found.etcd_data
            || found.running.is_some()
            || !found.static_pods.is_empty();
        if begun { Kubeadm::Begun } else { Kubeadm::Nothing }
    }

    /// What the order of work depends on. A preparation that somebody changed since has not come to its end.
    pub fn host(&self) -> HostFacts {
        HostFacts {
            mark: self.mark.as_ref().map(|found| found.mark.clone()),
            name: self.mark.as_ref().and_then(|found| Name::parse(&found.machine).ok()),
            preparation: self.preparation.clone().filter(|_| self.altered.is_empty()),
            kubeadm: self.kubeadm(),
        }
    }

    /// The kernel's major and minor version; none where the release has another shape.
    pub fn kernel_version(&self) -> Option<(u32, u32)> {
        let mut numbers = self.kernel.split(|c: char| !c.is_ascii_digit());
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_by_id_and_by_likeness() {
        let os = |id: &str, like: &str| OsFacts {
            id: id.into(),
            like: like.split_whitespace().map(str::to_owned).collect(),
            ..OsFacts::default()
        };
        assert_eq!(os("debian", "").family(), OsFamily::Debian);
        assert_eq!(os("linuxmint", "ubuntu debian").family(), OsFamily::Debian);
        assert_eq!(os("rocky", "rhel centos fedora").family(), OsFamily::RedHat);
        assert_eq!(os("opensuse-leap", "suse opensuse").family(), OsFamily::Other);
    }

    #[test]
    fn clocks_are_apart_only_beyond_the_time_an_answer_takes() {
        let here = ClockOffset { least_ms: -200, most_ms: 100 };
        assert_eq!(here.apart_ms(ClockOffset { least_ms: 50, most_ms: 900 }), 0);
        assert_eq!(here.apart_ms(ClockOffset { least_ms: 5_100, most_ms: 5_300 }), 5_000);
        assert_eq!(here.apart_ms(ClockOffset { least_ms: -9_000, most_ms: -8_200 }), 8_000);
    }
}

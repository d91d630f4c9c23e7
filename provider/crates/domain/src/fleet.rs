//! A fleet: member clusters that one host distributes to.

use std::collections::BTreeMap;

use crate::cluster_ref::{ClusterRef, FleetRef};
use crate::mark::Mark;
use crate::name::{Name, joined};

/// The prefix of every namespace that holds a fleet's objects.
pub const NAMESPACE_PREFIX: &str = "kurator-";

/// The longest name of a fleet, in bytes: with the prefix it is still a label.
pub const FLEET_NAME_MOST: usize = Name::MOST - NAMESPACE_PREFIX.len();

/// The `ClusterRole` that every Kubernetes cluster has and that allows everything.
pub const EVERYTHING: &str = "cluster-admin";

/// What a fleet should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetSpec {
    /// Name, unique on its host.
    pub name: Name,
    /// The cluster that carries Flux and the fleet's objects.
    pub host: ClusterRef,
    /// Members by name.
    pub members: BTreeMap<Name, MemberSpec>,
    /// The `ClusterRole` that the fleet's account is bound to on every member.
    pub member_role: String,
    /// Flux on the host.
    pub flux: FluxSpec,
}

/// What a member should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSpec {
    /// The member's cluster.
    pub cluster: ClusterRef,
    /// Labels that applications choose by.
    pub labels: BTreeMap<String, String>,
    /// URL at which the host reaches the member's API; none means the member's own endpoint.
    pub api_server: Option<String>,
}

/// How Flux gets onto a host that has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FluxSpec {
    /// Whether to install Flux where none is found.
    pub install: bool,
    /// `oci://` URL of the artifact that holds Flux's manifests.
    pub source: String,
    /// Tag of that artifact.
    pub version: String,
    /// Digest of that artifact, `sha256:…`; none trusts the tag.
    pub digest: Option<String>,
    /// Replaces the registry prefix of the images in the manifests; none keeps them.
    pub registry: Option<String>,
    /// Reconciliations at a time, per controller.
    pub concurrency: u32,
}

impl FleetSpec {
    /// The fleet's reference.
    pub fn reference(&self) -> FleetRef {
        FleetRef { name: self.name.clone(), host: self.host.clone() }
    }
}

/// Names of what a fleet makes, all derived from the fleet's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetNames {
    /// Namespace on the host.
    pub namespace: String,
}

impl FleetNames {
    /// Derives the names for a fleet.
    pub fn of(fleet: &Name) -> Self {
        Self { namespace: format!("{NAMESPACE_PREFIX}{fleet}") }
    }

    /// The Secret on the host that holds the kubeconfig for `member`.
    pub fn secret(member: &Name) -> String {
        joined(&["member", member.as_str()])
    }
}

/// The fleet's account on a member: namespace, service account, token Secret and role binding share one name.
///
/// The name holds the host's uid, because two hosts may each have a fleet of one name with a common member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessSpec {
    /// Namespace on the member that holds the account; the fleet's own, made and removed with the account.
    pub namespace: String,
    /// Name of the account, its token Secret and its binding.
    pub account: String,
    /// The `ClusterRole` it is bound to.
    pub role: String,
}

impl AccessSpec {
    /// Derives the account of `fleet`, carried by the host with uid `host_uid`, on any member.
    pub fn of(fleet: &Name, host_uid: &str, role: &str) -> Self {
        let short: String = host_uid.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        let account = joined(&["kurator", "access", fleet.as_str(), &short]);
        Self { namespace: account.clone(), account, role: role.to_owned() }
    }
}

/// What was found of a fleet on its host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetFacts {
    /// The fleet's namespace; none if there is none.
    pub namespace: Option<NamespaceFacts>,
    /// Members that the host has a record of, by member name.
    pub members: BTreeMap<Name, MemberFacts>,
}

/// The fleet's namespace as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceFacts {
    /// Whose it is; none if it bears no mark of ours.
    pub mark: Option<Mark>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// What the user asked for and no API stores, as we noted it: the fleet's `member_role`.
    pub member_role: Option<String>,
}

/// A member as the host records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberFacts {
    /// The member's reference, as recorded when it joined; none if the note is missing or unreadable.
    pub cluster: Option<ClusterRef>,
    /// The member's labels as recorded.
    pub labels: BTreeMap<String, String>,
    /// The API server address that the user asked for; none means the member's own endpoint.
    pub api_server: Option<String>,
    /// Whether the Secret holds a kubeconfig.
    pub has_kubeconfig: bool,
}

/// What the host's record of a member says; all of it but the kubeconfig is readable by anyone who may list Secrets' metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRecord {
    /// The member's reference, with its uid.
    pub cluster: ClusterRef,
    /// The member's labels.
    pub labels: BTreeMap<String, String>,
    /// The API server address that the user asked for.
    pub api_server: Option<String>,
}

/// Flux on a host, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FluxFacts {
    /// Its custom resources are not served.
    Absent,
    /// An installation or a removal of ours was cut off: part of it is there.
    Unfinished {
        /// The name of the fleet on this host that it is for.
        installed_by: String,
    },
    /// Its custom resources are served; whether a controller answers was not tried.
    Served {
        /// The name of the fleet on this host that installed it; none if somebody else did.
        installed_by: Option<String>,
    },
    /// Its custom resources are served and the controllers answered a probe object.
    Working {
        /// As in [`FluxFacts::Served`].
        installed_by: Option<String>,
    },
    /// Its custom resources are served, but not every controller answered in time.
    Silent {
        /// As in [`FluxFacts::Served`].
        installed_by: Option<String>,
    },
}

impl FluxFacts {
    /// The name of the fleet that installed it; none if there is no Flux, or if somebody else installed it.
    pub fn installed_by(&self) -> Option<&str> {
        match self {
            Self::Absent => None,
            Self::Unfinished { installed_by } => Some(installed_by),
            Self::Served { installed_by }
            | Self::Working { installed_by }
            | Self::Silent { installed_by } => installed_by.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_one_fleet_name_on_two_hosts_differ() {
        let fleet = Name::parse("demo").unwrap();
        let one = AccessSpec::of(&fleet, "0f3c0d8e-aaaa", "cluster-admin");
        let other = AccessSpec::of(&fleet, "1f3c0d8e-aaaa", "cluster-admin");
        assert_eq!(one.account, "kurator-access-demo-0f3c0d8e");
        assert_ne!(one.account, other.account);
    }
}

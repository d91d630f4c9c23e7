//! Whether a machine is a node of a cluster that is still there.
//!
//! A mark says of which name and owner a machine is, and two clusters may have both. What is left of a cluster that is
//! gone may be taken; a node of one that answers may not.

use domain::finding::{Check, Finding};
use domain::machine::MachineFacts;
use domain::name::Name;

use crate::answer::Answer;
use crate::script::Script;

/// How long the cluster may take to answer, in seconds.
const PATIENCE_SECONDS: u8 = 10;

/// What is known of the authority of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority<'a> {
    /// Its control plane was not looked at.
    Unknown,
    /// It has none yet.
    Absent,
    /// SHA-256 of its certificate, as in [`domain::machine::ClusterFile`].
    Known(&'a str),
}

impl<'a> Authority<'a> {
    /// What its control plane says.
    pub fn of(carrier: Option<&'a MachineFacts>) -> Self {
        match carrier {
            None => Self::Unknown,
            Some(facts) => facts.membership.ca_sha256.as_deref().map_or(Self::Absent, Self::Known),
        }
    }

    /// Whether a machine holds credentials of a cluster with another authority.
    pub fn is_not_that_of(self, facts: &MachineFacts) -> bool {
        let kubelet = facts.membership.kubelet.as_ref().and_then(|file| file.ca_sha256.as_deref());
        match (self, kubelet) {
            (Self::Unknown, _) | (_, None) => false,
            (Self::Absent, Some(_)) => true,
            (Self::Known(own), Some(its)) => own != its,
        }
    }
}

/// Asks that cluster. Changes nothing.
pub fn script() -> Script {
    Script::new("alive", include_str!("sh/alive.sh")).set("PATIENCE", &PATIENCE_SECONDS.to_string())
}

/// Reads what the script printed; none for an answer that broke off.
pub fn parse(stdout: &str) -> Option<bool> {
    let answer = Answer::read(stdout);
    (answer.one("end") == Some("alive")).then(|| answer.one("alive") == Some("yes"))
}

/// A node of a cluster that answers.
pub fn finding(name: &Name, facts: &MachineFacts) -> Finding {
    let server = facts.membership.kubelet.as_ref().map(|file| file.server.as_str()).unwrap_or_default();
    Finding::error(
        name,
        Check::Cluster,
        format!(
            "The machine is a node of another cluster of this name and owner, which answers at {server}."
        ),
        "Take the machine out of that cluster first, or choose another one. If the two are not one, give one of them \
         another `name`, or its provider another `owner`.",
    )
}

#[cfg(test)]
mod tests {
    use domain::machine::ClusterFile;

    use super::*;
    use crate::testing::{self, Machine};

    fn node_of(authority: &str) -> MachineFacts {
        let mut facts = testing::facts("10.0.0.2");
        let (server, ca_sha256) = ("https://api:6443".to_owned(), Some(authority.to_owned()));
        facts.membership.kubelet = Some(ClusterFile { server, ca_sha256 });
        facts
    }

    #[test]
    fn a_cluster_is_known_by_its_authority() {
        let mut carrier = testing::facts("10.0.0.1");
        assert_eq!(
            (Authority::of(None), Authority::of(Some(&carrier))),
            (Authority::Unknown, Authority::Absent)
        );
        carrier.membership.ca_sha256 = Some("aa".to_owned());
        assert!(!Authority::of(Some(&carrier)).is_not_that_of(&node_of("aa")));
        assert!(Authority::of(Some(&carrier)).is_not_that_of(&node_of("bb")));
        assert!(Authority::Absent.is_not_that_of(&node_of("aa")));
        assert!(!Authority::Unknown.is_not_that_of(&node_of("aa")));
        assert!(!Authority::Absent.is_not_that_of(&testing::facts("10.0.0.2")));
    }

    #[test]
    fn the_cluster_is_asked_with_the_kubelets_own_credentials() {
        let machine = Machine::new();
        let ask = || parse(&machine.run(&script()).stdout);
        machine.fake("kubectl", "[ \"$2\" = \"$ROOT/etc/kubernetes/kubelet.conf\" ]");
        assert_eq!(ask(), Some(true));
        machine.fake("kubectl", "exit 1");
        assert_eq!(ask(), Some(false));
        assert_eq!(parse("kurator:alive yes\n"), None);
    }
}

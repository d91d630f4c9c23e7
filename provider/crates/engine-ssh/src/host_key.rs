//! Whether a machine proves to be the one that is meant.

use std::sync::{Arc, OnceLock};

use domain::host_key::{HostKeyFingerprint, HostKeyPolicy};
use domain::machine_address::HostPort;
use engines::error::HostKeyProblem;
use russh::client;
use russh::keys::ssh_key::PublicKey;
use russh::keys::{Algorithm, EcdsaCurve, HashAlg};

use crate::known_hosts::{self, Listed};

/// The kinds of keys that we use and accept, the best first.
pub(crate) const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
];

/// What is thought of the key that a machine proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The key.
    pub(crate) key: HostKeyFingerprint,
    /// Its kind.
    pub(crate) algorithm: Algorithm,
    /// What is wrong with it, and a sentence that names it and what it should be.
    pub(crate) problem: Option<(HostKeyProblem, String)>,
}

/// Looks at the key of whoever answers. Everything else that a server may ask of us is refused.
pub(crate) struct Doorman {
    policy: HostKeyPolicy,
    at: HostPort,
    verdict: Arc<OnceLock<Verdict>>,
}

impl Doorman {
    /// One who puts what he saw into `verdict`.
    pub(crate) fn new(policy: HostKeyPolicy, at: HostPort, verdict: Arc<OnceLock<Verdict>>) -> Self {
        Self { policy, at, verdict }
    }
}

impl client::Handler for Doorman {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &russh::keys::PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let russh::keys::PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        let verdict = judge(&self.policy, &self.at, key);
        // Later in a connection, when keys are exchanged anew, it has to be the same key.
        let first = self.verdict.get_or_init(|| verdict.clone());
        Ok(verdict.problem.is_none() && *first == verdict)
    }
}

/// The kinds of keys to ask for, those that are known of the host first: a server has several keys, and shows the
/// one that is asked for.
pub(crate) fn algorithms(policy: &HostKeyPolicy, at: &HostPort) -> Vec<Algorithm> {
    let listed = listed(policy, at);
    let is_listed = |algorithm: &Algorithm| listed.keys.iter().any(|key| key.algorithm() == *algorithm);
    let (mut known, others): (Vec<_>, Vec<_>) = ALGORITHMS.into_iter().partition(is_listed);
    known.extend(others);
    known
}

fn listed(policy: &HostKeyPolicy, at: &HostPort) -> Listed {
    policy.known_hosts.as_deref().map(|text| known_hosts::look_up(text, at)).unwrap_or_default()
}

fn judge(policy: &HostKeyPolicy, at: &HostPort, key: &PublicKey) -> Verdict {
    let fingerprint = fingerprint(key);
    let shown = format!("{fingerprint} ({})", key.algorithm());
    let problem = if let Some(pinned) = policy.pinned {
        let text = || format!("it proves the host key {shown}, and {pinned} is the one it should have");
        (pinned != fingerprint).then(|| (HostKeyProblem::Differs, text()))
    } else {
        let listed = listed(policy, at);
        if listed.revoked.iter().any(|revoked| revoked.key_data() == key.key_data()) {
            Some((
                HostKeyProblem::Revoked,
                format!("it proves the host key {shown}, which is marked as revoked"),
            ))
        } else if listed.keys.iter().any(|known| known.key_data() == key.key_data()) {
            None
        } else if listed.keys.is_empty() {
            of_a_new_machine(policy, fingerprint, &shown)
        } else {
            let known: Vec<String> = listed
                .keys
                .iter()
                .map(|key| format!("{} ({})", self::fingerprint(key), key.algorithm()))
                .collect();
            let text = format!("it proves the host key {shown}, and known_hosts has {}", known.join(", "));
            Some((HostKeyProblem::Differs, text))
        }
    };
    Verdict { key: fingerprint, algorithm: key.algorithm(), problem }
}

/// What is wrong with the key of a machine that `known_hosts` does not name.
fn of_a_new_machine(
    policy: &HostKeyPolicy,
    key: HostKeyFingerprint,
    shown: &str,
) -> Option<(HostKeyProblem, String)> {
    match policy.recorded {
        _ if !policy.accepts_new => {
            let text = format!("it proves the host key {shown}, and nothing says which it should have");
            Some((HostKeyProblem::Unknown, text))
        }
        Some(recorded) if recorded != key => {
            let text =
                format!("it proves the host key {shown}, and {recorded} is the one it was accepted with");
            Some((HostKeyProblem::Differs, text))
        }
        Some(_) | None => None,
    }
}

fn fingerprint(key: &PublicKey) -> HostKeyFingerprint {
    let digest = key.fingerprint(HashAlg::Sha256);
    // SHA-256 has 32 bytes; anything else would match nothing.
    HostKeyFingerprint::new(digest.as_bytes().try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use russh::client::Handler as _;
    use russh::keys::PublicKeyOrCertificate;

    /// Its secret half was thrown away.
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICgSISqPp22878DYGLiDRxWtp2PlzLa4D0hDRolWpMBF";

    #[tokio::test]
    async fn a_key_with_a_problem_ends_the_handshake_itself() {
        let key = PublicKey::from_openssh(KEY).unwrap();
        let pinned = HostKeyPolicy::pinned(fingerprint(&key));
        for (policy, is_accepted) in [(HostKeyPolicy::default(), false), (pinned, true)] {
            let mut doorman = Doorman::new(policy, HostPort::new("cp1", 22), Arc::default());
            let shown = PublicKeyOrCertificate::PublicKey { key: key.clone(), hash_alg: None };
            assert_eq!(doorman.check_server_key(&shown).await.unwrap(), is_accepted);
        }
    }
}

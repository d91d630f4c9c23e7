//! The configuration of a machine that joins, and the token that lets it.

use domain::node::{NodeSpec, Role};
use domain::node_setup::NodeSetup;

use super::init::local_endpoint;
use super::kinds::{
    API_VERSION, BootstrapTokenDiscovery, Discovery, JoinConfiguration, JoinControlPlane, NodeRegistration,
    Patches,
};
use crate::problem::Problem;
use crate::yaml::write;

/// A token that lets machines join, and how they know the cluster.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    id: String,
    secret: String,
    ca_cert_hash: String,
}

impl std::fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinToken").field("id", &self.id).finish_non_exhaustive()
    }
}

impl JoinToken {
    /// Reads the join command that kubeadm prints; none for anything else.
    pub fn from_command(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |flag: &str| words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1));
        let (id, secret) = after("--token")?.split_once('.')?;
        let hash = after("--discovery-token-ca-cert-hash")?;
        (id.len() == 6 && secret.len() == 16 && hash.starts_with("sha256:")).then(|| Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            ca_cert_hash: (*hash).to_owned(),
        })
    }

    /// The part of it that is no secret, by which it is taken back.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What `kubeadm join --config` reads. Holds the token.
///
/// `certificate_key` is for control planes that take the cluster's certificates from the cluster.
///
/// # Errors
///
/// [`Problem`] for a value that cannot be written.
pub fn config(
    setup: &NodeSetup,
    node: &NodeSpec,
    token: &JoinToken,
    certificate_key: Option<&str>,
) -> Result<String, Problem> {
    let join = JoinConfiguration {
        api_version: API_VERSION,
        kind: "JoinConfiguration",
        node_registration: NodeRegistration::of(node, &setup.arguments.kubelet),
        discovery: Discovery {
            bootstrap_token: BootstrapTokenDiscovery {
                token: format!("{}.{}", token.id, token.secret),
                api_server_endpoint: setup.endpoint.authority(),
                ca_cert_hashes: vec![token.ca_cert_hash.clone()],
            },
        },
        control_plane: match node.role {
            Role::ControlPlane => Some(JoinControlPlane {
                local_api_endpoint: local_endpoint(setup, node),
                certificate_key: certificate_key.map(str::to_owned),
            }),
            Role::Worker => None,
        },
        patches: Patches::of(&setup.patches),
    };
    write(&join, "machines")
}

//! Scripts of a cluster's life: the first control plane, tokens, and machines that join.

use std::time::Duration;

use domain::node::NodeSpec;
use domain::node_setup::NodeSetup;

use crate::answer::Answer;
use crate::kubeadm::join::JoinToken;
use crate::kubeadm::{init as init_config, join as join_config};
use crate::paths;
use crate::problem::Problem;
use crate::script::{File, Script, Secrecy};

/// How a step that must happen once came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It ran, or had run before.
    Ran,
    /// It still ran from an earlier call, and was waited for.
    JoinedIn,
    /// It had been cut off after the point of no return, and what was left of it was done.
    CarriedOn,
    /// It had been cut off before that point, and ran again from the start.
    StartedOver,
}

impl How {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "ran" => Some(Self::Ran),
            "joined-in" => Some(Self::JoinedIn),
            "carried-on" => Some(Self::CarriedOn),
            "started-over" => Some(Self::StartedOver),
            _ => None,
        }
    }
}

/// What the first control plane answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initialized {
    /// How it came to its end.
    pub how: How,
    /// SHA-256 of the text of the cluster's authority, as in [`domain::machine::ClusterFile`].
    pub ca_sha256: String,
}

/// `kubeadm init`, once: detached from the caller, carried on where it was cut off.
///
/// Answers: `ca SHA256`, `initialized HOW`; on failure the last lines of its log.
///
/// # Errors
///
/// [`Problem`] for documents of the user's that cannot be read.
pub fn init(setup: &NodeSetup, node: &NodeSpec) -> Result<Script, Problem> {
    let addon = if setup.kube_proxy.enabled { "all" } else { "coredns" };
    Ok(Script::new("init", concat!(include_str!("sh/once.sh"), "\n", include_str!("sh/init.sh")))
        .set("CRI_SOCKET", paths::CRI_SOCKET)
        .set("ADDON", addon)
        .flag("ENCRYPTION", setup.encryption_at_rest)
        .text("init_config", &init_config::config(setup, node)?)
        .text("encryption_config", ENCRYPTION)
        .files("write_files", &manifest_files(setup)))
}

/// Reads what [`init`] printed.
pub fn initialized(stdout: &str) -> Option<Initialized> {
    let answer = Answer::read(stdout);
    Some(Initialized {
        how: How::parse(answer.one("initialized")?)?,
        ca_sha256: answer.one("ca")?.to_owned(),
    })
}

/// Makes a token on a control plane. It ends by itself after `life`.
pub fn token(life: Duration) -> Script {
    Script::new("token", include_str!("sh/token.sh"))
        .set("TTL", &format!("{}s", life.as_secs()))
        .secret(Secrecy::Output)
}

/// Reads what [`token`] printed.
pub fn read_token(stdout: &str) -> Option<JoinToken> {
    JoinToken::from_command(Answer::read(stdout).one("token")?)
}

/// Takes a token back.
pub fn take_back(token: &JoinToken) -> Script {
    Script::new("untoken", include_str!("sh/untoken.sh")).set("TOKEN_ID", token.id())
}

/// `kubeadm join`, once: detached from the caller.
///
/// `ca_sha256` says which cluster counts as joined already; `patience` bounds the wait for the API at its name and for
/// the token's signature. Answers: `joined HOW`. Failures: [`Unreachable`](crate::answer::Failure::Unreachable),
/// [`Unsigned`](crate::answer::Failure::Unsigned), and `join` with the last lines of its log.
///
/// # Errors
///
/// [`Problem`] for a value that cannot be written.
pub fn join(
    setup: &NodeSetup,
    node: &NodeSpec,
    token: &JoinToken,
    certificate_key: Option<&str>,
    ca_sha256: &str,
    patience: Duration,
) -> Result<Script, Problem> {
    Ok(Script::new("join", concat!(include_str!("sh/once.sh"), "\n", include_str!("sh/join.sh")))
        .set("CRI_SOCKET", paths::CRI_SOCKET)
        .set("ENDPOINT", &setup.endpoint.authority())
        .set("TOKEN_ID", token.id())
        .set("CA", ca_sha256)
        .set("WAIT_SECONDS", &patience.as_secs().max(1).to_string())
        .text("join_config", &join_config::config(setup, node, token, certificate_key)?)
        .files("write_files", &patch_files(setup))
        .secret(Secrecy::Text))
}

/// Reads what [`join`] printed.
pub fn joined(stdout: &str) -> Option<How> {
    How::parse(Answer::read(stdout).one("joined")?)
}

fn patch_files(setup: &NodeSetup) -> Vec<File> {
    setup
        .patches
        .iter()
        .map(|(name, content)| File {
            path: format!("{}/{name}", paths::PATCHES),
            mode: 0o600,
            content: content.clone(),
        })
        .collect()
}

fn manifest_files(setup: &NodeSetup) -> Vec<File> {
    let mut files = patch_files(setup);
    if let Some(policy) = &setup.audit_policy {
        files.push(File { path: paths::AUDIT_POLICY.to_owned(), mode: 0o600, content: policy.0.clone() });
    }
    files
}

/// New Secrets are encrypted; what was written before encryption was on stays readable.
const ENCRYPTION: &str = "apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - secretbox:
          keys:
            - name: key1
              secret: @KEY@
      - identity: {}
";

#[cfg(test)]
mod tests;

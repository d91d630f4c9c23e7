//! Proving to a machine who we are.

use std::sync::Arc;

use domain::machine_address::Login;
use engines::error::SshCredentialProblem;
use engines::secret::{ExposeSecret as _, SecretString};
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::PrivateKeyWithHashAlg;
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::{MethodKind, MethodSet};

use crate::credentials::{KeySource, SshCredential, SshCredentials};
use crate::host_key::Doorman;
use crate::private_key::{self, Unusable};

/// How many of an agent's keys are tried. A server that is asked too often hangs up, as a rule after six.
const MOST_KEYS: usize = 5;

/// Why a login did not come about.
#[derive(Debug)]
pub(crate) enum NotIn {
    /// There is no usable credential.
    Credential(SshCredentialProblem, String),
    /// The machine does not accept it; what it would accept instead.
    Refused(String),
    /// The connection ended.
    Connection(russh::Error),
}

impl From<Unusable> for NotIn {
    fn from((problem, text): Unusable) -> Self {
        Self::Credential(problem, text)
    }
}

impl From<russh::Error> for NotIn {
    fn from(error: russh::Error) -> Self {
        Self::Connection(error)
    }
}

/// How one attempt went.
enum Attempt {
    In,
    /// Not in; the ways that are left, and whether this one was one of several that are needed.
    Out {
        left: MethodSet,
        was_accepted: bool,
    },
}

impl From<AuthResult> for Attempt {
    fn from(result: AuthResult) -> Self {
        match result {
            AuthResult::Success => Self::In,
            AuthResult::Failure { remaining_methods, partial_success } => {
                Self::Out { left: remaining_methods, was_accepted: partial_success }
            }
        }
    }
}

/// Logs in with what the credential has: the key first, then the password. Both, where a server wants both.
///
/// # Errors
///
/// [`NotIn`].
pub(crate) async fn log_in(
    handle: &mut Handle<Doorman>,
    login: &Login,
    credentials: &SshCredentials,
) -> Result<(), NotIn> {
    let Some(credential) = credentials.named(&login.credential) else {
        let text = format!("no SSH credential is called `{}`; {}", login.credential, credentials.names());
        return Err(NotIn::Credential(SshCredentialProblem::Missing, text));
    };
    let prefixed = |not_in: NotIn| match not_in {
        NotIn::Credential(problem, text) => {
            NotIn::Credential(problem, format!("SSH credential `{}`: {text}", login.credential))
        }
        other => other,
    };
    let mut tried = Vec::new();
    let mut left = MethodSet::empty();
    if let Some(source) = &credential.key {
        tried.push(match source {
            KeySource::Text(_) | KeySource::File(_) => "the key",
            KeySource::Agent { .. } => "the agent's keys",
        });
        match with_key(handle, login, source, &credential).await.map_err(prefixed)? {
            Attempt::In => return Ok(()),
            Attempt::Out { left: ways, was_accepted } => {
                if was_accepted {
                    tried.push("(which is not enough)");
                }
                left = ways;
            }
        }
    }
    if let Some(password) = &credential.password {
        tried.push("the password");
        match with_password(handle, login, password).await? {
            Attempt::In => return Ok(()),
            Attempt::Out { left: ways, .. } => left = ways,
        }
    }
    if tried.is_empty() {
        let text = format!("SSH credential `{}`: it has neither a key nor a password", login.credential);
        return Err(NotIn::Credential(SshCredentialProblem::Missing, text));
    }
    let ways: Vec<&str> = left.iter().map(<&str>::from).collect();
    let ways = if ways.is_empty() { "nothing more".to_owned() } else { ways.join(", ") };
    let text = format!(
        "credential `{}`, user `{}`: tried {}; it would take {ways}",
        login.credential,
        login.user,
        tried.join(" ")
    );
    Err(NotIn::Refused(text))
}

async fn with_key(
    handle: &mut Handle<Doorman>,
    login: &Login,
    source: &KeySource,
    credential: &SshCredential,
) -> Result<Attempt, NotIn> {
    let source = match source {
        KeySource::Agent { socket } => {
            let socket = match socket {
                Some(socket) => socket.clone(),
                None => private_key::agent_socket()?,
            };
            return with_agent(handle, login, &socket).await;
        }
        KeySource::Text(_) | KeySource::File(_) => source.clone(),
    };
    let passphrase = credential.passphrase.clone();
    // Files block, and so does deriving a key from a passphrase.
    let key = tokio::task::spawn_blocking(move || {
        let text = match source {
            KeySource::File(path) => private_key::read(&path)?,
            KeySource::Text(text) => text,
            KeySource::Agent { .. } => SecretString::default(),
        };
        private_key::parse(&text, passphrase.as_ref())
    });
    let key = key.await.map_err(|error| NotIn::Connection(russh::Error::IO(error.into())))??;
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
    Ok(handle.authenticate_publickey(&login.user, key).await?.into())
}

async fn with_agent(
    handle: &mut Handle<Doorman>,
    login: &Login,
    socket: &std::path::Path,
) -> Result<Attempt, NotIn> {
    let missing = |text: String| NotIn::Credential(SshCredentialProblem::Missing, text);
    let silent = |error: &dyn std::fmt::Display| {
        missing(format!("its agent at {} does not answer: {error}", socket.display()))
    };
    let mut agent = AgentClient::connect_uds(socket).await.map_err(|error| silent(&error))?;
    let identities = agent.request_identities().await.map_err(|error| silent(&error))?;
    if identities.is_empty() {
        return Err(missing(format!("its agent at {} holds no key", socket.display())));
    }
    let mut last = Attempt::Out { left: MethodSet::empty(), was_accepted: false };
    for identity in identities.into_iter().take(MOST_KEYS) {
        let AgentIdentity::PublicKey { key, .. } = identity else { continue };
        let hash =
            if key.algorithm().is_rsa() { handle.best_supported_rsa_hash().await?.flatten() } else { None };
        last = match handle.authenticate_publickey_with(&login.user, key, hash, &mut agent).await {
            Ok(result) => result.into(),
            // An agent may decline to sign with one key and sign with the next.
            Err(error) => {
                tracing::debug!(%error, "the agent did not sign");
                continue;
            }
        };
        match &last {
            Attempt::Out { left, was_accepted: false } if left.contains(&MethodKind::PublicKey) => {}
            _ => break,
        }
    }
    Ok(last)
}

/// By password; and where a server wants to hear it as the answer to a question, as servers with PAM do, so.
async fn with_password(
    handle: &mut Handle<Doorman>,
    login: &Login,
    password: &SecretString,
) -> Result<Attempt, NotIn> {
    let given = password.expose_secret();
    let attempt = handle.authenticate_password(&login.user, given).await?.into();
    let Attempt::Out { left, .. } = &attempt else { return Ok(attempt) };
    // A password that was wrong once is not sent again: accounts get locked that way.
    if left.contains(&MethodKind::Password) || !left.contains(&MethodKind::KeyboardInteractive) {
        return Ok(attempt);
    }
    let mut answer = handle.authenticate_keyboard_interactive_start(&login.user, None).await?;
    let mut asked = false;
    loop {
        match answer {
            KeyboardInteractiveAuthResponse::Success => return Ok(Attempt::In),
            KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success } => {
                return Ok(Attempt::Out { left: remaining_methods, was_accepted: partial_success });
            }
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                // One hidden question, once, is for the password. Any other we have no answer to.
                let is_for_password = prompts.len() == 1 && prompts.iter().all(|prompt| !prompt.echo);
                if !prompts.is_empty() && (asked || !is_for_password) {
                    return Ok(attempt);
                }
                asked |= is_for_password;
                let answers = prompts.iter().map(|_| given.to_owned()).collect();
                answer = handle.authenticate_keyboard_interactive_respond(answers).await?;
            }
        }
    }
}

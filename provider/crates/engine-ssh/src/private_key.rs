//! Private keys: the only reader of files and of the environment in this crate.

use std::path::PathBuf;

use engines::error::SshCredentialProblem;
use engines::secret::{ExposeSecret as _, SecretString};
use russh::keys::PrivateKey;

/// What is wrong with a key, and a sentence that holds nothing of it.
pub(crate) type Unusable = (SshCredentialProblem, String);

/// Reads a key's file. Blocks, so it belongs on a thread that may.
///
/// # Errors
///
/// [`SshCredentialProblem::Missing`].
pub(crate) fn read(path: &str) -> Result<SecretString, Unusable> {
    let problem = |text: String| (SshCredentialProblem::Missing, text);
    let file = match path.strip_prefix("~/") {
        Some(rest) => {
            let home = variable("HOME").ok_or_else(|| {
                problem(format!("its key file `{path}` begins with `~/`, and HOME is not set"))
            })?;
            home.join(rest)
        }
        None => PathBuf::from(path),
    };
    std::fs::read_to_string(file)
        .map(SecretString::from)
        .map_err(|error| problem(format!("its key file `{path}` cannot be read: {error}")))
}

/// The socket of the agent that the environment names.
///
/// # Errors
///
/// [`SshCredentialProblem::Missing`].
pub(crate) fn agent_socket() -> Result<PathBuf, Unusable> {
    variable("SSH_AUTH_SOCK").ok_or_else(|| {
        (SshCredentialProblem::Missing, "it is the agent, and SSH_AUTH_SOCK is not set".to_owned())
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "this file is the one place of this crate that reads the environment"
)]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Takes a key out of its text, with the passphrase if it needs one. Deriving the key of an encrypted one takes a
/// while, so it belongs on a thread that may.
///
/// # Errors
///
/// [`SshCredentialProblem::Malformed`] or [`SshCredentialProblem::Locked`].
pub(crate) fn parse(text: &SecretString, passphrase: Option<&SecretString>) -> Result<PrivateKey, Unusable> {
    let malformed = |text: &str| (SshCredentialProblem::Malformed, text.to_owned());
    let text = text.expose_secret().trim();
    if text.is_empty() {
        return Err(malformed("its key is empty"));
    }
    let passphrase = passphrase.map(SecretString::expose_secret);
    // The library's own words are not passed on: nothing says that they hold nothing of the key.
    let key = match russh::keys::decode_secret_key(text, passphrase) {
        Ok(key) => key,
        Err(russh::keys::Error::KeyIsEncrypted) => {
            let problem = "its key is encrypted, and there is no passphrase";
            return Err((SshCredentialProblem::Locked, problem.to_owned()));
        }
        Err(russh::keys::Error::UnsupportedKeyType { .. }) => return Err(malformed(UNSUPPORTED)),
        Err(_) if passphrase.is_some() && is_encrypted(text) => {
            let problem = "its key cannot be decrypted with the passphrase";
            return Err((SshCredentialProblem::Locked, problem.to_owned()));
        }
        Err(_) => return Err(malformed("its key is no private key in a form that is read")),
    };
    if key.is_encrypted() {
        return Err((
            SshCredentialProblem::Locked,
            "its key is encrypted, and there is no passphrase".to_owned(),
        ));
    }
    let algorithm = key.algorithm();
    if crate::host_key::ALGORITHMS.contains(&algorithm) { Ok(key) } else { Err(malformed(UNSUPPORTED)) }
}

const UNSUPPORTED: &str =
    "its key is neither ed25519 nor ECDSA; an RSA key is used through the agent (`agent = true`)";

fn is_encrypted(text: &str) -> bool {
    PrivateKey::from_openssh(text).map_or_else(|_| text.contains("ENCRYPTED"), |key| key.is_encrypted())
}

//! The one error of every engine: what was being done, to what, and of which kind the trouble is.

use std::error::Error;
use std::fmt;

/// What lies beneath an [`EngineError`].
pub type Cause = Box<dyn Error + Send + Sync + 'static>;

/// A sentence as the cause of an error.
#[derive(Debug)]
struct Said(String);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Said {}

/// An error with a sentence beneath: what the other side said, or what we have to say about it. Never a secret.
pub fn said(
    doing: &'static str,
    target: impl Into<String>,
    kind: Kind,
    text: impl Into<String>,
) -> EngineError {
    EngineError::new(doing, target, kind).because(Said(text.into()))
}

/// A call to the outside that did not work.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {target}")]
pub struct EngineError {
    /// A verb in the -ing form: `reading namespace`.
    pub doing: &'static str,
    /// What it was done to: an object, a name or an address. Never a secret.
    pub target: String,
    /// Of which kind the trouble is.
    pub kind: Kind,
    /// What lies beneath.
    #[source]
    pub cause: Option<Cause>,
}

/// Of which kind the trouble is. A kind exists because somebody acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The other side asks to come back (503, etcd without a leader).
    Busy,
    /// The other side asks for fewer calls (429).
    Throttled,
    /// No answer: refused, reset, no route, no such host.
    Unreachable,
    /// The certificate of the other side is not signed by whom we trust, or is for another name.
    Untrusted,
    /// The kubeconfig is missing or unusable.
    Credentials(CredentialProblem),
    /// A machine proves a host key that it should not have.
    HostKey(HostKeyProblem),
    /// A credential for SSH is missing or unusable.
    SshCredential(SshCredentialProblem),
    /// A machine does not accept the credential or the user.
    LoginRefused,
    /// The user that logs in to a machine cannot become root there.
    Sudo(SudoProblem),
    /// The credentials are not accepted (401): wrong, revoked or expired.
    Unauthenticated,
    /// The credentials are accepted and may not do this (403).
    Denied,
    /// Another cluster answers at this place.
    AnotherCluster,
    /// It does not exist.
    NotFound,
    /// It exists already.
    AlreadyExists,
    /// Somebody else manages a field that we would change.
    Conflict,
    /// The other side refuses what we sent (400, 422, a webhook).
    Rejected,
    /// The deadline passed; the cause says what was seen last.
    TimedOut,
    /// The user cancelled.
    Cancelled,
}

/// What is wrong with a kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialProblem {
    /// The file does not exist or cannot be read, or the environment variable is not set.
    Missing,
    /// It is not a kubeconfig: not YAML, or not of its shape.
    Malformed,
    /// It has no such context, or no current one.
    NoContext,
    /// A file it points to is missing, or its exec plugin did not give a credential.
    Incomplete,
    /// What it holds is good for us and cannot be passed on to others.
    NotForOthers,
    /// Every machine that should have it proved who it is, and none has it: the cluster is no more.
    Gone,
}

/// What is wrong with a machine's host key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostKeyProblem {
    /// Nothing says which key it should have.
    Unknown,
    /// It should have another one.
    Differs,
    /// The key is marked as revoked.
    Revoked,
}

/// What is wrong with a credential for SSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SshCredentialProblem {
    /// There is none of that name, its key file cannot be read, or its agent does not answer or has no key.
    Missing,
    /// Its key is none, or of a kind that is not supported.
    Malformed,
    /// Its key is encrypted, and the passphrase is missing or wrong.
    Locked,
}

/// Why `sudo` does not make root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SudoProblem {
    /// The user may not use it, or it is not there.
    Refused,
    /// It asks for a password, and the credential has none.
    PasswordNeeded,
    /// It does not accept the credential's password.
    PasswordWrong,
}

impl EngineError {
    /// An error without a cause beneath.
    pub fn new(doing: &'static str, target: impl Into<String>, kind: Kind) -> Self {
        Self { doing, target: target.into(), kind, cause: None }
    }

    /// The same error with `cause` beneath.
    #[must_use]
    pub fn because(self, cause: impl Into<Cause>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// What is being done to what, then every cause beneath, joined with colons.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl Kind {
    /// Whether the same call may work a moment later. Lists every kind on purpose: a new one must be decided here.
    pub fn is_transient(self) -> bool {
        match self {
            Self::Busy | Self::Throttled | Self::Unreachable => true,
            Self::Untrusted
            | Self::Credentials(_)
            | Self::HostKey(_)
            | Self::SshCredential(_)
            | Self::LoginRefused
            | Self::Sudo(_)
            | Self::Unauthenticated
            | Self::Denied
            | Self::AnotherCluster
            | Self::NotFound
            | Self::AlreadyExists
            | Self::Conflict
            | Self::Rejected
            | Self::TimedOut
            | Self::Cancelled => false,
        }
    }

    /// Whether the cluster or machine could not be spoken to, so that nothing is known of what it holds.
    /// A read keeps the state and warns; anything that acts on it fails.
    pub fn is_out_of_reach(self) -> bool {
        match self {
            Self::Busy
            | Self::Throttled
            | Self::Unreachable
            | Self::Untrusted
            | Self::Credentials(_)
            | Self::HostKey(_)
            | Self::SshCredential(_)
            | Self::LoginRefused
            | Self::Sudo(_)
            | Self::Unauthenticated
            | Self::Denied
            | Self::TimedOut => true,
            Self::AnotherCluster
            | Self::NotFound
            | Self::AlreadyExists
            | Self::Conflict
            | Self::Rejected
            | Self::Cancelled => false,
        }
    }
}

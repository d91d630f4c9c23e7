//! Credentials for others: what another program needs to speak to a cluster.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::error::EngineError;
use crate::limits::Limits;
use crate::secret::SecretString;

/// Whose credentials are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Whoever we are by the cluster's kubeconfig.
    Own,
    /// A service account of the cluster.
    ServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Whose credentials.
    pub identity: Identity,
    /// How long a token lives that is minted for it.
    pub lifetime: Duration,
}

/// How one proves who one is.
#[derive(Clone)]
pub enum Proof {
    /// By a bearer token.
    Token(SecretString),
    /// By a client certificate.
    Certificate {
        /// The certificate and what it is signed by, as PEM.
        certificate: String,
        /// Its private key, as PEM.
        key: SecretString,
    },
    /// Not at all: the kubeconfig has nothing for it.
    Nothing,
}

/// All that another program needs.
#[derive(Clone)]
pub struct Credentials {
    /// URL of the API server.
    pub endpoint: String,
    /// PEM of whom to trust; none means the system's authorities.
    pub certificate_authority: Option<String>,
    /// Whether the API server's certificate is not checked at all.
    pub is_unchecked: bool,
    /// The name that its certificate is checked for; none means the one in the URL.
    pub server_name: Option<String>,
    /// The proxy that the kubeconfig names. It may hold a password.
    pub proxy: Option<SecretString>,
    /// How one proves who one is.
    pub proof: Proof,
    /// When the proof ends; none if it never does or does not say.
    pub expires: Option<Timestamp>,
    /// All of this as a kubeconfig that needs no file beside it.
    pub kubeconfig: SecretString,
}

/// A cluster as a giver of credentials.
#[async_trait]
pub trait Lender: Send + Sync {
    /// Gives credentials. Nothing is made in the cluster: a minted token is stored nowhere.
    ///
    /// As [`Identity::Own`] they are what the kubeconfig holds now: its token, the token of its exec plugin, else its
    /// client certificate. Only the token of a service account that never ends is exchanged for one of the same
    /// account that does, if the cluster allows that.
    ///
    /// # Errors
    ///
    /// - [`crate::error::Kind::Credentials`] if the kubeconfig has nothing that can be passed on.
    /// - [`crate::error::Kind::NotFound`] if there is no such service account.
    /// - [`crate::error::Kind::Denied`] if we may not ask for its token.
    async fn credentials(&self, wish: &Wish, limits: &Limits) -> Result<Credentials, EngineError>;
}

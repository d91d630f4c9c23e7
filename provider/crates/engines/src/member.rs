//! A cluster as a member of fleets.

use async_trait::async_trait;
use domain::fleet::AccessSpec;
use domain::object_id::ObjectId;

use crate::error::EngineError;
use crate::limits::Limits;
use crate::secret::SecretString;

/// What the host needs to reach a member: an endpoint, whom to trust, and the fleet's own token.
#[derive(Clone)]
pub struct Access {
    /// URL of the member's API server.
    pub endpoint: String,
    /// PEM of the authority that signed the API server's certificate; none means the system's.
    pub certificate_authority: Option<String>,
    /// Bearer token of the fleet's account.
    pub token: SecretString,
}

/// The fleet's account on a member.
#[async_trait]
pub trait Member: Send + Sync {
    /// Makes the account, its token and its role binding, and waits until the token is there. Running it again is
    /// safe and gives the same token.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::TimedOut`] if no controller fills in the token.
    async fn grant(&self, access: &AccessSpec, limits: &Limits) -> Result<Access, EngineError>;

    /// Whether the account with its token and binding is there, whole.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn has_access(&self, access: &AccessSpec, limits: &Limits) -> Result<bool, EngineError>;

    /// Removes the account, its token, its binding and its namespace, and waits until they are gone.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn revoke(&self, access: &AccessSpec, limits: &Limits) -> Result<(), EngineError>;

    /// Which of `objects` are still there and not being deleted.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn remaining(&self, objects: &[ObjectId], limits: &Limits) -> Result<Vec<ObjectId>, EngineError>;
}

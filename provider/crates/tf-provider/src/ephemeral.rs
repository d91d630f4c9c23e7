//! What an ephemeral resource is: a value that exists for one run and is never stored.

use std::time::SystemTime;

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::Model;
use tf_value::schema::Schema;

use crate::call::Call;

/// An ephemeral resource.
#[async_trait]
pub trait EphemeralResource: Send + Sync + 'static {
    /// The whole object.
    type Model: Model;

    /// Its type, as users write it.
    fn type_name(&self) -> &'static str;

    /// Its attributes.
    fn schema(&self) -> Schema;

    /// Checks that need more than one attribute. Must accept unknown values and ask nobody.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::none()
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// Diagnostics.
    async fn open(
        &self,
        config: Self::Model,
        call: &Call<Self::Model>,
    ) -> Result<Opened<Self::Model>, Diagnostics>;

    /// Renews it.
    ///
    /// # Errors
    ///
    /// Diagnostics; no further renewal follows.
    async fn renew(&self, private: Vec<u8>) -> Result<Renewed, Diagnostics> {
        Ok(Renewed { private, renew_at: None })
    }

    /// Closes it. Must be quick and may be called again.
    ///
    /// # Errors
    ///
    /// Diagnostics.
    async fn close(&self, _private: Vec<u8>) -> Result<(), Diagnostics> {
        Ok(())
    }
}

/// An open ephemeral resource.
#[derive(Clone, Debug)]
pub struct Opened<M> {
    /// The whole object, wholly known.
    pub object: M,
    /// What renew and close will be given.
    pub private: Vec<u8>,
    /// When to renew it; none for never.
    pub renew_at: Option<SystemTime>,
}

/// A renewed ephemeral resource.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// What the next renew will be given. (Terraform gives close what open returned.)
    pub private: Vec<u8>,
    /// When to renew it again; none for never.
    pub renew_at: Option<SystemTime>,
}

//! `kurator_cluster_credentials`: short-lived credentials that are stored nowhere.
//!
//! Nothing is renewed, because whoever was given a token never hears of another one; and nothing is closed, because a
//! token ends by itself and cannot be called back.

use async_trait::async_trait;
use schemas::credentials::CredentialsModel;
use schemas::ephemeral::cluster_credentials::schema;
use tf_provider::call::Call;
use tf_provider::ephemeral::{EphemeralResource, Opened};
use tf_value::diagnostic::Diagnostics;
use tf_value::schema::Schema;

use crate::context::Handle;
use crate::credentials;

/// The ephemeral resource.
pub(crate) struct ClusterCredentials(pub(crate) Handle);

#[async_trait]
impl EphemeralResource for ClusterCredentials {
    type Model = CredentialsModel;

    fn type_name(&self) -> &'static str {
        "kurator_cluster_credentials"
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn validate(&self, config: &CredentialsModel) -> Diagnostics {
        credentials::validate(config)
    }

    async fn open(
        &self,
        config: CredentialsModel,
        call: &Call<CredentialsModel>,
    ) -> Result<Opened<CredentialsModel>, Diagnostics> {
        match credentials::fetch(&self.0, config, call.stop()).await {
            Ok(object) => Ok(Opened { object, private: Vec::new(), renew_at: None }),
            Err(trouble) => Err(trouble.diagnostic.into()),
        }
    }
}

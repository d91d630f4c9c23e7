//! `kurator_kubeconfig`: the twin of `kurator_cluster_credentials` for versions that know no ephemeral resources.

use async_trait::async_trait;
use schemas::credentials::CredentialsModel;
use schemas::data_sources::kubeconfig::{OnUnreachableModel, schema};
use tf_provider::call::Call;
use tf_provider::data_source::DataSource;
use tf_value::diagnostic::{Diagnostic, Diagnostics, Severity};
use tf_value::model::{FromRaw, ToRaw};
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::context::Handle;
use crate::credentials::{self, Trouble};

/// The data source.
pub(crate) struct KubeconfigSource(pub(crate) Handle);

/// The whole object.
#[derive(Clone, Debug)]
pub(crate) struct KubeconfigModel {
    credentials: CredentialsModel,
    policy: OnUnreachableModel,
}

impl FromRaw for KubeconfigModel {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        Ok(Self { credentials: CredentialsModel::from_raw(raw)?, policy: OnUnreachableModel::from_raw(raw)? })
    }
}

impl ToRaw for KubeconfigModel {
    fn to_raw(&self) -> Raw {
        match (self.credentials.to_raw(), self.policy.to_raw()) {
            (Raw::Map(mut object), Raw::Map(policy)) => {
                object.extend(policy);
                Raw::Map(object)
            }
            (object, _) => object,
        }
    }
}

#[async_trait]
impl DataSource for KubeconfigSource {
    type Model = KubeconfigModel;

    fn type_name(&self) -> &'static str {
        "kurator_kubeconfig"
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn validate(&self, config: &KubeconfigModel) -> Diagnostics {
        credentials::validate(&config.credentials)
    }

    async fn read(
        &self,
        config: KubeconfigModel,
        call: &Call<KubeconfigModel>,
    ) -> Result<(KubeconfigModel, Diagnostics), Diagnostics> {
        let KubeconfigModel { credentials: asked, policy } = config;
        let may_be_null = policy.on_unreachable.known().is_some_and(|policy| policy == "null");
        match credentials::fetch(&self.0, asked.clone(), call.stop()).await {
            Ok(credentials) => Ok((KubeconfigModel { credentials, policy }, Diagnostics::none())),
            Err(Trouble { diagnostic, is_out_of_reach: true }) if may_be_null => {
                let detail = format!(
                    "{}\n\nAs `on_unreachable = \"null\"` asks, every result is null.",
                    diagnostic.detail
                );
                let warning = Diagnostic { severity: Severity::Warning, detail, ..diagnostic };
                let credentials = credentials::without_answers(asked);
                Ok((KubeconfigModel { credentials, policy }, warning.into()))
            }
            Err(trouble) => Err(trouble.diagnostic.into()),
        }
    }
}

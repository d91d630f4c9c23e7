//! `kurator_attached_cluster`: a cluster that exists, made known by its kubeconfig. It makes nothing in the cluster.

mod apply;
mod convert;
pub(crate) mod import;
mod plan;
mod read;

use async_trait::async_trait;
use schemas::resources::attached_cluster::{AttachedClusterModel, schema};
use tf_provider::resource::Import;
use tf_value::attribute::Attribute;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::model::write;
use tf_value::path::Path;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::lifecycle::managed::{Imported, Managed, Outcome, OwnPlan, Sighting, Work};
use crate::lifecycle::private::Anchor;

/// The resource.
pub(crate) struct AttachedCluster;

#[async_trait]
impl Managed for AttachedCluster {
    type Model = AttachedClusterModel;

    const TYPE: &'static str = "kurator_attached_cluster";

    fn schema(&self) -> Schema {
        schema()
    }

    fn identity_schema(&self) -> Schema {
        Schema {
            version: 0,
            description: "Who the cluster is and where its credentials are.".to_owned(),
            attributes: vec![Attribute::string("ref", "The cluster's reference.").required()],
        }
    }

    fn identity(&self, object: &AttachedClusterModel) -> Raw {
        identity(&object.r#ref)
    }

    fn anchor(&self, _object: &AttachedClusterModel) -> Option<Anchor> {
        None
    }

    fn validate(&self, config: &AttachedClusterModel) -> Diagnostics {
        let Some(kubeconfig) = config.kubeconfig.known() else { return Diagnostics::none() };
        let problem = match (&kubeconfig.path, &kubeconfig.env) {
            (path, env) if path.is_unknown() || env.is_unknown() => return Diagnostics::none(),
            (path, env) if path.is_null() && env.is_null() => "Neither `path` nor `env` is set.",
            (path, env) if !path.is_null() && !env.is_null() => "Both `path` and `env` are set.",
            _ => return Diagnostics::none(),
        };
        Diagnostic::error(
            "Kubeconfig needs one place",
            format!("{problem}\n\nSet `path` to a file, or `env` to the name of an environment variable."),
        )
        .at(Path::to("kubeconfig"))
        .into()
    }

    fn plan(&self, plan: &mut OwnPlan<'_, AttachedClusterModel>) {
        plan::plan(plan);
    }

    async fn create(&self, wanted: AttachedClusterModel, work: &Work) -> Outcome<AttachedClusterModel> {
        apply::probe(wanted, work).await
    }

    async fn update(
        &self,
        _prior: AttachedClusterModel,
        wanted: AttachedClusterModel,
        work: &Work,
    ) -> Outcome<AttachedClusterModel> {
        apply::probe(wanted, work).await
    }

    async fn reopen(&self, _stored: &AttachedClusterModel, _work: &Work) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn read(&self, stored: AttachedClusterModel, work: &Work) -> Sighting<AttachedClusterModel> {
        read::read(stored, work).await
    }

    async fn delete(&self, _stored: AttachedClusterModel, _work: &Work) -> Outcome<AttachedClusterModel> {
        Outcome::gone(Diagnostics::none())
    }

    async fn import(
        &self,
        import: &Import,
        work: &Work,
    ) -> Result<Imported<AttachedClusterModel>, Diagnostics> {
        import::import(import, work).await
    }
}

/// The identity that is a reference; null if it is not known yet.
pub(crate) fn identity(reference: &tf_value::value::Value<String>) -> Raw {
    if reference.known().is_none() {
        return Raw::Null;
    }
    Raw::Map([("ref".to_owned(), write(reference))].into())
}

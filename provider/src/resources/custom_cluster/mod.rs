//! `kurator_custom_cluster`: a cluster that kubeadm makes of machines which exist already.

mod apply;
pub(crate) mod check;
mod convert;
mod import;
mod login;
mod node_setup;
mod note;
mod observe;
mod plan;
mod preflight;
mod problem;
mod read;
mod reader;
mod refusals;
mod shape;
#[cfg(test)]
mod testing;
pub(crate) mod told;
pub(crate) mod validate;

use async_trait::async_trait;
use schemas::resources::custom_cluster::{CustomClusterModel, schema};
use tf_provider::resource::Import;
use tf_value::attribute::Attribute;
use tf_value::diagnostic::Diagnostics;
use tf_value::json;
use tf_value::model::ToRaw as _;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::lifecycle::managed::{Imported, Managed, Outcome, OwnPlan, Sighting, Work};
use crate::lifecycle::private::Anchor;
use crate::resources::attached_cluster::identity;

/// The type on owner marks.
pub(crate) const TYPE: &str = "kurator_custom_cluster";

/// What is put into a cluster when it is made and not changed afterwards.
const FIXED: &[&str] = &["version", "network", "control_plane", "encryption_at_rest"];

/// The resource.
pub(crate) struct CustomCluster;

#[async_trait]
impl Managed for CustomCluster {
    type Model = CustomClusterModel;

    const TYPE: &'static str = TYPE;

    fn schema(&self) -> Schema {
        schema()
    }

    fn identity_schema(&self) -> Schema {
        Schema {
            version: 0,
            description: "Where the cluster's credentials are, and which cluster it is.".to_owned(),
            attributes: vec![Attribute::string("ref", "The cluster's reference.").required()],
        }
    }

    fn identity(&self, object: &CustomClusterModel) -> Raw {
        identity(&object.r#ref)
    }

    /// It is found by its mark, which is on its control plane.
    fn anchor(&self, object: &CustomClusterModel) -> Option<Anchor> {
        let (carrier, machine) = refusals::carrier(object.machines.known()?)?;
        let key = format!("{}@{}", object.name.known()?, machine.address.known()?);
        let raw = object.to_raw();
        let fixed: Raw = Raw::List(FIXED.iter().map(|name| raw.get(name).clone()).collect());
        fixed
            .is_wholly_known()
            .then(|| Anchor { fixed: format!("{key} {carrier} {}", json::encode(&fixed)), key })
    }

    fn validate(&self, config: &CustomClusterModel) -> Diagnostics {
        validate::validate(config)
    }

    fn plan(&self, plan: &mut OwnPlan<'_, CustomClusterModel>) {
        plan::plan(plan);
    }

    async fn create(&self, wanted: CustomClusterModel, work: &Work) -> Outcome<CustomClusterModel> {
        Box::pin(apply::create(wanted, work)).await
    }

    async fn update(
        &self,
        prior: CustomClusterModel,
        wanted: CustomClusterModel,
        work: &Work,
    ) -> Outcome<CustomClusterModel> {
        Box::pin(apply::update(prior, wanted, work)).await
    }

    async fn reopen(&self, stored: &CustomClusterModel, work: &Work) -> Result<(), Diagnostics> {
        apply::reopen(stored, work).await
    }

    async fn read(&self, stored: CustomClusterModel, work: &Work) -> Sighting<CustomClusterModel> {
        read::read(stored, work).await
    }

    async fn delete(&self, stored: CustomClusterModel, work: &Work) -> Outcome<CustomClusterModel> {
        apply::delete(stored, work).await
    }

    async fn import(
        &self,
        import: &Import,
        work: &Work,
    ) -> Result<Imported<CustomClusterModel>, Diagnostics> {
        import::import(import, work).await
    }
}

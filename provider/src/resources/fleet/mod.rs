//! `kurator_fleet`: member clusters that one host distributes to.

mod apply;
pub(crate) mod convert;
mod flux;
mod import;
mod observe;
mod plan;
mod read;
mod validate;

use async_trait::async_trait;
use schemas::resources::fleet::{FleetModel, schema};
use tf_provider::resource::Import;
use tf_value::attribute::Attribute;
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::lifecycle::managed::{Imported, Managed, Outcome, OwnPlan, Sighting, Work};
use crate::lifecycle::private::Anchor;
use crate::resources::attached_cluster::identity;

/// The type on owner marks.
pub(crate) const TYPE: &str = "kurator_fleet";

/// The resource.
pub(crate) struct Fleet;

#[async_trait]
impl Managed for Fleet {
    type Model = FleetModel;

    const TYPE: &'static str = TYPE;

    fn schema(&self) -> Schema {
        schema()
    }

    fn identity_schema(&self) -> Schema {
        Schema {
            version: 0,
            description: "The fleet's name and host.".to_owned(),
            attributes: vec![Attribute::string("ref", "The fleet's reference.").required()],
        }
    }

    fn identity(&self, object: &FleetModel) -> Raw {
        identity(&object.r#ref)
    }

    fn anchor(&self, object: &FleetModel) -> Option<Anchor> {
        let host = convert::host(object)?;
        let uid = host.uid?;
        let key = format!("{}@{uid}", object.name.known()?);
        Some(Anchor { fixed: key.clone(), key })
    }

    fn validate(&self, config: &FleetModel) -> Diagnostics {
        validate::validate(config)
    }

    fn plan(&self, plan: &mut OwnPlan<'_, FleetModel>) {
        plan::plan(plan);
    }

    async fn create(&self, wanted: FleetModel, work: &Work) -> Outcome<FleetModel> {
        apply::create(wanted, work).await
    }

    async fn update(&self, prior: FleetModel, wanted: FleetModel, work: &Work) -> Outcome<FleetModel> {
        apply::update(prior, wanted, work).await
    }

    async fn reopen(&self, stored: &FleetModel, work: &Work) -> Result<(), Diagnostics> {
        apply::reopen(stored, work).await
    }

    async fn read(&self, stored: FleetModel, work: &Work) -> Sighting<FleetModel> {
        read::read(stored, work).await
    }

    async fn delete(&self, stored: FleetModel, work: &Work) -> Outcome<FleetModel> {
        apply::delete(stored, work).await
    }

    async fn import(&self, import: &Import, work: &Work) -> Result<Imported<FleetModel>, Diagnostics> {
        import::import(import, work).await
    }
}

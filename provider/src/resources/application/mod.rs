//! `kurator_application`: a source, and policies that say what of it goes to which members of a fleet.

mod apply;
mod convert;
mod import;
mod note;
mod plan;
mod read;
mod target;
mod validate;

use async_trait::async_trait;
use schemas::resources::application::{ApplicationModel, schema};
use tf_provider::resource::Import;
use tf_value::attribute::Attribute;
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::lifecycle::managed::{Imported, Managed, Outcome, OwnPlan, Sighting, Work};
use crate::lifecycle::private::Anchor;

/// The type on owner marks.
pub(crate) const TYPE: &str = "kurator_application";

/// The resource.
pub(crate) struct Application;

#[async_trait]
impl Managed for Application {
    type Model = ApplicationModel;

    const TYPE: &'static str = TYPE;

    fn schema(&self) -> Schema {
        schema()
    }

    fn identity_schema(&self) -> Schema {
        Schema {
            version: 0,
            description: "The application's fleet and name.".to_owned(),
            attributes: vec![
                Attribute::string("ref", "The application's import id, `fleet:FLEET/NAME?host=REF`.")
                    .required(),
            ],
        }
    }

    fn identity(&self, object: &ApplicationModel) -> Raw {
        match convert::reference(object) {
            Some(reference) => Raw::Map([("ref".to_owned(), Raw::String(reference.to_string()))].into()),
            None => Raw::Null,
        }
    }

    fn anchor(&self, object: &ApplicationModel) -> Option<Anchor> {
        let reference = convert::reference(object)?;
        let uid = reference.fleet.host.uid?;
        let key = format!("{}/{}@{uid}", reference.fleet.name, reference.name);
        Some(Anchor { fixed: key.clone(), key })
    }

    fn validate(&self, config: &ApplicationModel) -> Diagnostics {
        validate::validate(config)
    }

    fn plan(&self, plan: &mut OwnPlan<'_, ApplicationModel>) {
        plan::plan(plan);
    }

    async fn create(&self, wanted: ApplicationModel, work: &Work) -> Outcome<ApplicationModel> {
        apply::create(wanted, work).await
    }

    async fn update(
        &self,
        prior: ApplicationModel,
        wanted: ApplicationModel,
        work: &Work,
    ) -> Outcome<ApplicationModel> {
        apply::update(prior, wanted, work).await
    }

    async fn reopen(&self, stored: &ApplicationModel, work: &Work) -> Result<(), Diagnostics> {
        apply::reopen(stored, work).await
    }

    async fn read(&self, stored: ApplicationModel, work: &Work) -> Sighting<ApplicationModel> {
        read::read(stored, work).await
    }

    async fn delete(&self, stored: ApplicationModel, work: &Work) -> Outcome<ApplicationModel> {
        apply::delete(stored, work).await
    }

    async fn import(&self, import: &Import, work: &Work) -> Result<Imported<ApplicationModel>, Diagnostics> {
        import::import(import, work).await
    }
}

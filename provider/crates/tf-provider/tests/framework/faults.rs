//! Faults that the toy cannot have: a resource with values of another shape, and one that upgrades nothing.

use testkit::protocol_client::{ProtocolClient, in_words, pack};
use tf_provider::call::Call;
use tf_provider::proto::tfplugin6 as pb;
use tf_provider::provider::{Provider, Tables};
use tf_provider::resource::{Done, Import, Resource, Stored, Wanted};
use tf_value::attribute::Attribute;
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::{object, text};

struct Odd;

#[async_trait::async_trait]
impl Provider for Odd {
    type Model = Raw;

    fn schema(&self) -> Schema {
        Schema { version: 0, description: "Odd.".to_owned(), attributes: vec![] }
    }

    async fn configure(&self, _: Raw, _: &Call<Raw>) -> Diagnostics {
        Diagnostics::none()
    }

    fn tables(&self) -> Tables {
        Tables::new().resource(OddThing)
    }
}

struct OddThing;

#[async_trait::async_trait]
impl Resource for OddThing {
    type Model = Raw;

    fn type_name(&self) -> &'static str {
        "odd_thing"
    }

    fn schema(&self) -> Schema {
        let attributes = vec![Attribute::string("name", "Its name.").required()];
        Schema { version: 2, description: "A thing.".to_owned(), attributes }
    }

    fn identity_schema(&self) -> Option<Schema> {
        let attributes = vec![Attribute::string("name", "Its name.").required()];
        Some(Schema { version: 1, description: "Who it is.".to_owned(), attributes })
    }

    fn identity(&self, thing: &Raw) -> Raw {
        thing.clone()
    }

    async fn create(&self, wanted: Wanted<Raw>, _: &Call<Raw>) -> Done<Raw> {
        Done::with(wanted.planned, wanted.private)
    }

    /// Its name is a list.
    async fn read(&self, stored: Stored<Raw>, _: &Call<Raw>) -> Done<Raw> {
        Done::with(object([("name", Raw::List(vec![text("t")]))]), stored.private)
    }

    async fn update(&self, wanted: Wanted<Raw>, _: &Call<Raw>) -> Done<Raw> {
        Done::with(wanted.planned, wanted.private)
    }

    async fn delete(&self, _: Stored<Raw>, _: &Call<Raw>) -> Done<Raw> {
        Done::gone()
    }

    async fn import(&self, _: Import, _: &Call<Raw>) -> Result<Raw, Diagnostics> {
        Ok(object([("name", text("t"))]))
    }
}

#[tokio::test]
async fn a_value_of_another_shape_is_told_as_a_fault() {
    let client = ProtocolClient::start(Odd).await.unwrap();
    let request = pb::read_resource::Request {
        type_name: "odd_thing".to_owned(),
        current_state: Some(pack(&object([("name", text("t"))]))),
        ..pb::read_resource::Request::default()
    };
    let response = client.wire().read_resource(request).await.unwrap().into_inner();
    let want = ["error: name: Provider returned a value of another shape"];
    assert_eq!(in_words(&response.diagnostics), want);
}

#[tokio::test]
async fn a_state_of_a_version_that_nobody_upgrades_is_refused() {
    let client = ProtocolClient::start(Odd).await.unwrap();
    let request = pb::upgrade_resource_state::Request {
        type_name: "odd_thing".to_owned(),
        version: 1,
        raw_state: Some(pb::RawState { json: b"{\"name\": \"t\"}".to_vec(), ..pb::RawState::default() }),
    };
    let response = client.wire().upgrade_resource_state(request).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), ["error: Stored state has an unknown version"]);
}

#[tokio::test]
async fn an_identity_of_a_version_that_nobody_upgrades_is_refused() {
    let client = ProtocolClient::start(Odd).await.unwrap();
    let request = pb::upgrade_resource_identity::Request {
        type_name: "odd_thing".to_owned(),
        version: 0,
        raw_identity: Some(pb::RawState { json: b"{\"name\": \"t\"}".to_vec(), ..pb::RawState::default() }),
    };
    let response = client.wire().upgrade_resource_identity(request).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), ["error: Stored identity has an unknown version"]);
}

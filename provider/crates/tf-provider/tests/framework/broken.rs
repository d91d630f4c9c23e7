//! A provider with every fault that a test of its schemas must find.

use tf_provider::action::{Action, Progress};
use tf_provider::call::Call;
use tf_provider::list::{Findings, ListResource, Query};
use tf_provider::provider::{Provider, Tables};
use tf_provider::resource::{Done, Import, Resource, Stored, Wanted};
use tf_value::attribute::{Attribute, Nesting, Shape};
use tf_value::diagnostic::Diagnostics;
use tf_value::model::{FromRaw, ToRaw};
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;

/// The provider.
pub(crate) struct Broken;

/// A model with an attribute of its own making.
#[derive(Clone)]
pub(crate) struct Stray;

impl FromRaw for Stray {
    fn from_raw(_: &Raw) -> Result<Self, String> {
        Ok(Self)
    }
}

impl ToRaw for Stray {
    fn to_raw(&self) -> Raw {
        Raw::Map([("stray".to_owned(), Raw::Null)].into())
    }
}

fn schema(attributes: Vec<Attribute>) -> Schema {
    Schema { version: 0, description: "Broken.".to_owned(), attributes }
}

#[async_trait::async_trait]
impl Provider for Broken {
    type Model = Raw;

    fn schema(&self) -> Schema {
        schema(vec![Attribute::bool("flag", "A flag.").computed()])
    }

    async fn configure(&self, _: Raw, _: &Call<Raw>) -> Diagnostics {
        Diagnostics::none()
    }

    fn tables(&self) -> Tables {
        Tables::new().resource(Bad).resource(Bad).list_resource(BadList).action(BadAction)
    }
}

struct Bad;

#[async_trait::async_trait]
impl Resource for Bad {
    type Model = Stray;

    fn type_name(&self) -> &'static str {
        "Bad"
    }

    fn schema(&self) -> Schema {
        let inner = vec![Attribute::string("inner", "Inner.").replaces()];
        let set = Shape::Nested(Nesting::Set, inner);
        schema(vec![Attribute { shape: set, ..Attribute::string("set", "A set.") }])
    }

    fn identity_schema(&self) -> Option<Schema> {
        Some(schema(vec![Attribute::new("map", Type::map(Type::String), "A map.")]))
    }

    async fn create(&self, _: Wanted<Stray>, _: &Call<Stray>) -> Done<Stray> {
        Done::gone()
    }

    async fn read(&self, _: Stored<Stray>, _: &Call<Stray>) -> Done<Stray> {
        Done::gone()
    }

    async fn update(&self, _: Wanted<Stray>, _: &Call<Stray>) -> Done<Stray> {
        Done::gone()
    }

    async fn delete(&self, _: Stored<Stray>, _: &Call<Stray>) -> Done<Stray> {
        Done::gone()
    }

    async fn import(&self, _: Import, _: &Call<Stray>) -> Result<Stray, Diagnostics> {
        Ok(Stray)
    }
}

struct BadList;

#[async_trait::async_trait]
impl ListResource for BadList {
    type Model = Raw;
    type Object = Raw;

    fn type_name(&self) -> &'static str {
        "bad_list"
    }

    fn schema(&self) -> Schema {
        schema(vec![Attribute::string("secret", "A secret.").write_only()])
    }

    async fn list(&self, _: Query<Raw>, _: &Findings<'_, Raw>, _: &Call<Raw>) -> Diagnostics {
        Diagnostics::none()
    }
}

struct BadAction;

#[async_trait::async_trait]
impl Action for BadAction {
    type Model = Raw;

    fn type_name(&self) -> &'static str {
        "bad_action"
    }

    fn schema(&self) -> Schema {
        schema(vec![Attribute::string("result", "A result.").computed()])
    }

    async fn invoke(&self, _: Raw, _: &Progress, _: &Call<Raw>) -> Diagnostics {
        Diagnostics::none()
    }
}

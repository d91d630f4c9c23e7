//! A resource without a typed model, of every shape, that makes exactly what was planned.

use tf_provider::call::Call;
use tf_provider::moves::{MoveSource, Moved};
use tf_provider::resource::{Done, Import, Resource, Stored, Wanted};
use tf_value::attribute::{Attribute, Nesting, Shape};
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;

/// The resource.
pub struct Echo;

pub fn schema() -> Schema {
    let inner = || vec![Attribute::string("text", "Text."), Attribute::number("count", "A count.")];
    let nested = |name, nesting| Attribute {
        shape: Shape::Nested(nesting, inner()),
        ..Attribute::string(name, "Nested objects.")
    };
    let object = Type::Object([("a".to_owned(), Type::String), ("b".to_owned(), Type::Number)].into());
    Schema {
        version: 0,
        description: "An echo.".to_owned(),
        attributes: vec![
            Attribute::string("text", "Text."),
            Attribute::number("number", "A number."),
            Attribute::bool("flag", "A flag."),
            Attribute::new("anything", Type::Dynamic, "Anything."),
            Attribute::new("list", Type::list(Type::Number), "A list."),
            Attribute::new("set", Type::set(Type::String), "A set."),
            Attribute::new("map", Type::map(Type::list(Type::Bool)), "A map."),
            Attribute::new("object", object, "An object."),
            Attribute::new("tuple", Type::Tuple(vec![Type::String, Type::Number]), "A tuple."),
            nested("one", Nesting::Single),
            nested("many", Nesting::List),
            nested("several", Nesting::Set),
            nested("named", Nesting::Map),
        ],
    }
}

#[async_trait::async_trait]
impl Resource for Echo {
    type Model = Raw;

    fn type_name(&self) -> &'static str {
        "toy_echo"
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn move_from(&self, _: &MoveSource) -> Option<Result<Moved<Raw>, Diagnostics>> {
        Some(Ok(Raw::Null.into()))
    }

    async fn create(&self, wanted: Wanted<Raw>, _: &Call<Raw>) -> Done<Raw> {
        Done::with(wanted.config, wanted.private)
    }

    async fn read(&self, stored: Stored<Raw>, _: &Call<Raw>) -> Done<Raw> {
        Done::with(stored.state, stored.private)
    }

    async fn update(&self, wanted: Wanted<Raw>, _: &Call<Raw>) -> Done<Raw> {
        Done::with(wanted.config, wanted.private)
    }

    async fn delete(&self, _: Stored<Raw>, _: &Call<Raw>) -> Done<Raw> {
        Done::gone()
    }

    async fn import(&self, _: Import, _: &Call<Raw>) -> Result<Raw, Diagnostics> {
        Ok(Raw::Map([("text".to_owned(), Raw::string("imported"))].into()))
    }
}

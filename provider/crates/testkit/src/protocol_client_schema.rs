//! Schemas as they come over the wire.

use tf_provider::proto::tfplugin6 as pb;
use tf_provider::proto::tfplugin6::schema::Attribute;
use tf_provider::proto::tfplugin6::schema::object::NestingMode;
use tf_value::raw::Raw;
use tf_value::ty::Type;

/// A schema, borrowed from a provider's answer.
#[derive(Clone, Copy, Debug)]
pub struct WireSchema<'a> {
    /// Version of the stored shape.
    pub version: i64,
    /// Attributes of the root.
    pub attributes: &'a [Attribute],
}

impl<'a> WireSchema<'a> {
    pub(crate) fn of(schema: &'a pb::Schema) -> Option<Self> {
        Some(Self { version: schema.version, attributes: &schema.block.as_ref()?.attributes })
    }

    /// The type of a whole object.
    pub fn ty(&self) -> Type {
        object(self.attributes)
    }

    /// A whole object: `given` attributes as they are, all others null, at the root and below.
    ///
    /// # Errors
    ///
    /// The name of a given attribute that the schema does not have.
    pub fn object(&self, given: Raw) -> Result<Raw, String> {
        filled(self.attributes, given)
    }
}

/// A type in Terraform's notation.
pub(crate) fn plain(bytes: &[u8]) -> Type {
    let json = serde_json::from_slice(bytes).unwrap_or_default();
    Type::from_json(&json).unwrap_or(Type::Dynamic)
}

/// The type of an object with these attributes.
pub(crate) fn object(attributes: &[Attribute]) -> Type {
    Type::Object(attributes.iter().map(|attribute| (attribute.name.clone(), of(attribute))).collect())
}

/// The type of an attribute.
pub(crate) fn of(attribute: &Attribute) -> Type {
    let Some(nested) = &attribute.nested_type else { return plain(&attribute.r#type) };
    let object = object(&nested.attributes);
    match nested.nesting() {
        NestingMode::List => Type::list(object),
        NestingMode::Set => Type::set(object),
        NestingMode::Map => Type::map(object),
        NestingMode::Single | NestingMode::Invalid => object,
    }
}

fn filled(attributes: &[Attribute], given: Raw) -> Result<Raw, String> {
    let Raw::Map(mut given) = given else { return Ok(given) };
    let mut entries = std::collections::BTreeMap::new();
    for attribute in attributes {
        let value = given.remove(&attribute.name).unwrap_or_default();
        let value = match &attribute.nested_type {
            None => value,
            Some(nested) => filled_nested(nested, value)?,
        };
        entries.insert(attribute.name.clone(), value);
    }
    given.into_keys().next().map_or(Ok(Raw::Map(entries)), Err)
}

fn filled_nested(nested: &pb::schema::Object, value: Raw) -> Result<Raw, String> {
    let each = |elements: Vec<Raw>| {
        elements.into_iter().map(|element| filled(&nested.attributes, element)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match (nested.nesting(), value) {
        (NestingMode::Single, value @ Raw::Map(_)) => filled(&nested.attributes, value)?,
        (NestingMode::List, Raw::List(elements)) => Raw::List(each(elements)?),
        (NestingMode::Set, Raw::List(elements) | Raw::Set(elements)) => Raw::set(each(elements)?),
        (NestingMode::Map, Raw::Map(entries)) => Raw::Map(
            entries
                .into_iter()
                .map(|(key, element)| Ok((key, filled(&nested.attributes, element)?)))
                .collect::<Result<_, String>>()?,
        ),
        (_, value) => value,
    })
}

/// Stored JSON of a value, as Terraform writes it to its state.
pub fn to_json(value: &Raw) -> serde_json::Value {
    match value {
        Raw::Null | Raw::Unknown(_) => serde_json::Value::Null,
        Raw::Bool(value) => (*value).into(),
        Raw::Number(number) => serde_json::from_str(number.as_str()).unwrap_or_default(),
        Raw::String(text) => text.clone().into(),
        Raw::List(elements) | Raw::Set(elements) => elements.iter().map(to_json).collect(),
        Raw::Map(entries) => serde_json::Value::Object(
            entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
        ),
        Raw::Dynamic(typed) => serde_json::json!({ "type": typed.0.to_json(), "value": to_json(&typed.1) }),
    }
}

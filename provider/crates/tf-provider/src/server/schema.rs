//! Schemas in messages.

use tf_value::attribute::{Attribute, Nesting, Presence, Shape};
use tf_value::schema::Schema;
use tf_value::ty::Type;

use crate::function::{Parameter, Signature};
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::schema::object::NestingMode;

/// A schema.
pub(super) fn encode(schema: &Schema) -> pb::Schema {
    pb::Schema {
        version: i64::from(schema.version),
        block: Some(pb::schema::Block {
            version: i64::from(schema.version),
            attributes: schema.attributes.iter().map(attribute).collect(),
            description: schema.description.clone(),
            description_kind: pb::StringKind::Markdown.into(),
            ..pb::schema::Block::default()
        }),
    }
}

/// The schema of an identity. What is required is what an import needs.
pub(super) fn encode_identity(schema: &Schema) -> pb::ResourceIdentitySchema {
    let attributes = schema.attributes.iter().map(|attribute| {
        let required = attribute.presence == Presence::Required;
        pb::resource_identity_schema::IdentityAttribute {
            name: attribute.name.to_owned(),
            r#type: ty(&attribute.ty()),
            required_for_import: required,
            optional_for_import: !required,
            description: attribute.description.clone(),
        }
    });
    pb::ResourceIdentitySchema {
        version: i64::from(schema.version),
        identity_attributes: attributes.collect(),
    }
}

/// The signature of a function.
pub(super) fn encode_function(signature: &Signature) -> pb::Function {
    pb::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(pb::function::Return { r#type: ty(&signature.result) }),
        summary: signature.summary.to_owned(),
        description: signature.description.to_owned(),
        description_kind: pb::StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

fn parameter(parameter: &Parameter) -> pb::function::Parameter {
    pb::function::Parameter {
        name: parameter.name.to_owned(),
        r#type: ty(&parameter.ty),
        allow_null_value: parameter.allows_null,
        allow_unknown_values: parameter.allows_unknown,
        description: parameter.description.to_owned(),
        description_kind: pb::StringKind::Markdown.into(),
    }
}

fn attribute(attribute: &Attribute) -> pb::schema::Attribute {
    let (plain, nested) = match &attribute.shape {
        Shape::Plain(plain) => (ty(plain), None),
        Shape::Nested(nesting, inner) => (Vec::new(), Some(object(*nesting, inner))),
    };
    pb::schema::Attribute {
        name: attribute.name.to_owned(),
        r#type: plain,
        nested_type: nested,
        description: attribute.description.clone(),
        description_kind: pb::StringKind::Markdown.into(),
        required: attribute.presence == Presence::Required,
        optional: matches!(attribute.presence, Presence::Optional | Presence::OptionalComputed),
        computed: attribute.is_computed(),
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecated.is_some(),
        deprecation_message: attribute.deprecated.unwrap_or_default().to_owned(),
    }
}

fn object(nesting: Nesting, inner: &[Attribute]) -> pb::schema::Object {
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    pb::schema::Object {
        attributes: inner.iter().map(attribute).collect(),
        nesting: nesting.into(),
        ..pb::schema::Object::default()
    }
}

/// A type in Terraform's notation.
fn ty(ty: &Type) -> Vec<u8> {
    ty.to_json().to_string().into_bytes()
}

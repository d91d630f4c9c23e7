//! What is wrong with a provider's schemas, found by a test instead of by a user.

use std::collections::BTreeMap;
use std::sync::Arc;

use tf_value::attribute::{Attribute, Change, Nesting, Shape};
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;

use crate::erased::part::DynPart;
use crate::erased::provider::ErasedProvider;
use crate::function::Signature;
use crate::provider::Provider;
use crate::rules::fit;
use crate::server::parts::{Parts, Shaped};

/// What makes the provider's schemas invalid or its models differ from them, a sentence each; empty if all is well.
///
/// One bad schema disables the whole provider at the user's desk, so a test asks for this.
pub fn schema_problems(provider: impl Provider) -> Vec<String> {
    let tables = provider.tables();
    let mut problems = twice("resource", tables.resources.iter().map(|part| part.type_name()));
    problems.extend(twice("data source", tables.data_sources.iter().map(|part| part.type_name())));
    problems.extend(twice("ephemeral resource", tables.ephemeral.iter().map(|part| part.type_name())));
    problems.extend(twice("function", tables.functions.iter().map(|part| part.name())));
    problems.extend(twice("list resource", tables.lists.iter().map(|part| part.type_name())));
    problems.extend(twice("action", tables.actions.iter().map(|part| part.type_name())));

    let parts = Parts::of(Arc::new(ErasedProvider(provider)));
    let mut say = |of: &str, found: Vec<String>| {
        problems.extend(found.into_iter().map(|problem| format!("{of}: {problem}")));
    };
    say("provider", common(&parts.shape, &*parts.provider));
    say("provider", provider_block(&parts.shape.schema.attributes));
    for (name, part) in &parts.resources {
        say(name, common(&part.shape, &*part.resource));
        say(name, type_name(name));
        say(name, in_sets(&part.shape.schema.attributes, false));
        if let Some(identity) = &part.identity {
            say(&format!("{name}, identity"), identity.schema.problems());
            say(&format!("{name}, identity"), plain(&identity.schema));
        }
    }
    let sources = parts.sources.iter().map(|(name, part)| (name, &part.shape, &*part.source as &dyn DynPart));
    let ephemeral =
        parts.ephemeral.iter().map(|(name, part)| (name, &part.shape, &*part.resource as &dyn DynPart));
    for (name, shape, part) in sources.chain(ephemeral) {
        say(name, common(shape, part));
        say(name, type_name(name));
        say(name, stored_only(&shape.schema.attributes));
    }
    for (name, part) in &parts.lists {
        let of = format!("list resource {name}");
        say(&of, common(&part.shape, &*part.list));
        say(&of, asked_only(&part.shape.schema.attributes));
        if part.managed.is_none() {
            say(&of, vec!["there is no managed resource of that name with an identity".to_owned()]);
        }
    }
    for (name, part) in &parts.actions {
        let of = format!("action {name}");
        say(&of, common(&part.shape, &*part.action));
        say(&of, type_name(name));
        say(&of, asked_only(&part.shape.schema.attributes));
    }
    for (name, part) in &parts.functions {
        say(name, type_name(name));
        say(name, signature(&part.signature));
    }
    problems
}

fn twice<'a>(kind: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_insert(0_u32) += 1);
    let repeated = counts.into_iter().filter(|(_, count)| *count > 1);
    repeated.map(|(name, _)| format!("there are two {kind}s `{name}`")).collect()
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn type_name(name: &str) -> Vec<String> {
    let problem = "its name is not of lower-case letters, digits and underscores";
    if is_identifier(name) { Vec::new() } else { vec![problem.to_owned()] }
}

/// A provider block is never stored, so nothing in it can be computed.
fn provider_block(attributes: &[Attribute]) -> Vec<String> {
    let computed = attributes.iter().filter(|attribute| attribute.is_computed() || attribute.write_only);
    computed
        .map(|it| format!("`{}` can be neither computed nor write-only in a provider block", it.name))
        .collect()
}

/// What is wrong with any part's schema, or with its model.
fn common(shape: &Shaped, part: &(impl DynPart + ?Sized)) -> Vec<String> {
    let mut found = shape.schema.problems();
    found.extend(model(shape, &|object| part.written(object)));
    found
}

/// Nothing of a list or an action is stored or given back, so there is only what users write (and defaults).
fn asked_only(attributes: &[Attribute]) -> Vec<String> {
    let odd = attributes
        .iter()
        .filter(|attribute| attribute.write_only || attribute.is_computed() && attribute.default.is_none());
    odd.map(|it| format!("`{}` is computed or write-only, and nothing is given back here", it.name)).collect()
}

/// What only a managed resource has.
fn stored_only(attributes: &[Attribute]) -> Vec<String> {
    let write_only = attributes.iter().filter(|attribute| attribute.write_only);
    write_only.map(|it| format!("`{}` is write-only, and nothing is stored here", it.name)).collect()
}

/// Elements of sets cannot be told apart, so only the set itself can say what a change means.
fn in_sets(attributes: &[Attribute], in_set: bool) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in attributes {
        if in_set && attribute.change != Change::InPlace {
            found.push(format!("`{}` says inside a set what its change means", attribute.name));
        }
        if let Shape::Nested(nesting, inner) = &attribute.shape {
            found.extend(in_sets(inner, in_set || *nesting == Nesting::Set));
        }
    }
    found
}

/// Identities hold primitive values and lists of them.
fn plain(schema: &Schema) -> Vec<String> {
    let primitive = |ty: &Type| matches!(ty, Type::String | Type::Bool | Type::Number);
    let odd = schema.attributes.iter().filter(|attribute| match &attribute.shape {
        Shape::Plain(Type::List(element)) => !primitive(element),
        Shape::Plain(ty) => !primitive(ty),
        Shape::Nested(..) => true,
    });
    odd.map(|it| format!("`{}` is neither primitive nor a list of primitive values", it.name)).collect()
}

fn signature(signature: &Signature) -> Vec<String> {
    let mut found = Vec::new();
    let all = || signature.parameters.iter().chain(&signature.variadic);
    if signature.summary.trim().is_empty() {
        found.push("it has no summary".to_owned());
    }
    for parameter in all() {
        if !is_identifier(parameter.name) {
            found.push(format!("parameter `{}` is not an identifier", parameter.name));
        }
        if parameter.description.trim().is_empty() {
            found.push(format!("parameter `{}` has no description", parameter.name));
        }
    }
    found.extend(twice("parameter", all().map(|parameter| parameter.name)));
    found
}

/// Where the model differs from the schema: it must read an object in which all nested objects are there, and write
/// back what the schema holds, no attribute more. (It may write less: what it does not know stays as it was.)
fn model(shape: &Shaped, written: &dyn Fn(&Raw) -> Result<Raw, String>) -> Vec<String> {
    match written(&skeleton(&shape.schema.attributes)) {
        Err(problem) => vec![format!("its model cannot read an object of its schema: {problem}")],
        Ok(written) => {
            let faults = fit::fit(written, &shape.ty).1;
            faults
                .iter()
                .map(|fault| format!("its model writes `{}`, which {}", fault.path, fault.problem))
                .collect()
        }
    }
}

/// An object in which every nested object is there once and every other value is null.
fn skeleton(attributes: &[Attribute]) -> Raw {
    let entries = attributes.iter().map(|attribute| {
        let value = match &attribute.shape {
            Shape::Plain(_) => Raw::Null,
            Shape::Nested(nesting, inner) => {
                let object = skeleton(inner);
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Raw::List(vec![object]),
                    Nesting::Set => Raw::set(vec![object]),
                    Nesting::Map => Raw::Map([("key".to_owned(), object)].into()),
                }
            }
        };
        (attribute.name.to_owned(), value)
    });
    Raw::Map(entries.collect())
}

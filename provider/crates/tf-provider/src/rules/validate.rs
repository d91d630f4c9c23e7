//! What a configuration must fulfil whatever the resource. All problems are found, not the first one only.
//!
//! Terraform leaves these checks to providers (measured, `null` for a required attribute and a value for a computed
//! one reach the provider). What is unknown is left for later: validation is repeated when more is known.

use tf_value::attribute::{Attribute, Nesting, Presence, Shape};
use tf_value::diagnostic::Diagnostics;
use tf_value::path::Trail;
use tf_value::raw::Raw;

use crate::complaints;

/// Whether the client keeps write-only values out of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteOnly {
    /// It does.
    Allowed,
    /// It does not know of them.
    NotAllowed,
}

/// Checks the object `config` against `attributes`.
pub(crate) fn config(attributes: &[Attribute], config: &Raw, write_only: WriteOnly) -> Diagnostics {
    let mut found = Diagnostics::none();
    object(attributes, config, &Trail::Root, write_only, &mut found);
    found
}

fn object(
    attributes: &[Attribute],
    config: &Raw,
    path: &Trail<'_>,
    write_only: WriteOnly,
    found: &mut Diagnostics,
) {
    if config.entries().is_none() {
        return;
    }
    for attribute in attributes {
        let here = path.attribute(attribute.name);
        one(attribute, config.get(attribute.name), &here, write_only, found);
    }
}

fn one(attribute: &Attribute, value: &Raw, path: &Trail<'_>, write_only: WriteOnly, found: &mut Diagnostics) {
    if value.is_null() {
        if attribute.presence == Presence::Required {
            found.push(complaints::missing(&path.path()));
        }
        return;
    }
    if value.is_unknown() {
        return;
    }
    if attribute.presence == Presence::Computed {
        found.push(complaints::set_by_the_provider(&path.path()));
        return;
    }
    if let Some(instead) = attribute.deprecated {
        found.push(complaints::deprecated(&path.path(), instead));
    }
    if attribute.write_only && write_only == WriteOnly::NotAllowed {
        found.push(complaints::write_only_not_supported(&path.path()));
    }
    // What holds nested objects is checked for its keys, which are known as soon as it is.
    let holds_objects = matches!(attribute.shape, Shape::Nested(..));
    if !attribute.checks.is_empty() && (holds_objects || value.is_wholly_known()) {
        let failed = attribute.checks.iter().filter_map(|check| check(value));
        found.extend(failed.map(|complaint| complaints::failed_check(&path.path(), complaint)));
    }
    if let Shape::Nested(nesting, inner) = &attribute.shape {
        nested(*nesting, value, path, found, &mut |element, path, found| {
            object(inner, element, path, write_only, found);
        });
    }
}

/// Calls `visit` with each nested object and its path, and complains about those that are null.
fn nested(
    nesting: Nesting,
    value: &Raw,
    path: &Trail<'_>,
    found: &mut Diagnostics,
    visit: &mut dyn FnMut(&Raw, &Trail<'_>, &mut Diagnostics),
) {
    let mut element = |value: &Raw, path: &Trail<'_>| match value {
        Raw::Null => found.push(complaints::null_element(&path.path())),
        value => visit(value, path, found),
    };
    match (nesting, value) {
        (Nesting::Single, value) => element(value, path),
        (Nesting::List, Raw::List(elements)) => {
            for (index, value) in elements.iter().enumerate() {
                element(value, &path.index(index));
            }
        }
        // Elements of a set have no path of their own.
        (Nesting::Set, Raw::Set(elements)) => {
            for value in elements {
                element(value, path);
            }
        }
        (Nesting::Map, Raw::Map(entries)) => {
            for (key, value) in entries {
                element(value, &path.key(key));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use tf_value::ty::Type;

    use super::*;

    #[test]
    fn null_and_unknown_with_a_type_are_null_and_unknown() {
        let attributes = [Attribute::new("a", Type::Dynamic, "A.").required()];
        let said = |value| {
            let object = Raw::Map([("a".to_owned(), value)].into());
            let found = config(&attributes, &object, WriteOnly::Allowed);
            found.into_iter().map(|said| said.summary).collect::<Vec<_>>()
        };
        let typed = |value| Raw::Dynamic(Box::new((Type::String, value)));
        assert_eq!(said(typed(Raw::Null)), ["Required attribute has no value"]);
        assert_eq!(said(typed(Raw::unknown())), [""; 0]);
        assert_eq!(said(typed(Raw::string("x"))), [""; 0]);
    }
}

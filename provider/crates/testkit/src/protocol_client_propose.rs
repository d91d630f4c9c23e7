//! What Terraform proposes as the new state, from prior state and configuration.

use tf_provider::proto::tfplugin6::schema::object::NestingMode;
use tf_provider::proto::tfplugin6::schema::{Attribute, Object};
use tf_value::raw::Raw;

/// The proposal for an object. `prior` is null for a create.
pub(crate) fn propose(attributes: &[Attribute], prior: &Raw, config: &Raw) -> Raw {
    let entries = attributes.iter().map(|attribute| {
        let (prior, config) = (prior.get(&attribute.name), config.get(&attribute.name));
        (attribute.name.clone(), propose_one(attribute, prior, config))
    });
    Raw::Map(entries.collect())
}

fn propose_one(attribute: &Attribute, prior: &Raw, config: &Raw) -> Raw {
    if attribute.computed && config.is_null() {
        let was_configured = attribute.optional
            && attribute.nested_type.as_ref().is_some_and(|nested| holds_configured(nested, prior));
        return if was_configured { Raw::Null } else { prior.clone() };
    }
    match (&attribute.nested_type, config) {
        (Some(nested), Raw::Map(_) | Raw::List(_) | Raw::Set(_)) => propose_nested(nested, prior, config),
        _ => config.clone(),
    }
}

fn propose_nested(nested: &Object, prior: &Raw, config: &Raw) -> Raw {
    let element = |prior: &Raw, config: &Raw| match config {
        Raw::Map(_) => propose(&nested.attributes, prior, config),
        config => config.clone(),
    };
    match (nested.nesting(), config) {
        (NestingMode::List, Raw::List(elements)) => {
            let prior = children(prior);
            let proposed = elements.iter().enumerate();
            Raw::List(
                proposed.map(|(i, config)| element(prior.get(i).unwrap_or(&Raw::Null), config)).collect(),
            )
        }
        (NestingMode::Map, Raw::Map(entries)) => Raw::Map(
            entries.iter().map(|(key, config)| (key.clone(), element(prior.get(key), config))).collect(),
        ),
        (NestingMode::Set, Raw::Set(elements)) => {
            let mut left: Vec<&Raw> = children(prior).iter().collect();
            let proposed = elements.iter().map(|config| {
                let found = left.iter().position(|prior| may_come_from(&nested.attributes, prior, config));
                let prior = found.map_or(&Raw::Null, |found| left.remove(found));
                element(prior, config)
            });
            Raw::set(proposed.collect())
        }
        _ => element(prior, config),
    }
}

fn children(value: &Raw) -> &[Raw] {
    match value {
        Raw::List(elements) | Raw::Set(elements) => elements,
        _ => &[],
    }
}

/// Whether a prior element may be what became of a configured one: equal but for computed values that are null there.
fn may_come_from(attributes: &[Attribute], prior: &Raw, config: &Raw) -> bool {
    attributes.iter().all(|attribute| {
        let (prior, config) = (prior.get(&attribute.name), config.get(&attribute.name));
        prior == config || attribute.computed && config.is_null()
    })
}

/// Whether a nested value holds something that only a user can have set.
fn holds_configured(nested: &Object, value: &Raw) -> bool {
    let object = |value: &Raw| {
        nested.attributes.iter().any(|attribute| {
            let value = value.get(&attribute.name);
            let below = attribute.nested_type.as_ref().is_some_and(|nested| holds_configured(nested, value));
            !attribute.computed && !value.is_null() || below
        })
    };
    match (nested.nesting(), value) {
        (NestingMode::Map, Raw::Map(entries)) => entries.values().any(object),
        (_, Raw::Map(_)) => object(value),
        (_, value) => children(value).iter().any(object),
    }
}

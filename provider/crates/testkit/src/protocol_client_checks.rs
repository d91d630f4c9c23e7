//! What Terraform's core checks of a provider's answers, restated from `reference/protocol.md` parts 5.2 to 5.5.
//!
//! Each function gives a line per finding, place first; no lines mean that core is content.

use tf_provider::proto::tfplugin6::schema::object::NestingMode;
use tf_provider::proto::tfplugin6::schema::{Attribute, Object};
use tf_value::raw::Raw;

/// `AssertPlanValid`: what may be planned, given prior state (null for a create) and configuration.
pub fn plan_valid(attributes: &[Attribute], prior: &Raw, config: &Raw, planned: &Raw) -> Vec<String> {
    let mut found = Vec::new();
    if planned.is_null() {
        found.push(": planned for absence but config wants existence".to_owned());
    } else {
        plan_object(attributes, prior, config, planned, "", &mut found);
    }
    found
}

fn plan_object(
    attributes: &[Attribute],
    prior: &Raw,
    config: &Raw,
    planned: &Raw,
    place: &str,
    found: &mut Vec<String>,
) {
    for attribute in attributes {
        let name = &attribute.name;
        let place = format!("{place}.{name}");
        plan_one(attribute, prior.get(name), config.get(name), planned.get(name), &place, found);
    }
}

fn plan_one(
    attribute: &Attribute,
    prior: &Raw,
    config: &Raw,
    planned: &Raw,
    place: &str,
    found: &mut Vec<String>,
) {
    if attribute.write_only {
        if !planned.is_null() {
            found.push(format!("{place}: write-only value is planned"));
        }
    } else if planned == config
        || planned == prior && !prior.is_null() && !config.is_null()
        || attribute.computed && (!attribute.optional || config.is_null())
    {
        // As it may be.
    } else if config.is_null() {
        found.push(format!("{place}: planned for an attribute that is not configured"));
    } else if let Some(nested) = attribute.nested_type.as_ref().filter(|_| !config.is_unknown()) {
        plan_nested(nested, prior, config, planned, place, found);
    } else {
        found.push(format!("{place}: planned value is neither the configured nor the prior one"));
    }
}

fn plan_nested(
    nested: &Object,
    prior: &Raw,
    config: &Raw,
    planned: &Raw,
    place: &str,
    found: &mut Vec<String>,
) {
    let mut element = |prior: &Raw, config: &Raw, planned: &Raw, place: &str| {
        if config.is_null() != planned.is_null() {
            found.push(format!("{place}: planned presence differs from the configured"));
        } else if planned.is_unknown() && !config.is_unknown() {
            found.push(format!("{place}: configured and planned as unknown"));
        } else if config.is_unknown() {
            if !planned.is_unknown() {
                found.push(format!("{place}: unknown in the configuration and planned as known"));
            }
        } else if !config.is_null() {
            plan_object(&nested.attributes, prior, config, planned, place, found);
        }
    };
    match (nested.nesting(), config, planned) {
        (NestingMode::List, Raw::List(configured), Raw::List(wanted)) if configured.len() == wanted.len() => {
            for (index, (config, planned)) in configured.iter().zip(wanted).enumerate() {
                let prior = children(prior).get(index).unwrap_or(&Raw::Null);
                element(prior, config, planned, &format!("{place}[{index}]"));
            }
        }
        (NestingMode::Map, Raw::Map(configured), Raw::Map(wanted)) if configured.keys().eq(wanted.keys()) => {
            for (key, config) in configured {
                element(prior.get(key), config, planned.get(key), &format!("{place}[{key}]"));
            }
        }
        (NestingMode::Set, Raw::Set(configured), Raw::Set(wanted)) => {
            // Elements with unknowns may merge later.
            let sized = config.is_wholly_known() && planned.is_wholly_known();
            if sized && configured.len() != wanted.len() {
                found.push(format!("{place}: planned set has another size"));
            }
        }
        (NestingMode::Single, _, _) => element(prior, config, planned, place),
        _ => found.push(format!("{place}: planned collection has another shape than the configured")),
    }
}

fn children(value: &Raw) -> &[Raw] {
    match value {
        Raw::List(elements) | Raw::Set(elements) => elements,
        _ => &[],
    }
}

/// `AssertObjectCompatible`: whether `actual` keeps what `planned` promised.
pub fn object_compatible(planned: &Raw, actual: &Raw) -> Vec<String> {
    let mut found = Vec::new();
    compatible(planned, actual, "", &mut found);
    found
}

fn compatible(planned: &Raw, actual: &Raw, place: &str, found: &mut Vec<String>) {
    match (planned, actual) {
        (Raw::Unknown(_), _) => {}
        (planned, actual) if planned.is_null() != actual.is_null() => {
            found.push(format!("{place}: was {}, is {}", presence(planned), presence(actual)));
        }
        (Raw::List(planned), Raw::List(actual)) => {
            if planned.len() == actual.len() {
                for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
                    compatible(planned, actual, &format!("{place}[{index}]"), found);
                }
            } else {
                found.push(format!("{place}: list has another length"));
            }
        }
        (Raw::Map(planned), Raw::Map(actual)) => {
            if planned.keys().eq(actual.keys()) {
                for (key, planned) in planned {
                    compatible(planned, &actual[key], &format!("{place}.{key}"), found);
                }
            } else {
                found.push(format!("{place}: other keys"));
            }
        }
        (Raw::Set(planned), Raw::Set(actual)) => {
            let fits = |planned: &Raw, actual: &Raw| object_compatible(planned, actual).is_empty();
            let kept = planned.iter().all(|planned| actual.iter().any(|actual| fits(planned, actual)))
                && actual.iter().all(|actual| planned.iter().any(|planned| fits(planned, actual)));
            if !kept || actual.len() > planned.len() {
                found.push(format!("{place}: set has other elements"));
            }
        }
        (Raw::Dynamic(planned), Raw::Dynamic(actual)) if planned.0 == actual.0 => {
            compatible(&planned.1, &actual.1, place, found);
        }
        (planned, actual) if planned == actual => {}
        _ => found.push(format!("{place}: another value")),
    }
}

fn presence(value: &Raw) -> &'static str {
    if value.is_null() { "absent" } else { "present" }
}

/// Where a write-only attribute holds a value.
pub fn write_only_values(attributes: &[Attribute], object: &Raw) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in attributes {
        let value = object.get(&attribute.name);
        if attribute.write_only && !value.is_null() {
            found.push(format!(".{}: write-only value in a state", attribute.name));
        }
        let Some(nested) = &attribute.nested_type else { continue };
        let elements: Vec<&Raw> = match (nested.nesting(), value) {
            (NestingMode::Map, Raw::Map(entries)) => entries.values().collect(),
            (NestingMode::Single, value) => vec![value],
            (_, value) => children(value).iter().collect(),
        };
        for element in elements {
            let below = write_only_values(&nested.attributes, element);
            found.extend(below.into_iter().map(|line| format!(".{}{line}", attribute.name)));
        }
    }
    found
}

/// `AssertObjectCompatible` between the first plan and the one made again during apply: what was known stays, what
/// was unknown may stay so.
pub fn plan_kept(first: &Raw, second: &Raw) -> Vec<String> {
    object_compatible(first, second)
}

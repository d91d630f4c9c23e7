//! What the provider sets where the user sets nothing.

use tf_value::attribute::{Attribute, Presence, Shape};
use tf_value::raw::Raw;

use crate::rules::{fit, pairs};

/// Fills defaults into `planned` wherever `config` is null and its surroundings are configured.
pub(crate) fn fill(attributes: &[Attribute], config: &Raw, planned: &mut Raw) {
    let Raw::Map(entries) = planned else { return };
    for attribute in attributes {
        let config = config.get(attribute.name);
        let Some(planned) = entries.get_mut(attribute.name) else { continue };
        if config.is_null() {
            if let Some(default) = value(attribute) {
                *planned = default;
            }
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            pairs::each_mut(*nesting, inner, (config, &Raw::Null), planned, &mut |(config, _), element| {
                if config.entries().is_some() {
                    fill(inner, config, element);
                }
            });
        }
    }
}

/// Fills defaults into `object` wherever it is null itself: for objects that come without a configuration.
pub(crate) fn fill_nulls(attributes: &[Attribute], object: &mut Raw) {
    let Raw::Map(entries) = object else { return };
    for attribute in attributes {
        let Some(value_here) = entries.get_mut(attribute.name) else { continue };
        if value_here.is_null() {
            if let Some(default) = value(attribute) {
                *value_here = default;
            }
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            pairs::each_mut(*nesting, inner, (&Raw::Null, &Raw::Null), value_here, &mut |_, element| {
                fill_nulls(inner, element);
            });
        }
    }
}

/// The default of an attribute in the shape of its type, with the defaults inside it.
pub(crate) fn value(attribute: &Attribute) -> Option<Raw> {
    let default = attribute.default.clone()?;
    let (mut default, _) = fit::fit(default, &attribute.ty());
    if let Shape::Nested(nesting, inner) = &attribute.shape {
        pairs::each_mut(*nesting, inner, (&Raw::Null, &Raw::Null), &mut default, &mut |_, element| {
            fill_nulls(inner, element);
        });
    }
    Some(default)
}

/// The configuration that would make `state`: computed and write-only values and those equal to the default are null.
pub(crate) fn unfill(attributes: &[Attribute], state: &mut Raw) {
    let Raw::Map(entries) = state else { return };
    for attribute in attributes {
        let Some(here) = entries.get_mut(attribute.name) else { continue };
        if attribute.presence == Presence::Computed
            || attribute.write_only
            || value(attribute).is_some_and(|default| default == *here)
        {
            *here = Raw::Null;
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            pairs::each_mut(*nesting, inner, (&Raw::Null, &Raw::Null), here, &mut |_, element| {
                unfill(inner, element);
            });
        }
    }
}

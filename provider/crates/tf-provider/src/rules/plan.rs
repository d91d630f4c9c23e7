//! Makes a plan out of what Terraform proposes, before a resource adjusts it.
//!
//! Terraform proposes the configuration, with prior values where it is null and the attribute is computed. From there:
//! write-only values go, defaults come, settled values settle, what is only spelt anew keeps the stored spelling; and if
//! anything differs from what is stored by then, every computed value that may change with it becomes unknown.

use tf_value::attribute::{Attribute, Presence, Shape};
use tf_value::raw::Raw;

use crate::rules::{defaults, fit, pairs, write_only};

/// A plan before the resource has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// What will be.
    pub planned: Raw,
    /// Whether anything differs from what is stored; true for a create.
    pub changes: bool,
}

/// Drafts a plan. `prior` is null for a create.
pub(crate) fn draft(attributes: &[Attribute], prior: &Raw, config: &Raw, proposed: Raw) -> Draft {
    let mut planned = proposed;
    write_only::erase(attributes, &mut planned);
    defaults::fill(attributes, config, &mut planned);
    settle(attributes, (config, prior), &mut planned);
    respell(attributes, (config, prior), &mut planned);
    let changes = planned != *prior;
    if changes {
        forget(attributes, (config, prior), &mut planned);
    }
    Draft { planned, changes }
}

/// Whether the user leaves the value to the provider. A value for a computed attribute is refused by validation.
fn is_left(attribute: &Attribute, config: &Raw) -> bool {
    attribute.presence == Presence::Computed
        || attribute.presence == Presence::OptionalComputed && config.is_null()
}

/// Sets what settles at a value, in objects that exist.
fn settle(attributes: &[Attribute], (config, prior): (&Raw, &Raw), planned: &mut Raw) {
    let (Raw::Map(_), Raw::Map(entries)) = (prior, planned) else { return };
    for attribute in attributes {
        let around = (config.get(attribute.name), prior.get(attribute.name));
        let Some(planned) = entries.get_mut(attribute.name) else { continue };
        match (&attribute.settles_at, &attribute.shape) {
            (Some(value), _) => {
                if is_left(attribute, around.0) {
                    *planned = fit::fit(value.clone(), &attribute.ty()).0;
                }
            }
            (None, Shape::Nested(nesting, inner)) => {
                pairs::each_mut(*nesting, inner, around, planned, &mut |around, element| {
                    settle(inner, around, element);
                });
            }
            (None, Shape::Plain(_)) => {}
        }
    }
}

/// Keeps the stored spelling of what means the same. Terraform accepts the prior value for a configured one.
fn respell(attributes: &[Attribute], (config, prior): (&Raw, &Raw), planned: &mut Raw) {
    let Raw::Map(entries) = planned else { return };
    for attribute in attributes {
        let around = (config.get(attribute.name), prior.get(attribute.name));
        let Some(planned) = entries.get_mut(attribute.name) else { continue };
        if let Some(alike) = attribute.alike {
            let known = |value: &Raw| !value.is_null() && value.is_wholly_known();
            if known(around.1) && known(planned) && alike(around.1, planned) {
                *planned = around.1.clone();
            }
        }
        if let Shape::Nested(nesting, inner) = &attribute.shape {
            pairs::each_mut(*nesting, inner, around, planned, &mut |around, element| {
                respell(inner, around, element);
            });
        }
    }
}

/// Makes unknown what the provider decides during apply.
fn forget(attributes: &[Attribute], (config, prior): (&Raw, &Raw), planned: &mut Raw) {
    let Raw::Map(entries) = planned else { return };
    for attribute in attributes {
        let (config, prior_here) = (config.get(attribute.name), prior.get(attribute.name));
        let Some(planned) = entries.get_mut(attribute.name) else { continue };
        if is_left(attribute, config) {
            let settled = attribute.settles_at.is_some() && prior.entries().is_some();
            if attribute.default.is_some() || settled {
                continue;
            }
            if attribute.keeps && !prior_here.is_null() {
                // Terraform proposes null for a nested attribute that was configured before.
                if planned.is_null() {
                    *planned = prior_here.clone();
                }
                continue;
            }
            *planned = Raw::unknown();
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            pairs::each_mut(*nesting, inner, (config, prior_here), planned, &mut |around, element| {
                if around.0.entries().is_some() {
                    forget(inner, around, element);
                }
            });
        }
    }
}

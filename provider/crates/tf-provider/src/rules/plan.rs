//! Makes a plan out of what Terraform proposes, before a resource adjusts it.
//!
//! Terraform proposes the configuration, with prior values where it is null and the attribute is computed. From there:
//! write-only values go, defaults come, settled values settle, what is only spelt anew keeps the stored spelling; and if
//! anything differs from what is stored by then, every computed value that may change with it becomes unknown.

use tf_value::attribute::{Attribute, Nesting, Presence, Shape};
use tf_value::raw::Raw;

use crate::rules::{defaults, pairs, write_only};

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

/// Whether the draft of a plan that proposes what is stored is what is stored, and changes nothing: seen without making
/// the draft. It may say no where that is so.
pub(crate) fn leaves(attributes: &[Attribute], prior: &Raw, config: &Raw) -> bool {
    attributes.iter().all(|attribute| {
        let (config, prior) = (config.get(attribute.name), prior.get(attribute.name));
        let is_at = |value: Option<&Raw>| value.is_none_or(|value| value == prior);
        if attribute.write_only && *prior != Raw::Null
            || config.is_null() && !is_at(attribute.default.as_ref())
            || is_left(attribute, config) && !is_at(attribute.settles_at.as_ref())
        {
            return false;
        }
        let Shape::Nested(nesting, inner) = &attribute.shape else { return true };
        match (nesting, prior) {
            (Nesting::Single, Raw::Map(_)) => leaves(inner, prior, config),
            (Nesting::List, Raw::List(elements)) => elements
                .iter()
                .enumerate()
                .all(|(index, element)| leaves(inner, element, pairs::element_of(config, index))),
            (Nesting::Map, Raw::Map(entries)) => {
                entries.iter().all(|(key, element)| leaves(inner, element, config.get(key)))
            }
            // Which element is which takes long to find out.
            (Nesting::Set, Raw::Set(elements)) => elements.is_empty() || is_inert(inner),
            _ => true,
        }
    })
}

/// Whether a draft leaves such objects as they are, whatever they hold.
fn is_inert(attributes: &[Attribute]) -> bool {
    attributes.iter().all(|attribute| {
        let plain = !attribute.write_only && attribute.default.is_none() && attribute.settles_at.is_none();
        plain
            && attribute.alike.is_none()
            && match &attribute.shape {
                Shape::Plain(_) => true,
                Shape::Nested(_, inner) => is_inert(inner),
            }
    })
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
                    planned.clone_from(value);
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
            if around.1 != planned && known(around.1) && known(planned) && alike(around.1, planned) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tf_value::attribute::object_type;
    use tf_value::ty::Type;

    use super::*;
    use crate::rules::samples;

    fn in_any_case(one: &Raw, other: &Raw) -> bool {
        one.text().zip(other.text()).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
    }

    /// Attributes of every kind that a draft changes, in every nesting.
    fn sample() -> Vec<Attribute> {
        let nested = |name, nesting, inner| Attribute {
            shape: Shape::Nested(nesting, inner),
            ..Attribute::string(name, "Nested.")
        };
        let plain = || {
            vec![
                Attribute::string("default", "D.").defaults_to(Raw::string("d")),
                Attribute::bool("computed", "C.").computed(),
                Attribute::bool("settles", "S.").computed().settles_at(Raw::Bool(true)),
                Attribute::string("alike", "A.").alike_if(in_any_case),
            ]
        };
        let secret = || Attribute::string("secret", "S.").write_only();
        let all = || [plain(), vec![secret()]].concat();
        let inert = vec![Attribute::string("text", "T."), Attribute::bool("computed", "C.").computed()];
        let mut attributes = [
            all(),
            vec![
                Attribute::new("settled", Type::list(Type::Bool), "S.")
                    .computed()
                    .settles_at(Raw::List(vec![])),
                nested("one", Nesting::Single, all()),
                nested("chosen", Nesting::Single, all()).optional_computed(),
                nested("many", Nesting::List, all()),
                nested("named", Nesting::Map, all()),
                nested("several", Nesting::Set, plain()),
                nested("inert", Nesting::Set, inert),
            ],
        ]
        .concat();
        defaults::prepare(&mut attributes);
        attributes
    }

    /// What is stored as it is after most applies: what settles has settled, and nothing is secret.
    fn settled(attributes: &[Attribute], object: &Raw) -> Raw {
        let mut settled = object.clone();
        write_only::erase(attributes, &mut settled);
        defaults::fill_nulls(attributes, &mut settled);
        settle(attributes, (&Raw::Null, object), &mut settled);
        settled
    }

    /// The object without what the provider set, and without what `left` says at random.
    fn configuration(attributes: &[Attribute], object: &Raw, left: u8) -> Raw {
        let Raw::Map(entries) = object else { return object.clone() };
        let entries = entries.iter().zip(attributes_by_name(attributes)).enumerate();
        Raw::Map(
            entries
                .map(|(position, ((name, value), attribute))| {
                    let is_left = attribute.presence == Presence::Computed || left >> (position % 8) & 1 == 1;
                    let value = match &attribute.shape {
                        _ if is_left => Raw::Null,
                        Shape::Nested(Nesting::Single, inner) => configuration(inner, value, left),
                        _ => value.clone(),
                    };
                    (name.clone(), value)
                })
                .collect(),
        )
    }

    fn attributes_by_name(attributes: &[Attribute]) -> Vec<&Attribute> {
        let mut sorted: Vec<_> = attributes.iter().collect();
        sorted.sort_by_key(|attribute| attribute.name);
        sorted
    }

    fn stored_and_configured() -> impl Strategy<Value = (Raw, Raw)> {
        let ty = object_type(&sample());
        (
            samples::objects(&ty),
            any::<bool>(),
            prop_oneof![Just(0), any::<u8>()],
            samples::objects(&ty),
            0..8_u8,
        )
            .prop_map(|(stored, is_settled, left, other, which)| {
                let attributes = sample();
                let stored = if is_settled { settled(&attributes, &stored) } else { stored };
                let config = if which == 0 { other } else { configuration(&attributes, &stored, left) };
                (stored, config)
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn what_a_draft_leaves_is_what_the_draft_says((prior, config) in stored_and_configured()) {
            let attributes = sample();
            if leaves(&attributes, &prior, &config) {
                let drafted = draft(&attributes, &prior, &config, prior.clone());
                prop_assert_eq!(drafted, Draft { planned: prior, changes: false });
            }
        }
    }

    #[test]
    fn a_settled_object_is_left() {
        let attributes = sample();
        let null = |attribute: &Attribute| (attribute.name.to_owned(), Raw::Null);
        let bare = Raw::Map(attributes.iter().map(null).collect());
        let stored = settled(&attributes, &bare);
        assert!(leaves(&attributes, &stored, &bare));
        assert!(!leaves(&attributes, &bare, &bare));
    }
}

//! Which nested object of one value belongs to which of another: lists by index, maps by key, sets by content.

use tf_value::attribute::{Attribute, Nesting, Shape};
use tf_value::raw::Raw;

const NULL: &Raw = &Raw::Null;

/// Calls `visit` with each known nested object of `planned` and its counterparts, null where there is none.
pub(crate) fn each_mut(
    nesting: Nesting,
    attributes: &[Attribute],
    (config, prior): (&Raw, &Raw),
    planned: &mut Raw,
    visit: &mut dyn FnMut((&Raw, &Raw), &mut Raw),
) {
    match (nesting, planned) {
        (Nesting::Single, planned @ Raw::Map(_)) => visit((config, prior), planned),
        (Nesting::List, Raw::List(elements)) => {
            for (index, element) in elements.iter_mut().enumerate() {
                if matches!(element, Raw::Map(_)) {
                    visit((element_of(config, index), element_of(prior, index)), element);
                }
            }
        }
        (Nesting::Map, Raw::Map(entries)) => {
            for (key, element) in entries {
                if matches!(element, Raw::Map(_)) {
                    visit((config.get(key), prior.get(key)), element);
                }
            }
        }
        (Nesting::Set, planned @ Raw::Set(_)) => {
            let mut left: Vec<&Raw> = elements(config).iter().collect();
            let taken = std::mem::take(planned);
            let changed = elements(&taken).iter().cloned().map(|mut element| {
                let found = left.iter().position(|candidate| came_from(attributes, candidate, &element));
                if let Some(found) = found {
                    let config = left.swap_remove(found);
                    let prior = elements(prior).iter().find(|prior| came_from(attributes, config, prior));
                    visit((config, prior.unwrap_or(NULL)), &mut element);
                }
                element
            });
            *planned = Raw::set(changed.collect());
        }
        _ => {}
    }
}

/// Calls `visit` with each known nested object of `value`, those in sets too.
pub(crate) fn walk_mut(nesting: Nesting, value: &mut Raw, visit: &mut dyn FnMut(&mut Raw)) {
    let mut element = |element: &mut Raw| {
        if matches!(element, Raw::Map(_)) {
            visit(element);
        }
    };
    match (nesting, value) {
        (Nesting::Single, value) => element(value),
        (Nesting::List, Raw::List(elements)) => elements.iter_mut().for_each(element),
        (Nesting::Map, Raw::Map(entries)) => entries.values_mut().for_each(element),
        (Nesting::Set, value @ Raw::Set(_)) => {
            if let Raw::Set(mut elements) = std::mem::take(value) {
                elements.iter_mut().for_each(element);
                *value = Raw::set(elements);
            }
        }
        _ => {}
    }
}

/// The elements of a list or a set; none of anything else.
pub(crate) fn elements(value: &Raw) -> &[Raw] {
    match value {
        Raw::List(elements) | Raw::Set(elements) => elements,
        _ => &[],
    }
}

/// The element of a list at `index`, null where there is none.
pub(crate) fn element_of(value: &Raw, index: usize) -> &Raw {
    elements(value).get(index).unwrap_or(NULL)
}

/// Whether the object `value` can be what became of the object `config`: equal wherever `config` says something.
fn came_from(attributes: &[Attribute], config: &Raw, value: &Raw) -> bool {
    if !matches!((config, value), (Raw::Map(_), Raw::Map(_))) {
        return config == value;
    }
    attributes.iter().all(|attribute| {
        let (config, value) = (config.get(attribute.name), value.get(attribute.name));
        if attribute.is_computed() && config.is_null() || config == value {
            return true;
        }
        match &attribute.shape {
            Shape::Plain(_) => false,
            Shape::Nested(nesting, inner) => match nesting {
                Nesting::Single => config.entries().is_some() && came_from(inner, config, value),
                Nesting::Map => match (config, value) {
                    (Raw::Map(config), Raw::Map(value)) => {
                        config.keys().eq(value.keys())
                            && config.values().zip(value.values()).all(|(c, v)| came_from(inner, c, v))
                    }
                    _ => false,
                },
                Nesting::List | Nesting::Set => {
                    let (config, value) = (elements(config), elements(value));
                    config.len() == value.len()
                        && config.iter().zip(value).all(|(c, v)| came_from(inner, c, v))
                }
            },
        }
    })
}

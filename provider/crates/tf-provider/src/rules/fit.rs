//! Brings what a model wrote into the shape that its schema promises.

use std::collections::BTreeMap;

use tf_value::path::Trail;
use tf_value::raw::Raw;
use tf_value::ty::Type;

use crate::complaints::Fault;

/// `value` as a value of `ty`, whatever it was, and what did not fit. Attributes that are missing are null, a list
/// becomes a set where one is wanted, and what does not fit is null: no fault may cost the rest of an object.
pub(crate) fn fit(value: Raw, ty: &Type) -> (Raw, Vec<Fault>) {
    let mut faults = Vec::new();
    let value = fit_at(value, ty, &Trail::Root, &mut faults);
    (value, faults)
}

/// `object` with the attributes it does not mention as they are in `base`: a model need not mention all of them.
pub(crate) fn complete(object: Raw, base: &Raw) -> Raw {
    match (object, base) {
        (Raw::Map(mut entries), Raw::Map(base)) => {
            for (name, value) in base {
                if !entries.contains_key(name) {
                    entries.insert(name.clone(), value.clone());
                }
            }
            Raw::Map(entries)
        }
        (object, _) => object,
    }
}

/// Whether `object`, brought into shape and completed from `stored`, is `stored` and wholly known, without a fault: seen
/// without doing it. `stored` is of the type in question. It may say no where that is so.
pub(crate) fn is_kept(object: &Raw, stored: &Raw) -> bool {
    match (object, stored) {
        (Raw::Map(object), Raw::Map(stored)) => {
            let mut mentioned = object.iter().peekable();
            let kept = stored.iter().all(|(name, stored)| {
                match mentioned.next_if(|(mentioned, _)| *mentioned == name) {
                    Some((_, value)) => is_same(value, stored),
                    None => stored.is_wholly_known(),
                }
            });
            kept && mentioned.next().is_none()
        }
        (object, stored) => is_same(object, stored),
    }
}

fn is_same(value: &Raw, stored: &Raw) -> bool {
    match (value, stored) {
        (Raw::Unknown(_), _) => false,
        // A model writes a set as a list, in the order in which it was read.
        (Raw::List(value), Raw::List(stored) | Raw::Set(stored)) | (Raw::Set(value), Raw::Set(stored)) => {
            value.len() == stored.len()
                && value.iter().zip(stored).all(|(value, stored)| is_same(value, stored))
        }
        (Raw::Map(value), Raw::Map(stored)) => {
            value.len() == stored.len()
                && value
                    .iter()
                    .zip(stored)
                    .all(|((key, value), (name, stored))| key == name && is_same(value, stored))
        }
        (Raw::Dynamic(value), Raw::Dynamic(stored)) => value.0 == stored.0 && is_same(&value.1, &stored.1),
        (value, stored) => value == stored,
    }
}

/// `new` with every part that equals the one in `old` taken from `old`: refinements do not survive a model.
pub(crate) fn graft(new: Raw, old: &Raw) -> Raw {
    if new == *old {
        return old.clone();
    }
    match (new, old) {
        (Raw::Map(entries), Raw::Map(old)) => Raw::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let value = match old.get(&key) {
                        Some(old) => graft(value, old),
                        None => value,
                    };
                    (key, value)
                })
                .collect(),
        ),
        (Raw::List(elements), Raw::List(old)) => {
            let mut old = old.iter();
            let grafted = elements.into_iter().map(|element| match old.next() {
                Some(old) => graft(element, old),
                None => element,
            });
            Raw::List(grafted.collect())
        }
        (new, _) => new,
    }
}

fn fit_at(value: Raw, ty: &Type, path: &Trail<'_>, faults: &mut Vec<Fault>) -> Raw {
    match (ty, value) {
        (_, Raw::Null) => Raw::Null,
        (_, Raw::Unknown(refinement)) => Raw::Unknown(refinement),
        (Type::String, value @ Raw::String(_))
        | (Type::Bool, value @ Raw::Bool(_))
        | (Type::Number, value @ Raw::Number(_)) => value,
        (Type::List(element), Raw::List(elements)) => {
            Raw::List(fit_elements(elements, element, path, faults))
        }
        (Type::Set(element), Raw::List(elements) | Raw::Set(elements)) => {
            // Elements of a set have no path of their own.
            let elements = elements.into_iter().map(|value| fit_at(value, element, path, faults));
            Raw::set(elements.collect())
        }
        (Type::Tuple(types), Raw::List(elements)) if types.len() == elements.len() => {
            let fitted = types.iter().zip(elements).enumerate();
            Raw::List(
                fitted.map(|(index, (ty, value))| fit_at(value, ty, &path.index(index), faults)).collect(),
            )
        }
        (Type::Map(element), Raw::Map(entries)) => Raw::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let value = fit_at(value, element, &path.key(&key), faults);
                    (key, value)
                })
                .collect(),
        ),
        (Type::Object(attributes), Raw::Map(entries)) => fit_object(entries, attributes, path, faults),
        (Type::Dynamic, Raw::Dynamic(typed)) => {
            let (ty, value) = *typed;
            let value = fit_at(value, &ty, path, faults);
            Raw::Dynamic(Box::new((ty, value)))
        }
        (wanted, _) => {
            faults.push(Fault::new(&path.path(), format!("is not {}", name(wanted))));
            Raw::Null
        }
    }
}

fn fit_elements(elements: Vec<Raw>, ty: &Type, path: &Trail<'_>, faults: &mut Vec<Fault>) -> Vec<Raw> {
    let elements = elements.into_iter().enumerate();
    elements.map(|(index, value)| fit_at(value, ty, &path.index(index), faults)).collect()
}

fn fit_object(
    mut entries: BTreeMap<String, Raw>,
    attributes: &BTreeMap<String, Type>,
    path: &Trail<'_>,
    faults: &mut Vec<Fault>,
) -> Raw {
    let fitted = attributes
        .iter()
        .map(|(name, ty)| {
            let value = entries.remove(name).unwrap_or_default();
            (name.clone(), fit_at(value, ty, &path.attribute(name), faults))
        })
        .collect();
    for name in entries.into_keys() {
        faults.push(Fault::new(&path.attribute(&name).path(), "is not in the schema"));
    }
    Raw::Map(fitted)
}

fn name(ty: &Type) -> &'static str {
    match ty {
        Type::String => "a string",
        Type::Bool => "a bool",
        Type::Number => "a number",
        Type::Dynamic => "a value with its type",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Object(_) => "an object",
        Type::Tuple(_) => "a tuple of the wanted length",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::samples;

    fn sample() -> Type {
        let inner =
            Type::Object([("x".to_owned(), Type::String), ("y".to_owned(), Type::set(Type::Bool))].into());
        let attributes = [
            ("text", Type::String),
            ("number", Type::Number),
            ("anything", Type::Dynamic),
            ("one", inner.clone()),
            ("many", Type::list(inner.clone())),
            ("several", Type::set(inner.clone())),
            ("named", Type::map(inner)),
            ("pair", Type::Tuple(vec![Type::Bool, Type::String])),
        ];
        Type::Object(attributes.map(|(name, ty)| (name.to_owned(), ty)).into())
    }

    /// As a model writes it: sets as lists.
    fn written(value: Raw) -> Raw {
        match value {
            Raw::List(elements) | Raw::Set(elements) => {
                Raw::List(elements.into_iter().map(written).collect())
            }
            Raw::Map(entries) => {
                Raw::Map(entries.into_iter().map(|(key, value)| (key, written(value))).collect())
            }
            Raw::Dynamic(typed) => Raw::Dynamic(Box::new((typed.0, written(typed.1)))),
            other => other,
        }
    }

    /// Something stored, and what a handler returns: the same, but for what it does not mention and what is `other`.
    fn kept_or_not() -> impl Strategy<Value = (Raw, Raw)> {
        let parts = proptest::collection::vec(any::<(bool, u8)>(), 8);
        (samples::objects(&sample()), samples::objects(&sample()), parts, any::<bool>()).prop_map(
            |(stored, other, parts, known)| {
                let stored = if known { stored.unknown_as_null() } else { stored };
                let names = stored.entries().into_iter().flatten().zip(parts);
                let returned =
                    names.filter(|(_, (mentioned, _))| *mentioned).map(|((name, value), (_, odd))| {
                        let value = if odd < 16 { other.get(name) } else { value };
                        (name.clone(), written(value.clone()))
                    });
                let returned = Raw::Map(returned.collect());
                (stored, returned)
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_the_long_way_makes_of_it((stored, returned) in kept_or_not()) {
            if is_kept(&returned, &stored) {
                prop_assert!(stored.is_wholly_known());
                prop_assert_eq!(fit(complete(returned, &stored), &sample()), (stored, vec![]));
            }
        }

        #[test]
        fn what_a_model_read_and_wrote_is_kept(stored in samples::objects(&sample())) {
            let stored = stored.unknown_as_null();
            prop_assert!(is_kept(&written(stored.clone()), &stored));
        }
    }

    #[test]
    fn what_does_not_fit_is_told_at_its_place_and_a_set_is_one_place() {
        let elements = || Raw::List(vec![Raw::Bool(true), Raw::string("x")]);
        let object = ["list", "set"].map(|name| (name.to_owned(), elements()));
        let ty = Type::Object(
            [("list".to_owned(), Type::list(Type::Bool)), ("set".to_owned(), Type::set(Type::Bool))].into(),
        );
        let (_, faults) = fit(Raw::Map(object.into()), &ty);
        let places: Vec<_> = faults.into_iter().map(|fault| fault.path.to_string()).collect();
        assert_eq!(places, ["list[1]", "set"]);
    }
}

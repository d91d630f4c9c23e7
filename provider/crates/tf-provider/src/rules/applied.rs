//! Whether Terraform will accept what was applied: its own check, made before it sees the result.

use tf_value::path::{Path, Trail};
use tf_value::raw::Raw;
use tf_value::ty::Type;

use crate::complaints::Fault;

/// Where `actual` is not what was `planned`; both are of type `ty`. Planned unknowns accept anything.
pub(crate) fn differences(planned: &Raw, actual: &Raw, ty: &Type) -> Vec<Fault> {
    let mut faults = Vec::new();
    compare(planned, actual, ty, &Trail::Root, &mut faults);
    faults
}

/// Where `value` is not known.
pub(crate) fn unknowns(value: &Raw, ty: &Type) -> Vec<Path> {
    let mut found = Vec::new();
    find_unknowns(value, ty, &Trail::Root, &mut found);
    found
}

/// One step into an object or a map.
fn below<'a>(path: &'a Trail<'a>, ty: &Type, key: &'a str) -> Trail<'a> {
    if matches!(ty, Type::Object(_)) { path.attribute(key) } else { path.key(key) }
}

/// The type of what an object, a map or a map-like value holds under `key`.
fn of_key<'a>(ty: &'a Type, key: &str) -> &'a Type {
    match ty {
        Type::Object(attributes) => attributes.get(key).unwrap_or(&Type::Dynamic),
        Type::Map(element) => element,
        _ => &Type::Dynamic,
    }
}

/// The type of what a list or a tuple holds at `index`.
fn of_index(ty: &Type, index: usize) -> &Type {
    match ty {
        Type::List(element) | Type::Set(element) => element,
        Type::Tuple(elements) => elements.get(index).unwrap_or(&Type::Dynamic),
        _ => &Type::Dynamic,
    }
}

fn find_unknowns(value: &Raw, ty: &Type, path: &Trail<'_>, found: &mut Vec<Path>) {
    match value {
        Raw::Unknown(_) => found.push(path.path()),
        Raw::Null | Raw::Bool(_) | Raw::Number(_) | Raw::String(_) => {}
        Raw::List(elements) => {
            for (index, element) in elements.iter().enumerate() {
                find_unknowns(element, of_index(ty, index), &path.index(index), found);
            }
        }
        Raw::Set(elements) => {
            if !elements.iter().all(Raw::is_wholly_known) {
                found.push(path.path());
            }
        }
        Raw::Map(entries) => {
            for (key, value) in entries {
                find_unknowns(value, of_key(ty, key), &below(path, ty, key), found);
            }
        }
        Raw::Dynamic(typed) => find_unknowns(&typed.1, &typed.0, path, found),
    }
}

fn compare(planned: &Raw, actual: &Raw, ty: &Type, path: &Trail<'_>, faults: &mut Vec<Fault>) {
    if planned == actual {
        return;
    }
    match (planned, actual) {
        (Raw::Unknown(_), _) => {}
        (Raw::Null, _) => faults.push(Fault::new(&path.path(), "was to be null, and has a value")),
        (_, Raw::Null) => faults.push(Fault::new(&path.path(), "was to have a value, and is null")),
        (Raw::List(planned), Raw::List(actual)) => {
            if planned.len() != actual.len() {
                return faults.push(Fault::new(&path.path(), "has another number of elements"));
            }
            for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
                compare(planned, actual, of_index(ty, index), &path.index(index), faults);
            }
        }
        (Raw::Set(planned), Raw::Set(actual)) => {
            if !sets_agree(planned, actual, of_index(ty, 0)) {
                faults.push(Fault::new(&path.path(), "has other elements"));
            }
        }
        (Raw::Map(planned), Raw::Map(actual)) => {
            if !planned.keys().eq(actual.keys()) {
                return faults.push(Fault::new(&path.path(), "has other keys"));
            }
            for ((key, planned), actual) in planned.iter().zip(actual.values()) {
                compare(planned, actual, of_key(ty, key), &below(path, ty, key), faults);
            }
        }
        (Raw::Dynamic(planned), Raw::Dynamic(actual)) if planned.0 == actual.0 => {
            compare(&planned.1, &actual.1, &planned.0, path, faults);
        }
        _ => faults.push(Fault::new(&path.path(), "has another value")),
    }
}

/// Every planned element became one that exists, every one that exists was planned, and there are not more of them.
fn sets_agree(planned: &[Raw], actual: &[Raw], ty: &Type) -> bool {
    let agree = |planned: &Raw, actual: &Raw| {
        let mut faults = Vec::new();
        compare(planned, actual, ty, &Trail::Root, &mut faults);
        faults.is_empty()
    };
    actual.len() <= planned.len()
        && planned.iter().all(|planned| actual.iter().any(|actual| agree(planned, actual)))
        && actual.iter().all(|actual| planned.iter().any(|planned| agree(planned, actual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(elements: &[&str]) -> Raw {
        let element = |text: &&str| if text.is_empty() { Raw::unknown() } else { Raw::string(*text) };
        Raw::set(elements.iter().map(element).collect())
    }

    fn differ(planned: &Raw, actual: &Raw, ty: Type) -> Vec<String> {
        let (wrap, ty) = (|value: &Raw| Raw::Map([("a".to_owned(), value.clone())].into()), Type::map(ty));
        differences(&wrap(planned), &wrap(actual), &ty).into_iter().map(|it| it.path.to_string()).collect()
    }

    #[test]
    fn what_was_known_stays_and_what_was_unknown_may_be_anything() {
        let text = Raw::string("x");
        assert_eq!(differ(&Raw::unknown(), &text, Type::String), [""; 0]);
        assert_eq!(differ(&Raw::unknown(), &Raw::Null, Type::String), [""; 0]);
        assert_eq!(differ(&Raw::Null, &text, Type::String), ["[\"a\"]"]);
        assert_eq!(differ(&text, &Raw::Null, Type::String), ["[\"a\"]"]);
        assert_eq!(differ(&text, &Raw::string("y"), Type::String), ["[\"a\"]"]);
        assert_eq!(differ(&text, &Raw::unknown(), Type::String), ["[\"a\"]"]);
    }

    #[test]
    fn sets_may_shrink_by_merging_and_never_grow() {
        let differ = |planned, actual| differ(&set(planned), &set(actual), Type::set(Type::String)).len();
        assert_eq!(differ(&["", ""], &["x"]), 0);
        assert_eq!(differ(&["x", ""], &["x", "y"]), 0);
        assert_eq!(differ(&["x", ""], &["y"]), 1);
        assert_eq!(differ(&["x", ""], &["x", "y", "z"]), 1);
        assert_eq!(differ(&["x"], &["y"]), 1);
    }

    #[test]
    fn a_list_keeps_its_length_and_a_map_its_keys() {
        let list = |count| Raw::List(vec![Raw::unknown(); count]);
        let known = |count| Raw::List(vec![Raw::string("x"); count]);
        assert_eq!(differ(&list(1), &known(1), Type::list(Type::String)), [""; 0]);
        assert_eq!(differ(&list(1), &known(2), Type::list(Type::String)), ["[\"a\"]"]);
        let map = |key: &str| Raw::Map([(key.to_owned(), Raw::string("x"))].into());
        assert_eq!(differ(&map("k"), &map("l"), Type::map(Type::String)), ["[\"a\"]"]);
    }

    #[test]
    fn unknowns_are_found_at_their_places() {
        let object = |value| Raw::Map([("b".to_owned(), value)].into());
        let ty = Type::Object([("b".to_owned(), Type::list(Type::set(Type::String)))].into());
        let value = object(Raw::List(vec![set(&["x"]), set(&["x", ""])]));
        assert_eq!(unknowns(&value, &ty), [Path::to("b").index(1)]);
    }
}

//! Whether Terraform will accept a plan: its own check, made before it sees the plan.

use tf_value::attribute::{Attribute, Nesting, Presence, Shape};
use tf_value::path::Trail;
use tf_value::raw::Raw;

use crate::complaints::Fault;
use crate::rules::pairs;

/// What Terraform would object to in `planned`. `prior` is null for a create.
pub(crate) fn plan(attributes: &[Attribute], prior: &Raw, config: &Raw, planned: &Raw) -> Vec<Fault> {
    let mut faults = Vec::new();
    object(attributes, (prior, config, planned), &Trail::Root, &mut faults);
    faults
}

fn object(
    attributes: &[Attribute],
    (prior, config, planned): (&Raw, &Raw, &Raw),
    path: &Trail<'_>,
    faults: &mut Vec<Fault>,
) {
    for attribute in attributes {
        let around = (prior.get(attribute.name), config.get(attribute.name), planned.get(attribute.name));
        one(attribute, around, &path.attribute(attribute.name), faults);
    }
}

fn one(attribute: &Attribute, around: (&Raw, &Raw, &Raw), path: &Trail<'_>, faults: &mut Vec<Fault>) {
    let (prior, config, planned) = around;
    if attribute.write_only {
        if !planned.is_null() {
            faults.push(Fault::new(&path.path(), "is write-only, so only null may be planned for it"));
        }
        return;
    }
    if planned == config || planned == prior && !prior.is_null() && !config.is_null() {
        return;
    }
    if attribute.presence == Presence::Computed || attribute.is_computed() && config.is_null() {
        return;
    }
    if config.is_null() {
        faults.push(Fault::new(&path.path(), "is not configured, and a value is planned for it"));
        return;
    }
    match &attribute.shape {
        Shape::Nested(nesting, inner) if !config.is_unknown() => {
            nested(*nesting, inner, around, path, faults);
        }
        _ => faults.push(Fault::new(&path.path(), "is configured, and another value is planned for it")),
    }
}

fn nested(
    nesting: Nesting,
    attributes: &[Attribute],
    (prior, config, planned): (&Raw, &Raw, &Raw),
    path: &Trail<'_>,
    faults: &mut Vec<Fault>,
) {
    match planned {
        Raw::Null => {
            return faults.push(Fault::new(&path.path(), "is configured, and null is planned for it"));
        }
        Raw::Unknown(_) => {
            return faults
                .push(Fault::new(&path.path(), "is configured, and is planned as not known at all"));
        }
        _ => {}
    }
    let mut element = |prior: &Raw, config: &Raw, planned: &Raw, path: &Trail<'_>| {
        if config == planned {
            return;
        }
        match (config, planned) {
            (Raw::Map(_), Raw::Map(_)) => object(attributes, (prior, config, planned), path, faults),
            _ => faults.push(Fault::new(&path.path(), "is configured, and something else is planned for it")),
        }
    };
    match nesting {
        Nesting::Single => element(prior, config, planned, path),
        Nesting::List => {
            let (configured, wanted) = (pairs::elements(config), pairs::elements(planned));
            if configured.len() != wanted.len() {
                return faults.push(Fault::new(&path.path(), "is planned with another number of elements"));
            }
            for (index, (config, planned)) in configured.iter().zip(wanted).enumerate() {
                element(pairs::element_of(prior, index), config, planned, &path.index(index));
            }
        }
        Nesting::Map => {
            let (Some(configured), Some(wanted)) = (config.entries(), planned.entries()) else { return };
            if !configured.keys().eq(wanted.keys()) {
                return faults.push(Fault::new(&path.path(), "is planned with other keys"));
            }
            for ((key, config), planned) in configured.iter().zip(wanted.values()) {
                element(prior.get(key), config, planned, &path.key(key));
            }
        }
        Nesting::Set => {
            // Elements that are not wholly known may turn out equal, so only wholly known sets have a size.
            let sized = config.is_wholly_known() && planned.is_wholly_known();
            if sized && pairs::elements(config).len() != pairs::elements(planned).len() {
                faults.push(Fault::new(&path.path(), "is planned with another number of elements"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object<const N: usize>(entries: [(&str, Raw); N]) -> Raw {
        Raw::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The places of all faults in a plan for one attribute `a`.
    fn faults(attribute: Attribute, prior: &Raw, config: &Raw, planned: &Raw) -> Vec<String> {
        let around = [prior, config, planned].map(|value| match value {
            Raw::Unknown(_) => object([("a", Raw::unknown())]),
            value => object([("a", value.clone())]),
        });
        let found = plan(&[attribute], &around[0], &around[1], &around[2]);
        found.into_iter().map(|fault| fault.path.to_string()).collect()
    }

    #[test]
    fn a_write_only_value_may_not_be_planned_even_if_configured() {
        let secret = Raw::string("s");
        let attribute = || Attribute::string("a", "A.").write_only();
        assert_eq!(faults(attribute(), &Raw::Null, &secret, &secret), ["a"]);
        assert_eq!(faults(attribute(), &Raw::Null, &secret, &Raw::Null), [""; 0]);
    }

    #[test]
    fn the_prior_value_may_stay_for_a_configured_one() {
        let attribute = || Attribute::string("a", "A.");
        let [old, new, third] = ["old", "new", "third"].map(Raw::string);
        assert_eq!(faults(attribute(), &old, &new, &old), [""; 0]);
        assert_eq!(faults(attribute(), &old, &new, &third), ["a"]);
        assert_eq!(faults(attribute(), &old, &Raw::Null, &old), ["a"]);
        assert_eq!(faults(attribute(), &Raw::Null, &new, &Raw::Null), ["a"]);
    }

    #[test]
    fn what_is_unknown_in_the_configuration_stays_unknown() {
        let attribute = || Attribute::object("a", vec![Attribute::string("b", "B.")], "A.");
        let known = object([("b", Raw::Null)]);
        assert_eq!(faults(attribute(), &Raw::Null, &Raw::unknown(), &known), ["a"]);
        assert_eq!(faults(attribute(), &Raw::Null, &Raw::unknown(), &Raw::unknown()), [""; 0]);
    }

    #[test]
    fn nested_objects_are_as_many_as_configured() {
        let inner = || vec![Attribute::string("b", "B.").optional_computed()];
        let nested =
            |nesting| Attribute { shape: Shape::Nested(nesting, inner()), ..Attribute::string("a", "A.") };
        let element = |value: &str| object([("b", Raw::string(value))]);
        let empty = object([("b", Raw::Null)]);
        let list = |elements: &[&Raw]| Raw::List(elements.iter().map(|&element| element.clone()).collect());
        let null = &Raw::Null;
        let check = |nesting, config: &Raw, planned: &Raw| faults(nested(nesting), null, config, planned);
        assert_eq!(check(Nesting::List, &list(&[&empty]), &list(&[&element("x")])), [""; 0]);
        assert_eq!(check(Nesting::List, &list(&[&empty]), &list(&[&empty, &empty])), ["a"]);
        assert_eq!(check(Nesting::List, &list(&[&empty]), &list(&[null])), ["a[0]"]);
        assert_eq!(check(Nesting::List, &list(&[&element("x")]), &list(&[&element("y")])), ["a[0].b"]);
        let keyed = |key: &str| object([(key, empty.clone())]);
        assert_eq!(check(Nesting::Map, &keyed("k"), &keyed("l")), ["a"]);
        assert_eq!(check(Nesting::Map, &keyed("k"), &keyed("k")), [""; 0]);
        assert_eq!(check(Nesting::Single, &empty, &Raw::unknown()), ["a"]);
    }
}

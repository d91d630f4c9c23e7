//! Which changes replace the object, and which are refused.

use tf_value::attribute::{Attribute, Change, Nesting, Shape};
use tf_value::path::Path;
use tf_value::raw::Raw;

use crate::rules::pairs;

/// The attribute by which a user allows what is refused otherwise.
const ALLOW: &str = "allow_replacement";

/// What a plan's changes come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Attributes whose change replaces the object.
    pub replace: Vec<Path>,
    /// Attributes whose change is refused, each with the way out.
    pub refused: Vec<(Path, &'static str)>,
    /// Attributes whose change would be refused, and whose value is not known yet, each with the way out.
    pub perhaps: Vec<(Path, &'static str)>,
}

/// Compares `planned` with `prior`. Both are objects; a create has nothing to compare.
///
/// A nested object that comes or goes changes all of its attributes, but an element of a list or a map that comes or
/// goes changes none: its fellows are not touched by it.
pub(crate) fn judge(attributes: &[Attribute], prior: &Raw, config: &Raw, planned: &Raw) -> Verdict {
    let mut verdict = Verdict::default();
    let allowed = *config.get(ALLOW) == Raw::Bool(true);
    object(attributes, (prior, config, planned), &Path::root(), allowed, &mut verdict);
    verdict
}

fn object(
    attributes: &[Attribute],
    (prior, config, planned): (&Raw, &Raw, &Raw),
    path: &Path,
    allowed: bool,
    verdict: &mut Verdict,
) {
    for attribute in attributes {
        let prior = prior.get(attribute.name);
        let config = inside(config, attribute.name);
        let planned = inside(planned, attribute.name);
        if prior == planned {
            continue;
        }
        // What the provider itself will decide is no change that anybody asked for.
        if planned.is_unknown() && config.is_null() {
            continue;
        }
        let here = path.attribute(attribute.name);
        match attribute.change {
            Change::InPlace => nested(attribute, (prior, config, planned), &here, allowed, verdict),
            Change::Replaces => verdict.replace.push(here),
            Change::Refused { .. } if allowed => verdict.replace.push(here),
            Change::Refused { way_out } if planned.is_wholly_known() => verdict.refused.push((here, way_out)),
            Change::Refused { way_out } => verdict.perhaps.push((here, way_out)),
        }
    }
}

fn nested(
    attribute: &Attribute,
    (prior, config, planned): (&Raw, &Raw, &Raw),
    path: &Path,
    allowed: bool,
    verdict: &mut Verdict,
) {
    let Shape::Nested(nesting, inner) = &attribute.shape else { return };
    match (nesting, prior, planned) {
        (Nesting::Single, _, _) => object(inner, (prior, config, planned), path, allowed, verdict),
        (Nesting::List, Raw::List(before), Raw::List(after)) => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                let config = pairs::element_of(config, index);
                object(inner, (before, config, after), &path.index(index), allowed, verdict);
            }
        }
        (Nesting::Map, Raw::Map(before), Raw::Map(after)) => {
            for (key, before) in before {
                let Some(after) = after.get(key) else { continue };
                let around = (before, config.get(key), after);
                object(inner, around, &path.key(key.clone()), allowed, verdict);
            }
        }
        // Elements of sets cannot be told apart, so nothing inside them may say what its change means.
        _ => {}
    }
}

/// The attribute of an object; unknown inside an unknown one.
fn inside<'a>(object: &'a Raw, name: &str) -> &'a Raw {
    if object.is_unknown() { object } else { object.get(name) }
}

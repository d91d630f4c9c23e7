//! What the provider sets where the user sets nothing.

use tf_value::attribute::{Attribute, Presence, Shape};
use tf_value::raw::Raw;

use crate::rules::{fit, pairs};

/// Brings the values in a schema, defaults and what computed values settle at, into the shape of their types, with the
/// defaults inside them. The rules take them as they are.
pub(crate) fn prepare(attributes: &mut [Attribute]) {
    for attribute in attributes {
        if let Shape::Nested(_, inner) = &mut attribute.shape {
            prepare(inner);
        }
        let ty = attribute.ty();
        if let Some(default) = attribute.default.take() {
            let (mut default, _) = fit::fit(default, &ty);
            if let Shape::Nested(nesting, inner) = &attribute.shape {
                pairs::walk_mut(*nesting, &mut default, &mut |element| fill_nulls(inner, element));
            }
            attribute.default = Some(default);
        }
        attribute.settles_at = attribute.settles_at.take().map(|value| fit::fit(value, &ty).0);
    }
}

/// Fills defaults into `planned` wherever `config` is null and its surroundings are configured.
pub(crate) fn fill(attributes: &[Attribute], config: &Raw, planned: &mut Raw) {
    let Raw::Map(entries) = planned else { return };
    for attribute in attributes {
        let config = config.get(attribute.name);
        let Some(planned) = entries.get_mut(attribute.name) else { continue };
        if config.is_null() {
            if let Some(default) = &attribute.default {
                planned.clone_from(default);
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
            if let Some(default) = &attribute.default {
                value_here.clone_from(default);
            }
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            pairs::walk_mut(*nesting, value_here, &mut |element| fill_nulls(inner, element));
        }
    }
}

/// The configuration that would make `state`: computed and write-only values and those equal to the default are null.
pub(crate) fn unfill(attributes: &[Attribute], state: &mut Raw) {
    let Raw::Map(entries) = state else { return };
    for attribute in attributes {
        let Some(here) = entries.get_mut(attribute.name) else { continue };
        if attribute.presence == Presence::Computed
            || attribute.write_only
            || attribute.default.as_ref().is_some_and(|default| default == here)
        {
            *here = Raw::Null;
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            pairs::walk_mut(*nesting, here, &mut |element| unfill(inner, element));
        }
    }
}

#[cfg(test)]
mod tests {
    use tf_value::attribute::Nesting;

    use super::*;

    fn object(entries: [(&str, Raw); 2]) -> Raw {
        Raw::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// An attribute `rules` with objects of a port and a protocol, which has a default.
    fn rules(nesting: Nesting) -> Attribute {
        let inner = vec![
            Attribute::string("port", "P."),
            Attribute::string("protocol", "P.").defaults_to(Raw::string("tcp")),
        ];
        Attribute { shape: Shape::Nested(nesting, inner), ..Attribute::string("rules", "R.") }
    }

    fn rule(port: &str, protocol: Option<&str>) -> Raw {
        object([("port", Raw::string(port)), ("protocol", protocol.map_or(Raw::Null, Raw::string))])
    }

    fn holding(rules: Raw) -> Raw {
        Raw::Map([("rules".to_owned(), rules)].into())
    }

    #[test]
    fn objects_in_sets_are_filled_and_emptied_like_others() {
        let filled = [rule("80", Some("tcp")), rule("81", Some("udp"))];
        let bare = [rule("80", None), rule("81", Some("udp"))];
        for (nesting, make) in [(Nesting::List, Raw::List as fn(_) -> _), (Nesting::Set, Raw::set)] {
            let attributes = [rules(nesting)];
            let mut object = holding(make(bare.to_vec()));
            fill_nulls(&attributes, &mut object);
            assert_eq!(object, holding(make(filled.to_vec())));
            unfill(&attributes, &mut object);
            assert_eq!(object, holding(make(bare.to_vec())));
        }
    }

    #[test]
    fn a_default_has_the_defaults_inside_it_in_sets_too() {
        let default = Raw::List(vec![rule("80", None), rule("80", Some("tcp"))]);
        let mut attributes = [rules(Nesting::Set).defaults_to(default)];
        prepare(&mut attributes);
        assert_eq!(attributes[0].default, Some(Raw::set(vec![rule("80", Some("tcp"))])));
    }
}

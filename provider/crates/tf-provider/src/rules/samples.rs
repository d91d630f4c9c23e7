//! Values for property tests of the rules: of few texts, so that equal ones are common.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use tf_value::number::Number;
use tf_value::raw::Raw;
use tf_value::ty::Type;

/// Any value of a type: nulls and unknowns anywhere.
pub(crate) fn values(ty: &Type) -> BoxedStrategy<Raw> {
    let known = match ty {
        Type::String => prop_oneof![Just("d"), Just("D"), Just("e")].prop_map(Raw::string).boxed(),
        Type::Bool => any::<bool>().prop_map(Raw::Bool).boxed(),
        Type::Number => (0..2_i64).prop_map(|number| Raw::Number(Number::from(number))).boxed(),
        Type::Dynamic => values(&Type::Bool)
            .prop_map(
                |value| if value.is_null() { Raw::Null } else { Raw::Dynamic(Box::new((Type::Bool, value))) },
            )
            .boxed(),
        Type::List(element) => vec(values(element), 0..3).prop_map(Raw::List).boxed(),
        Type::Set(element) => vec(values(element), 0..3).prop_map(Raw::set).boxed(),
        Type::Map(element) => btree_map("[kl]", values(element), 0..3).prop_map(Raw::Map).boxed(),
        Type::Object(attributes) => {
            let entries = attributes.iter().map(|(name, ty)| (Just(name.clone()), values(ty)));
            entries.collect::<Vec<_>>().prop_map(|entries| Raw::Map(entries.into_iter().collect())).boxed()
        }
        Type::Tuple(types) => types.iter().map(values).collect::<Vec<_>>().prop_map(Raw::List).boxed(),
    };
    prop_oneof![2 => Just(Raw::Null), 1 => Just(Raw::unknown()), 12 => known].boxed()
}

/// Any object of a type of objects.
pub(crate) fn objects(ty: &Type) -> BoxedStrategy<Raw> {
    values(ty).prop_filter("an object", |value| value.entries().is_some()).boxed()
}

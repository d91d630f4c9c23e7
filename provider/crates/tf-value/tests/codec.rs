//! The codec against hostile bytes and against itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use tf_value::msgpack::{decode, encode};
use tf_value::number::Number;
use tf_value::raw::Raw;
use tf_value::refinement::Refinement;
use tf_value::ty::Type;

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::String), Just(Type::Bool), Just(Type::Number), Just(Type::Dynamic)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::map),
            inner.clone().prop_map(Type::set),
            prop::collection::btree_map("[a-z]{1,6}", inner.clone(), 0..4).prop_map(Type::Object),
            prop::collection::vec(inner, 0..4).prop_map(Type::Tuple),
        ]
    })
}

fn values(ty: Type) -> BoxedStrategy<Raw> {
    let known: BoxedStrategy<Raw> = match ty {
        Type::String => {
            "\\PC{0,12}".prop_map(|text| decode(&encode(&Raw::String(text)), &Type::String).unwrap()).boxed()
        }
        Type::Bool => any::<bool>().prop_map(Raw::Bool).boxed(),
        Type::Number => prop_oneof![
            any::<i64>().prop_map(|n| Raw::Number(Number::from(n))),
            "-?[1-9][0-9]{0,60}(\\.[0-9]{0,40})?".prop_map(|text| Raw::Number(Number::parse(&text).unwrap())),
        ]
        .boxed(),
        Type::Dynamic => (Just(Type::Number), values(Type::Number))
            .prop_map(|typed| match typed.1 {
                Raw::Null => Raw::Null,
                _ => Raw::Dynamic(Box::new(typed)),
            })
            .boxed(),
        Type::List(element) => prop::collection::vec(values(*element), 0..4).prop_map(Raw::List).boxed(),
        Type::Set(element) => prop::collection::vec(values(*element), 0..4).prop_map(Raw::set).boxed(),
        Type::Map(element) => {
            prop::collection::btree_map("[a-z]{0,6}", values(*element), 0..4).prop_map(Raw::Map).boxed()
        }
        Type::Object(attributes) => attributes
            .into_iter()
            .map(|(name, ty)| values(ty).prop_map(move |value| (name.clone(), value)))
            .collect::<Vec<_>>()
            .prop_map(|entries| Raw::Map(entries.into_iter().collect()))
            .boxed(),
        Type::Tuple(elements) => {
            elements.into_iter().map(values).collect::<Vec<_>>().prop_map(Raw::List).boxed()
        }
    };
    prop_oneof![1 => Just(Raw::Null), 1 => Just(Raw::unknown()), 8 => known].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_value_of_every_type_reads_back_as_written(
        (ty, value) in types().prop_flat_map(|ty| (Just(ty.clone()), values(ty)))
    ) {
        prop_assert_eq!(decode(&encode(&value), &ty), Ok(value));
    }

    #[test]
    fn every_type_is_written_as_its_json_says(ty in types(), name in "\\PC{0,6}|[\"\\\\\n]") {
        let ty = Type::Object(BTreeMap::from([(name, ty)]));
        let mut text = String::new();
        ty.write_json(&mut text);
        prop_assert_eq!(&text, &ty.to_json().to_string());
        prop_assert_eq!(Type::from_json_text(text.as_bytes()), Ok(ty));
    }

    #[test]
    fn no_bytes_panic(ty in types(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes, &ty);
    }

    #[test]
    fn no_cut_or_changed_message_panics(
        (ty, value) in types().prop_flat_map(|ty| (Just(ty.clone()), values(ty))),
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut bytes = encode(&value);
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let _ = decode(&bytes, &ty);
    }
}

#[test]
fn unknown_with_refinements_goes_back_byte_for_byte() {
    // {1: false, 2: "pre-"}: not null, begins with "pre-".
    let body = [0x82, 1, 0xc2, 2, 0xa4, b'p', b'r', b'e', b'-'];
    let mut wire = vec![0xc7, 9, 12];
    wire.extend(body);
    let value = decode(&wire, &Type::String).unwrap();
    let Raw::Unknown(refinement) = &value else { panic!("{value:?}") };
    assert_eq!(refinement.body(), Some(&body[..]));
    let Raw::Unknown(again) = decode(&encode(&value), &Type::String).unwrap() else { panic!() };
    assert_eq!(again.body(), Some(&body[..]));
}

#[test]
fn any_extension_is_unknown_and_an_empty_refinement_says_nothing() {
    for wire in [&[0xd4, 0, 0][..], &[0xd4, 99, 7], &[0xc7, 1, 12, 0x80]] {
        let Raw::Unknown(refinement) = decode(wire, &Type::Bool).unwrap() else { panic!("{wire:?}") };
        assert_eq!(refinement.body(), Refinement::none().body(), "{wire:?}");
    }
}

#[test]
fn whole_numbers_are_read_in_every_form_and_written_in_digits() {
    let cases: [(&[u8], &str); 9] = [
        (&[0x07], "7"),
        (&[0xff], "-1"),
        (&[0xcc, 200], "200"),
        (&[0xcd, 1, 0], "256"),
        (&[0xce, 0, 1, 0, 0], "65536"),
        (&[0xcf, 255, 255, 255, 255, 255, 255, 255, 255], "18446744073709551615"),
        (&[0xd0, 0x80], "-128"),
        (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], "-9223372036854775808"),
        (&[0xa2, b'4', b'2'], "42"),
    ];
    for (wire, digits) in cases {
        let number = decode(wire, &Type::Number).unwrap();
        assert_eq!(encode(&number), encode(&Raw::string(digits)), "{digits}");
    }
}

#[test]
fn objects_must_have_exactly_their_attributes() {
    let ty = Type::Object(BTreeMap::from([("a".to_owned(), Type::Bool)]));
    assert!(decode(&[0x81, 0xa1, b'a', 0xc3], &ty).is_ok());
    assert!(decode(&[0x80], &ty).unwrap_err().to_string().contains("`a` is missing"));
    assert!(decode(&[0x81, 0xa1, b'b', 0xc3], &ty).unwrap_err().to_string().contains("`b` is no attribute"));
}

#[test]
fn attributes_come_in_any_order_and_each_once() {
    let ty = Type::Object(["a", "b", "c"].map(|name| (name.to_owned(), Type::Bool)).into());
    let read = |names: &str| {
        let mut wire = vec![0x80 | u8::try_from(names.len()).unwrap()];
        names.bytes().for_each(|name| wire.extend([0xa1, name, 0xc3]));
        decode(&wire, &ty).map_err(|malformed| malformed.to_string())
    };
    let whole = read("abc").unwrap();
    for names in ["acb", "bac", "bca", "cab", "cba"] {
        assert_eq!(read(names), Ok(whole.clone()), "{names}");
    }
    for names in ["abca", "abcc", "aabc", "cbca", "bcab", "cabb"] {
        assert!(read(names).unwrap_err().contains("is there twice"), "{names}");
    }
    assert!(read("ca").unwrap_err().contains("`b` is missing"));
}

#[test]
fn lengths_of_every_size_read_back() {
    for length in [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
        let value = Raw::string("x".repeat(length));
        assert_eq!(decode(&encode(&value), &Type::String), Ok(value), "{length}");
        let value = Raw::List(vec![Raw::Bool(true); length]);
        assert_eq!(decode(&encode(&value), &Type::list(Type::Bool)), Ok(value), "{length}");
        let value = Raw::Map((0..length).map(|n| (n.to_string(), Raw::Bool(true))).collect());
        assert_eq!(decode(&encode(&value), &Type::map(Type::Bool)), Ok(value), "{length}");
        let ty = Type::Object([("k".repeat(length), Type::Bool)].into());
        let value = Raw::Dynamic(Box::new((ty, Raw::Map([("k".repeat(length), Raw::Bool(true))].into()))));
        assert_eq!(decode(&encode(&value), &Type::Dynamic), Ok(value), "{length}");
    }
}

#[test]
fn what_is_wrong_in_a_set_is_told_at_the_set() {
    let ty = Type::Object(BTreeMap::from([("a".to_owned(), Type::set(Type::Bool))]));
    let malformed = decode(&[0x81, 0xa1, b'a', 0x92, 0xc3, 0x07], &ty).unwrap_err();
    assert_eq!(malformed.path.to_string(), "a");
}

#[test]
fn a_length_beyond_the_bytes_is_refused_at_once() {
    assert!(decode(&[0xdd, 0xff, 0xff, 0xff, 0xff], &Type::list(Type::Bool)).is_err());
}

#[test]
fn dynamic_inside_dynamic_does_not_exhaust_the_stack() {
    let mut wire = Vec::new();
    for _ in 0..100_000 {
        wire.extend([0x92, 0xc4, 9]);
        wire.extend(br#""dynamic""#);
    }
    assert!(decode(&wire, &Type::Dynamic).unwrap_err().to_string().contains("too deep"));
}

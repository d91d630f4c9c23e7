//! What holds for any bytes and any value.

use std::sync::OnceLock;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::Message;
use testkit::protocol_client::{has_error, pack};
use testkit::protocol_client_instance::Instance;
use tf_provider::proto::tfplugin6 as pb;
use tf_value::msgpack::{decode, encode};
use tf_value::number::Number;
use tf_value::raw::Raw;
use tf_value::refinement::Refinement;
use tf_value::ty::Type;
use tokio::runtime::Runtime;

use crate::{Bench, bench, toy};

/// One runtime and one provider for all cases: starting either takes longer than a case.
fn shared() -> &'static (Runtime, Bench) {
    static SHARED: OnceLock<(Runtime, Bench)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        let bench = runtime.block_on(bench());
        (runtime, bench)
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    // Noise, and what begins like a value and goes wrong later.
    let broken = (values(toy::thing::schema().ty()), any::<prop::sample::Index>(), any::<u8>());
    prop_oneof![
        vec(any::<u8>(), 0..40),
        broken.prop_map(|(value, at, byte)| {
            let mut bytes = encode(&value);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ]
}

fn dynamic() -> impl Strategy<Value = Option<pb::DynamicValue>> {
    let whole = values(toy::thing::schema().ty()).prop_map(|value| encode(&value));
    let null = Just(encode(&Raw::Null));
    let msgpack = prop_oneof![4 => bytes(), 4 => whole, 2 => null];
    prop::option::weighted(
        0.95,
        (msgpack, vec(any::<u8>(), 0..8)).prop_map(|(msgpack, json)| pb::DynamicValue { msgpack, json }),
    )
}

/// A configuration of the toy's list or action, and what is none.
fn asked(number: &'static str, text: &'static str) -> impl Strategy<Value = Option<pb::DynamicValue>> {
    let object = Type::Object(
        [(number, Type::Number), (text, Type::String), ("behave", Type::String)]
            .into_iter()
            .map(|(name, ty)| (name.to_owned(), ty))
            .collect(),
    );
    prop_oneof![3 => values(object).prop_map(|value| Some(pack(&value))), 1 => dynamic()]
}

fn type_name() -> impl Strategy<Value = String> {
    let known = prop_oneof![Just("toy_thing"), Just("toy_echo"), Just("toy_lookup"), Just("toy_token")];
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => "\\PC{0,8}"]
}

fn identity() -> impl Strategy<Value = Option<pb::ResourceIdentityData>> {
    prop::option::of(dynamic().prop_map(|identity_data| pb::ResourceIdentityData { identity_data }))
}

fn number() -> impl Strategy<Value = Raw> {
    prop_oneof![
        any::<i64>().prop_map(|n| Raw::Number(Number::from(n))),
        "-?[1-9][0-9]{0,40}\\.[0-9]{0,40}[1-9]".prop_map(|text| Raw::Number(Number::parse(&text).unwrap())),
        "-?[1-9][0-9]{19,60}".prop_map(|text| Raw::Number(Number::parse(&text).unwrap())),
    ]
}

/// Any value of a type: nulls and unknowns, plain and refined, anywhere.
pub(crate) fn values(ty: Type) -> BoxedStrategy<Raw> {
    let known = match ty {
        Type::String => {
            "\\PC{0,12}".prop_map(|text| decode(&encode(&Raw::String(text)), &Type::String).unwrap()).boxed()
        }
        Type::Bool => any::<bool>().prop_map(Raw::Bool).boxed(),
        Type::Number => number().boxed(),
        Type::Dynamic => prop_oneof![
            number().prop_map(|value| Raw::Dynamic(Box::new((Type::Number, value)))),
            values(Type::map(Type::String)).prop_map(|value| match value {
                Raw::Unknown(_) => Raw::unknown(),
                value => Raw::Dynamic(Box::new((Type::map(Type::String), value))),
            }),
        ]
        .boxed(),
        Type::List(element) => vec(values(*element), 0..3).prop_map(Raw::List).boxed(),
        Type::Set(element) => vec(values(*element), 0..3).prop_map(Raw::set).boxed(),
        Type::Map(element) => btree_map("[a-z]{0,4}", values(*element), 0..3).prop_map(Raw::Map).boxed(),
        Type::Object(attributes) => return objects(attributes.into_iter().collect()),
        Type::Tuple(elements) => {
            elements.into_iter().map(values).collect::<Vec<_>>().prop_map(Raw::List).boxed()
        }
    };
    let refined = Just(Raw::Unknown(Refinement::from_body(b"\x81\x01\xc2")));
    prop_oneof![2 => Just(Raw::Null), 1 => Just(Raw::unknown()), 1 => refined, 8 => known].boxed()
}

fn objects(attributes: Vec<(String, Type)>) -> BoxedStrategy<Raw> {
    let entries =
        attributes.into_iter().map(|(name, ty)| values(ty).prop_map(move |value| (name.clone(), value)));
    entries.collect::<Vec<_>>().prop_map(|entries| Raw::Map(entries.into_iter().collect())).boxed()
}

/// A configuration of an echo: an object whose nested elements are neither null nor unknown as elements.
fn echo() -> impl Strategy<Value = Raw> {
    values(toy::echo::schema().ty())
        .prop_filter("a configuration is an object", |value| value.entries().is_some())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_request_about_a_resource_gets_a_status(
        type_name in type_name(),
        (one, two, three) in (dynamic(), dynamic(), dynamic()),
        identity in identity(),
        private in vec(any::<u8>(), 0..8),
        version in -1_i64..3,
        json in prop_oneof![vec(any::<u8>(), 0..20), Just(br#"{"name": 1, "members": [{}], "size": {}}"#.to_vec())],
    ) {
        let (runtime, bench) = shared();
        let raw = Some(pb::RawState { json, ..pb::RawState::default() });
        runtime.block_on(async {
            let mut wire = bench.wire();
            wire.validate_resource_config(pb::validate_resource_config::Request {
                type_name: type_name.clone(), config: one.clone(), client_capabilities: None,
            }).await.unwrap();
            wire.plan_resource_change(pb::plan_resource_change::Request {
                type_name: type_name.clone(),
                prior_state: one.clone(),
                proposed_new_state: two.clone(),
                config: three.clone(),
                prior_private: private.clone(),
                prior_identity: identity.clone(),
                ..pb::plan_resource_change::Request::default()
            }).await.unwrap();
            wire.apply_resource_change(pb::apply_resource_change::Request {
                type_name: type_name.clone(),
                prior_state: one.clone(),
                planned_state: two.clone(),
                config: three.clone(),
                planned_private: private.clone(),
                planned_identity: identity.clone(),
                ..pb::apply_resource_change::Request::default()
            }).await.unwrap();
            wire.read_resource(pb::read_resource::Request {
                type_name: type_name.clone(),
                current_state: one.clone(),
                private,
                current_identity: identity.clone(),
                ..pb::read_resource::Request::default()
            }).await.unwrap();
            wire.import_resource_state(pb::import_resource_state::Request {
                type_name: type_name.clone(), id: String::new(), identity, client_capabilities: None,
            }).await.unwrap();
            wire.generate_resource_config(pb::generate_resource_config::Request {
                type_name: type_name.clone(), state: one,
            }).await.unwrap();
            wire.upgrade_resource_state(pb::upgrade_resource_state::Request {
                type_name: type_name.clone(), version, raw_state: raw.clone(),
            }).await.unwrap();
            wire.upgrade_resource_identity(pb::upgrade_resource_identity::Request {
                type_name: type_name.clone(), version, raw_identity: raw.clone(),
            }).await.unwrap();
            wire.move_resource_state(pb::move_resource_state::Request {
                source_type_name: "other_thing".to_owned(),
                target_type_name: type_name,
                source_state: raw,
                ..pb::move_resource_state::Request::default()
            }).await.unwrap();
        });
    }

    #[test]
    fn no_request_about_anything_else_gets_a_status(
        type_name in type_name(),
        config in dynamic(),
        private in prop::option::of(vec(any::<u8>(), 0..8)),
        arguments in vec(dynamic().prop_map(Option::unwrap_or_default), 0..4),
    ) {
        let (runtime, bench) = shared();
        runtime.block_on(async {
            let mut wire = bench.wire();
            wire.validate_provider_config(pb::validate_provider_config::Request { config: config.clone() })
                .await.unwrap();
            wire.validate_data_resource_config(pb::validate_data_resource_config::Request {
                type_name: type_name.clone(), config: config.clone(),
            }).await.unwrap();
            wire.read_data_source(pb::read_data_source::Request {
                type_name: type_name.clone(), config: config.clone(), ..pb::read_data_source::Request::default()
            }).await.unwrap();
            wire.validate_ephemeral_resource_config(pb::validate_ephemeral_resource_config::Request {
                type_name: type_name.clone(), config: config.clone(),
            }).await.unwrap();
            wire.open_ephemeral_resource(pb::open_ephemeral_resource::Request {
                type_name: type_name.clone(), config, client_capabilities: None,
            }).await.unwrap();
            wire.renew_ephemeral_resource(pb::renew_ephemeral_resource::Request {
                type_name: type_name.clone(), private: private.clone(),
            }).await.unwrap();
            wire.close_ephemeral_resource(pb::close_ephemeral_resource::Request { type_name, private })
                .await.unwrap();
            wire.call_function(pb::call_function::Request { name: "join".to_owned(), arguments })
                .await.unwrap();
        });
    }

    #[test]
    fn every_stream_comes_to_its_end(
        type_name in prop_oneof![8 => Just("toy_thing".to_owned()), 1 => type_name()],
        action_type in prop_oneof![8 => Just("toy_bell".to_owned()), 1 => type_name()],
        (search, ring) in (asked("count", "prefix"), asked("times", "behave")),
        objects in any::<bool>(),
    ) {
        let (runtime, bench) = shared();
        runtime.block_on(async {
            let mut wire = bench.wire();
            let mut events = wire.list_resource(pb::list_resource::Request {
                type_name: type_name.clone(), config: search.clone(), include_resource_object: objects, limit: 5,
            }).await.unwrap().into_inner();
            while events.message().await.unwrap().is_some() {}
            wire.validate_list_resource_config(pb::validate_list_resource_config::Request {
                type_name, config: search, ..pb::validate_list_resource_config::Request::default()
            }).await.unwrap();
            wire.validate_action_config(pb::validate_action_config::Request {
                type_name: action_type.clone(), config: ring.clone(),
            }).await.unwrap();
            wire.plan_action(pb::plan_action::Request {
                action_type: action_type.clone(), config: ring.clone(), client_capabilities: None,
            }).await.unwrap();
            let mut events = wire.invoke_action(pb::invoke_action::Request {
                action_type, config: ring, client_capabilities: None,
            }).await.unwrap().into_inner();
            let mut last = None;
            while let Some(event) = events.message().await.unwrap() {
                last = event.r#type;
            }
            assert!(matches!(last, Some(pb::invoke_action::event::Type::Completed(_))), "{last:?}");
        });
    }

    #[test]
    fn a_create_plans_its_configuration_to_the_byte(config in echo()) {
        let (runtime, bench) = shared();
        let plan = runtime.block_on(bench.plan(&Instance::new("toy_echo"), &config)).unwrap();
        // A null element is refused by validation.
        if !has_error(&plan.diagnostics) {
            prop_assert!(plan.is_good(), "{:?}", plan.faults);
            prop_assert_eq!(pack(&plan.planned).encode_to_vec(), pack(&config).encode_to_vec());
        }
    }

    #[test]
    fn an_apply_is_followed_by_an_empty_plan(first in echo(), second in echo()) {
        let (runtime, bench) = shared();
        runtime.block_on(async {
            let mut echo = Instance::new("toy_echo");
            for config in [first, second] {
                let known = config.clone().unknown_as_null();
                let plan = bench.plan(&echo, &known).await.unwrap();
                if has_error(&plan.diagnostics) {
                    continue;
                }
                prop_assert!(plan.is_good(), "{:?}", plan.faults);
                let applied = bench.apply(&mut echo, &plan, &known).await.unwrap();
                prop_assert!(applied.is_good(), "{:?}", applied);
                let before = pack(echo.object());
                prop_assert!(bench.refresh(&mut echo).await.unwrap().is_good());
                prop_assert_eq!(pack(echo.object()), before.clone());
                let plan = bench.plan(&echo, &known).await.unwrap();
                prop_assert_eq!(pack(&plan.planned), before);
            }
            Ok(())
        })?;
    }
}

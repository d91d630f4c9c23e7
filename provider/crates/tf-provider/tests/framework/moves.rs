//! Objects that come from another type, and configurations that come from a state.

use testkit::protocol_client::in_words;
use testkit::protocol_client_instance::{Action, Instance, StoredObject};
use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;

use crate::{bench, number, object, text, told};

fn ask(source: &str, json: &str) -> pb::move_resource_state::Request {
    let raw = |json: &str| Some(pb::RawState { json: json.as_bytes().to_vec(), ..pb::RawState::default() });
    pb::move_resource_state::Request {
        source_provider_address: "registry.terraform.io/acme/other".to_owned(),
        source_type_name: source.to_owned(),
        source_schema_version: 3,
        source_state: raw(json),
        target_type_name: "toy_thing".to_owned(),
        source_private: b"before".to_vec(),
        source_identity: raw(r#"{"name": "n"}"#),
        ..pb::move_resource_state::Request::default()
    }
}

#[tokio::test]
async fn another_type_is_moved_here_with_defaults_identity_and_private_bytes() {
    let bench = bench().await;
    let request = ask("other_thing", r#"{"id": "i", "label": "l", "more": [1]}"#);
    let (thing, applied) = bench.move_here(request).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
    // Nothing is unknown and no secret came along, which the client checks.
    let given = object([("id", text("i")), ("name", text("l")), ("size", number(1))]);
    assert_eq!(thing.object(), &bench.resource("toy_thing").unwrap().object(given).unwrap());
    let stored = thing.stored.unwrap();
    assert_eq!(stored.private, b"moved before with identity");
    assert!(stored.identity.is_some());
}

#[tokio::test]
async fn a_move_needs_no_configured_provider() {
    let client = testkit::protocol_client::ProtocolClient::start(crate::Toy::default()).await.unwrap();
    let (thing, applied) =
        client.move_here(ask("other_thing", r#"{"id": "i", "label": "l"}"#)).await.unwrap();
    assert_eq!((told(&applied), thing.object().get("id")), (vec![], &text("i")));
}

#[tokio::test]
async fn a_source_without_identity_is_moved_too() {
    let bench = bench().await;
    let request = pb::move_resource_state::Request {
        source_identity: None,
        ..ask("other_thing", r#"{"id": "i", "label": "l"}"#)
    };
    let (thing, applied) = bench.move_here(request).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
    assert_eq!(thing.stored.unwrap().private, b"moved before with nothing");
}

#[tokio::test]
async fn what_cannot_be_moved_is_refused_with_a_way_out() {
    let bench = bench().await;
    for (request, want) in [
        (ask("stranger", "{}"), "error: Resource cannot be moved to this type"),
        (ask("other_thing", r#"{"label": ["l"]}"#), "error: Stored state cannot be read"),
        (ask("other_thing", "{"), "error: Stored state cannot be read"),
        (
            pb::move_resource_state::Request {
                target_type_name: "toy_nothing".to_owned(),
                ..ask("stranger", "{}")
            },
            "error: Provider has no such resource",
        ),
        (
            pb::move_resource_state::Request {
                target_type_name: "toy_echo".to_owned(),
                ..ask("stranger", "{}")
            },
            "error: Provider returned no object",
        ),
    ] {
        let response = bench.wire().move_resource_state(request).await.unwrap().into_inner();
        assert_eq!(in_words(&response.diagnostics), [want]);
        assert_eq!(response.target_state, None);
    }
}

/// A thing as it might be stored.
async fn stored(bench: &crate::Bench, given: Raw) -> Instance {
    let mut thing = bench.thing([]).await;
    let object = bench.resource("toy_thing").unwrap().object(given).unwrap();
    let before = thing.stored.unwrap();
    thing.stored = Some(StoredObject { object, ..before });
    thing
}

#[tokio::test]
async fn a_generated_configuration_plans_nothing() {
    let bench = bench().await;
    let members = object([("m", object([("zone", text("z")), ("weight", number(3))]))]);
    let thing = bench.thing([("notes", text("n")), ("members", members)]).await;
    let (config, applied) = bench.generate_config(&thing).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
    assert_eq!((config.get("size"), config.get("id")), (&Raw::Null, &Raw::Null));
    let plan = bench.plan(&thing, &config).await.unwrap();
    assert_eq!((plan.action, in_words(&plan.diagnostics)), (Action::NoOp, vec![]));
}

#[tokio::test]
async fn a_resource_leaves_out_of_a_generated_configuration_what_excludes_each_other() {
    let bench = bench().await;
    let given = object([("name", text("t")), ("notes", text("n")), ("old", text("o"))]);
    let thing = stored(&bench, given).await;
    let (config, applied) = bench.generate_config(&thing).await.unwrap();
    assert_eq!((told(&applied), config.get("notes"), config.get("old")), (vec![], &text("n"), &Raw::Null));
}

#[tokio::test]
async fn a_resource_cannot_generate_what_nobody_may_write() {
    let bench = bench().await;
    let given = object([("name", text("t")), ("behave", text("generate_computed"))]);
    let thing = stored(&bench, given).await;
    let (_, applied) = bench.generate_config(&thing).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
}

#[tokio::test]
async fn a_configuration_of_nothing_is_refused() {
    let bench = bench().await;
    let request = pb::generate_resource_config::Request {
        type_name: "toy_thing".to_owned(),
        ..pb::generate_resource_config::Request::default()
    };
    let response = bench.wire().generate_resource_config(request).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), ["error: Request cannot be read"]);
}

//! Reads, imports, upgrades: what comes out of a state or out of the world.

use testkit::protocol_client::{in_words, pack, unpack};
use testkit::protocol_client_instance::Action;
use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;

use crate::{bench, number, object, text, told};

fn raw_state(json: &str) -> pb::RawState {
    pb::RawState { json: json.as_bytes().to_vec(), ..pb::RawState::default() }
}

#[tokio::test]
async fn a_read_keeps_private_bytes_and_identity_and_notices_what_is_gone() {
    let bench = bench().await;
    let mut thing = bench.thing([]).await;
    let before = thing.clone();
    assert_eq!(told(&bench.refresh(&mut thing).await.unwrap()), [""; 0]);
    assert_eq!(thing, before);
    let mut copy = thing.clone();
    assert_eq!(told(&bench.destroy(&mut copy).await.unwrap()), [""; 0]);
    assert_eq!(told(&bench.refresh(&mut thing).await.unwrap()), [""; 0]);
    assert_eq!(thing.stored, None);
}

#[tokio::test]
async fn a_read_fills_in_a_missing_identity() {
    let bench = bench().await;
    let mut thing = bench.thing([]).await;
    let identity = thing.stored.as_mut().unwrap().identity.take();
    assert_eq!(told(&bench.refresh(&mut thing).await.unwrap()), [""; 0]);
    assert_eq!((identity.is_some(), thing.stored.unwrap().identity), (true, identity));
}

#[tokio::test]
async fn a_read_that_changes_nothing_writes_numbers_in_digits_too() {
    let bench = bench().await;
    let stored = bench.resource("toy_echo").unwrap().object(object([("number", number(7))])).unwrap();
    let digits = pack(&stored);
    let at = digits.msgpack.windows(2).position(|bytes| bytes == [0xa1, b'7']).unwrap();
    let mut integer = digits.clone();
    integer.msgpack.splice(at..at + 2, [7]);
    assert_eq!(unpack(Some(&integer), &crate::toy::echo::schema().ty()).unwrap(), stored);
    let request = pb::read_resource::Request {
        type_name: "toy_echo".to_owned(),
        current_state: Some(integer),
        ..pb::read_resource::Request::default()
    };
    let response = bench.wire().read_resource(request).await.unwrap().into_inner();
    assert_eq!(response.new_state, Some(digits));
}

#[tokio::test]
async fn a_failed_read_changes_nothing() {
    let bench = bench().await;
    let mut thing = bench.thing([("behave", text("read_fails"))]).await;
    let stored = thing.stored.clone().unwrap();
    let request = pb::read_resource::Request {
        type_name: "toy_thing".to_owned(),
        current_state: Some(pack(&stored.object)),
        private: stored.private.clone(),
        current_identity: stored.identity.clone(),
        ..pb::read_resource::Request::default()
    };
    let response = bench.wire().read_resource(request).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), ["error: Cannot read"]);
    assert_eq!(response.new_state, Some(pack(&stored.object)));
    assert_eq!((response.private, response.new_identity), (stored.private.clone(), stored.identity.clone()));
    assert_eq!(told(&bench.refresh(&mut thing).await.unwrap()), ["error: Cannot read"]);
    assert_eq!(thing.stored, Some(stored));
}

#[tokio::test]
async fn a_read_leaves_nothing_unknown_and_no_secret() {
    let bench = bench().await;
    let mut thing = bench.thing([("behave", text("read_unknown")), ("notes", text("n"))]).await;
    let read = told(&bench.refresh(&mut thing).await.unwrap());
    assert_eq!(read, ["error: notes: Provider left a value unknown"]);
    let mut thing = bench.thing([("behave", text("read_secret"))]).await;
    assert_eq!(told(&bench.refresh(&mut thing).await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn an_import_equals_what_was_created_and_plans_nothing() {
    let bench = bench().await;
    let mut made = bench.thing([("notes", text("n"))]).await;
    let identity = object([("id", text("id-of-t"))]);
    let imports = [
        bench.import("toy_thing", "id-of-t").await.unwrap(),
        bench.import_by_identity("toy_thing", &identity).await.unwrap(),
    ];
    for (imported, applied) in imports {
        assert_eq!(told(&applied), [""; 0]);
        assert_eq!(imported.object(), made.object());
        let plan = bench.plan_thing(&imported, [("notes", text("n"))]).await;
        assert_eq!((plan.action, told(&applied)), (Action::NoOp, vec![]));
    }
    assert_eq!(told(&bench.destroy(&mut made).await.unwrap()), [""; 0]);
    let (gone, applied) = bench.import("toy_thing", "id-of-t").await.unwrap();
    assert_eq!((gone.stored, told(&applied).len()), (None, 1));
}

#[tokio::test]
async fn an_import_fills_in_defaults_and_drops_secrets() {
    let bench = bench().await;
    let request = pb::import_resource_state::Request {
        type_name: "toy_thing".to_owned(),
        id: "some-id".to_owned(),
        ..pb::import_resource_state::Request::default()
    };
    let response = bench.wire().import_resource_state(request).await.unwrap().into_inner();
    let [imported] = response.imported_resources.as_slice() else { panic!("{response:?}") };
    let schema = bench.resource("toy_thing").unwrap();
    let want = schema.object(object([("id", text("some-id")), ("size", number(1))])).unwrap();
    assert_eq!(unpack(imported.state.as_ref(), &schema.ty()).unwrap(), want);
    let request = pb::import_resource_state::Request {
        type_name: "toy_thing".to_owned(),
        ..pb::import_resource_state::Request::default()
    };
    let response = bench.wire().import_resource_state(request).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), ["error: Import needs an id"]);
}

#[tokio::test]
async fn a_stored_state_is_brought_into_the_present_shape() {
    let bench = bench().await;
    let schema = bench.resource("toy_thing").unwrap();
    let ask = |version, json| pb::upgrade_resource_state::Request {
        type_name: "toy_thing".to_owned(),
        version,
        raw_state: Some(raw_state(json)),
    };
    let mut wire = bench.wire();
    let exact = Raw::Number(tf_value::number::Number::parse("0.1000000000000000000000000001").unwrap());
    let want = object([("name", text("t")), ("ratio", exact)]);
    let want = pack(&schema.object(want).unwrap());
    for (version, json) in [
        (1, r#"{"name": "t", "ratio": 0.1000000000000000000000000001, "gone": [1], "secret": "s"}"#),
        (0, r#"{"title": "t", "ratio": 0.1000000000000000000000000001}"#),
    ] {
        let response = wire.upgrade_resource_state(ask(version, json)).await.unwrap().into_inner();
        assert_eq!(in_words(&response.diagnostics), [""; 0]);
        assert_eq!(response.upgraded_state.as_ref(), Some(&want), "version {version}");
    }
    for (version, json, want) in [
        (2, r#"{"name": "t"}"#, "error: Stored state is newer than the provider"),
        (-1, r#"{"name": "t"}"#, "error: Stored state is newer than the provider"),
        (1, "{", "error: Stored state cannot be read"),
        (1, "null", "error: Stored state cannot be read"),
        (1, "", "error: Stored state cannot be read"),
        (1, r#"{"name": ["t"]}"#, "error: Stored state cannot be read"),
    ] {
        let response = wire.upgrade_resource_state(ask(version, json)).await.unwrap().into_inner();
        assert_eq!(in_words(&response.diagnostics), [want], "{json}");
    }
    let flatmap = pb::upgrade_resource_state::Request {
        raw_state: Some(pb::RawState { json: vec![], flatmap: [("name".into(), "t".into())].into() }),
        ..ask(1, "")
    };
    let response = wire.upgrade_resource_state(flatmap).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), ["error: Stored state is too old"]);
}

#[tokio::test]
async fn a_stored_identity_is_read_even_if_there_was_none() {
    let bench = bench().await;
    let ask = |type_name: &str, version, json| pb::upgrade_resource_identity::Request {
        type_name: type_name.to_owned(),
        version,
        raw_identity: Some(raw_state(json)),
    };
    let mut wire = bench.wire();
    for (version, json, id) in [
        (1, r#"{"id": "a", "more": 1}"#, object([("id", text("a"))])),
        (0, r#"{"key": "a"}"#, object([("id", text("a"))])),
        (0, "", Raw::Null),
    ] {
        let response =
            wire.upgrade_resource_identity(ask("toy_thing", version, json)).await.unwrap().into_inner();
        assert_eq!(response.upgraded_identity.unwrap().identity_data, Some(pack(&id)));
    }
    for (type_name, version, want) in [
        ("toy_thing", 2, "error: Stored identity is newer than the provider"),
        ("toy_thing", -1, "error: Stored identity is newer than the provider"),
        ("toy_echo", 0, "error: Resource has no identity"),
    ] {
        let response =
            wire.upgrade_resource_identity(ask(type_name, version, "{}")).await.unwrap().into_inner();
        assert_eq!(in_words(&response.diagnostics), [want]);
    }
    for json in ["{", r#"{"id": ["a"]}"#] {
        let response = wire.upgrade_resource_identity(ask("toy_thing", 1, json)).await.unwrap().into_inner();
        assert_eq!(in_words(&response.diagnostics), ["error: Stored identity cannot be read"], "{json}");
    }
}

//! Configurations: all problems at once, none about what is not known yet.

use testkit::protocol_client::{in_words, pack};
use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;

use crate::{bench, number, object, text, thing_with};

async fn said(config: Raw) -> Vec<String> {
    let bench = bench().await;
    let config = bench.resource("toy_thing").unwrap().object(config).unwrap();
    in_words(&bench.validate("toy_thing", &config).await.unwrap())
}

#[tokio::test]
async fn all_problems_are_found_with_their_places() {
    let member = |entries| object::<1>([("m", entries)]);
    let config = object([
        ("id", text("mine")),
        ("members", member(object([("weight", number(1)), ("address", text("a"))]))),
        ("old", text("x")),
    ]);
    assert_eq!(
        said(config).await,
        [
            "error: name: Required attribute has no value",
            "error: members[\"m\"].zone: Required attribute has no value",
            "error: members[\"m\"].address: Attribute cannot be configured",
            "error: id: Attribute cannot be configured",
            "warning: old: Attribute is deprecated",
        ]
    );
}

#[tokio::test]
async fn nothing_is_said_of_what_is_unknown() {
    let members = object([("m", object([("zone", Raw::unknown())])), ("n", Raw::unknown())]);
    let config = object([
        ("name", Raw::unknown()),
        ("id", Raw::unknown()),
        ("members", members),
        ("labels", Raw::set(vec![Raw::unknown(); 4])),
    ]);
    assert_eq!(said(config).await, [""; 0]);
}

#[tokio::test]
async fn a_check_of_one_value_says_where() {
    let labels = Raw::set(["a", "b", "c", "d"].map(text).into());
    let config = thing_with([("name", text("longer than twenty characters")), ("labels", labels)]);
    assert_eq!(said(config).await, ["error: name: Name is too long", "error: labels: Too many labels"]);
}

#[tokio::test]
async fn keys_are_checked_as_soon_as_they_are_known() {
    let members = object([("much too long", object([("zone", Raw::unknown())])), ("n", Raw::unknown())]);
    assert_eq!(said(thing_with([("members", members)])).await, ["error: members: Key is too long"]);
}

#[tokio::test]
async fn a_null_element_is_refused() {
    let config = thing_with([("members", object([("m", Raw::Null)]))]);
    assert_eq!(said(config).await, ["error: members[\"m\"]: Element is null"]);
}

#[tokio::test]
async fn a_resource_checks_more_than_one_attribute() {
    let config = thing_with([("notes", text("t"))]);
    assert_eq!(said(config).await, ["error: notes: Notes repeat the name"]);
}

#[tokio::test]
async fn a_value_that_the_model_cannot_read_is_an_error() {
    let config = thing_with([("size", Raw::Number(tf_value::number::Number::parse("1.5").unwrap()))]);
    let bench = bench().await;
    let config = bench.resource("toy_thing").unwrap().object(config).unwrap();
    let said = bench.validate("toy_thing", &config).await.unwrap();
    assert_eq!(in_words(&said), ["error: Value cannot be used"]);
    // It may be sensitive.
    assert!(!said[0].detail.contains("1.5"), "{}", said[0].detail);
}

#[tokio::test]
async fn a_panic_is_an_error() {
    assert_eq!(said(thing_with([("behave", text("panic_in_validate"))])).await, ["error: Provider crashed"]);
}

#[tokio::test]
async fn a_write_only_value_needs_a_client_that_does_not_store_it() {
    let bench = bench().await;
    let members = object([("m", object([("zone", text("z")), ("pin", text("1"))]))]);
    let config = thing_with([("secret", text("s")), ("members", members)]);
    let config = bench.resource("toy_thing").unwrap().object(config).unwrap();
    let request = pb::validate_resource_config::Request {
        type_name: "toy_thing".to_owned(),
        config: Some(pack(&config)),
        client_capabilities: None,
    };
    let response = bench.wire().validate_resource_config(request).await.unwrap().into_inner();
    assert_eq!(
        in_words(&response.diagnostics),
        [
            "error: members[\"m\"].pin: Write-only attribute is not supported here",
            "error: secret: Write-only attribute is not supported here",
        ]
    );
    assert_eq!(in_words(&bench.validate("toy_thing", &config).await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn an_unknown_type_and_malformed_bytes_are_errors() {
    let bench = bench().await;
    let ask = |type_name: &str, msgpack: Vec<u8>| pb::validate_resource_config::Request {
        type_name: type_name.to_owned(),
        config: Some(pb::DynamicValue { msgpack, json: Vec::new() }),
        client_capabilities: None,
    };
    let mut wire = bench.wire();
    let response = wire.validate_resource_config(ask("toy_nothing", vec![0xc0])).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), ["error: Provider has no such resource"]);
    let response = wire.validate_resource_config(ask("toy_thing", vec![0x81])).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), ["error: Request cannot be read"]);
}

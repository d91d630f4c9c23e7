//! Queries: each event whole, no more than were asked for, and an end whatever happens.

use testkit::protocol_client::{in_words, pack};
use testkit::protocol_client_list::Queried;
use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;

use crate::{Bench, bench, number, object, text};

async fn query(bench: &Bench, count: i64, behave: &str, objects: bool, limit: i64) -> Queried {
    let config = object([("count", number(count)), ("behave", text(behave))]);
    bench.query("toy_thing", config, objects, limit).await.unwrap()
}

#[tokio::test]
async fn what_exists_is_listed_with_identities() {
    let queried = query(&bench().await, 3, "", false, 100).await;
    assert_eq!((queried.told(), queried.names()), (vec![], vec!["t0", "t1", "t2"]));
    assert_eq!(queried.found[2].identity, object([("id", text("t2"))]));
}

#[tokio::test]
async fn whole_objects_come_only_when_asked_for_and_without_secrets() {
    let bench = bench().await;
    let queried = query(&bench, 2, "", true, 100).await;
    assert_eq!(queried.told(), [""; 0]);
    // As an import would store it, defaults included.
    let given = object([("id", text("t1")), ("name", text("t1")), ("size", number(1))]);
    let want = bench.resource("toy_thing").unwrap().object(given).unwrap();
    assert_eq!(queried.found[1].object.as_ref(), Some(&want));
    assert_eq!(query(&bench, 2, "", false, 100).await.told(), [""; 0]);
}

#[tokio::test]
async fn no_more_are_listed_than_asked_for() {
    let bench = bench().await;
    for behave in ["", "never_enough"] {
        let queried = query(&bench, 1_000_000, behave, false, 3).await;
        assert_eq!((queried.told(), queried.found.len()), (vec![], 3), "{behave}");
    }
}

#[tokio::test]
async fn without_a_limit_all_are_listed() {
    let queried = query(&bench().await, 150, "", false, 0).await;
    assert_eq!((queried.told(), queried.found.len()), (vec![], 150));
}

#[tokio::test]
async fn an_object_without_what_it_must_have_is_a_fault_of_the_provider() {
    let bench = bench().await;
    let lost = "error: Provider listed an object without its identity";
    for (behave, want) in [
        ("no_identity", lost),
        ("unknown_identity", lost),
        ("no_object", "error: Provider listed less than was asked for"),
    ] {
        let queried = query(&bench, 3, behave, true, 100).await;
        assert_eq!((queried.told(), queried.names()), (vec![want.to_owned()], vec!["t0"]), "{behave}");
    }
    assert_eq!(query(&bench, 3, "no_object", false, 100).await.found.len(), 3);
}

#[tokio::test]
async fn an_error_ends_a_query_and_a_warning_does_not() {
    let bench = bench().await;
    let queried = query(&bench, 3, "error", false, 100).await;
    assert_eq!((queried.told(), queried.names()), (vec!["error: Cannot look".to_owned()], vec!["t0"]));
    let queried = query(&bench, 3, "warning", false, 100).await;
    assert_eq!((queried.told(), queried.found.len()), (vec!["warning: It is dim".to_owned()], 3));
}

#[tokio::test]
async fn a_panic_ends_a_query_with_an_error() {
    let queried = query(&bench().await, 3, "panic", false, 100).await;
    assert_eq!((queried.told(), queried.names()), (vec!["error: Provider crashed".to_owned()], vec!["t0"]));
}

#[tokio::test]
async fn a_query_is_checked_by_its_schema_and_its_resource() {
    let bench = bench().await;
    let config = object([("prefix", text("p"))]);
    let queried = bench.query("toy_thing", config, false, 1).await.unwrap();
    assert_eq!(queried.told(), ["error: count: Required attribute has no value"]);
    assert_eq!(query(&bench, -1, "", false, 1).await.told(), ["error: count: Count is negative"]);
}

#[tokio::test]
async fn a_query_of_another_type_or_without_a_configuration_is_an_error() {
    let bench = bench().await;
    for (type_name, want) in [
        ("toy_echo", "error: Provider has no such list resource"),
        ("toy_thing", "error: Request cannot be read"),
    ] {
        let request = pb::list_resource::Request { type_name: type_name.to_owned(), ..Default::default() };
        let mut events = bench.wire().list_resource(request).await.unwrap().into_inner();
        let event = events.message().await.unwrap().unwrap();
        assert_eq!(in_words(&event.diagnostic), [want]);
        assert_eq!(events.message().await.unwrap(), None);
    }
    let request = pb::validate_list_resource_config::Request {
        type_name: "toy_echo".to_owned(),
        ..pb::validate_list_resource_config::Request::default()
    };
    let said = bench.wire().validate_list_resource_config(request).await.unwrap().into_inner().diagnostics;
    assert_eq!(in_words(&said), ["error: Provider has no such list resource"]);
}

/// A query whose first object has come and whose second is being waited for.
async fn begun(bench: &Bench, behave: &str) -> tonic::Streaming<pb::list_resource::Event> {
    let given = object([("count", number(3)), ("behave", text(behave)), ("prefix", Raw::Null)]);
    let request = pb::list_resource::Request {
        type_name: "toy_thing".to_owned(),
        config: Some(pack(&given)),
        ..pb::list_resource::Request::default()
    };
    let mut events = bench.wire().list_resource(request).await.unwrap().into_inner();
    assert_eq!(events.message().await.unwrap().unwrap().display_name, "t0");
    events
}

#[tokio::test]
async fn a_stop_reaches_a_query() {
    let bench = bench().await;
    let mut events = begun(&bench, "wait_for_stop").await;
    bench.stop().await.unwrap();
    let event = events.message().await.unwrap().unwrap();
    assert_eq!(in_words(&event.diagnostic), ["error: Interrupted"]);
    assert_eq!(events.message().await.unwrap(), None);
}

#[tokio::test]
async fn a_query_ends_when_nobody_listens_any_more() {
    let bench = bench().await;
    let events = begun(&bench, "wait_for_ever").await;
    // It must have come to the place where it waits for ever.
    bench.kept("list-waits").await;
    drop(events);
    bench.kept("list-dropped").await;
}

//! Applies: nothing that was made is lost, whatever the handler does.

use std::time::Duration;

use testkit::protocol_client::{in_words, pack};
use testkit::protocol_client_instance::{Action, Instance};
use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;

use crate::{Bench, bench, number, object, text, thing_with, told};

/// A thing whose create behaves in a certain way, and what was told.
async fn created(bench: &Bench, behave: &str) -> (Instance, Vec<String>) {
    let mut thing = Instance::new("toy_thing");
    let config = thing_with([("behave", text(behave)), ("notes", text("n")), ("secret", text("s"))]);
    let (_, applied) = bench.converge(&mut thing, &config).await.unwrap();
    (thing, told(&applied))
}

/// A thing that exists and whose update behaves in a certain way, before and after it, and what was told.
async fn updated(bench: &Bench, behave: &str) -> (Instance, Instance, Vec<String>) {
    let before = bench.thing([("notes", text("n"))]).await;
    let mut thing = before.clone();
    let config = thing_with([("behave", text(behave)), ("notes", text("m"))]);
    let (_, applied) = bench.converge(&mut thing, &config).await.unwrap();
    (before, thing, told(&applied))
}

#[tokio::test]
async fn create_update_and_destroy_leave_nothing_to_plan_and_nothing_behind() {
    let bench = bench().await;
    let mut thing = bench.thing([("size", number(2))]).await;
    assert_eq!(thing.stored.as_ref().unwrap().private, b"applied after create");
    for size in [2, 3, 3] {
        let (_, applied) = bench.converge(&mut thing, &thing_with([("size", number(size))])).await.unwrap();
        assert_eq!(told(&applied), [""; 0]);
        assert_eq!(bench.plan_thing(&thing, [("size", number(size))]).await.action, Action::NoOp);
    }
    assert_eq!(thing.object().get("revision"), &number(2));
    assert_eq!(thing.stored.as_ref().unwrap().private, b"applied after update");
    assert_eq!(told(&bench.destroy(&mut thing).await.unwrap()), [""; 0]);
    assert_eq!(thing.stored, None);
}

#[tokio::test]
async fn a_panic_after_save_keeps_what_was_saved() {
    let bench = bench().await;
    let (thing, told) = created(&bench, "panic_after_save").await;
    assert_eq!(told, ["error: Provider crashed"]);
    let stored = thing.stored.unwrap();
    assert_eq!((stored.object.get("id"), stored.object.get("notes")), (&text("id-of-t"), &Raw::Null));
    let identity = pb::ResourceIdentityData { identity_data: Some(pack(&object([("id", text("id-of-t"))]))) };
    assert_eq!((stored.tainted, stored.private.as_slice()), (true, b"create".as_slice()));
    assert_eq!(stored.identity, Some(identity));
}

#[tokio::test]
async fn a_panic_before_anything_was_saved_stores_nothing_and_changes_nothing() {
    let bench = bench().await;
    let (thing, told) = created(&bench, "panic_before_save").await;
    assert_eq!((thing.stored, told), (None, vec!["error: Provider crashed".to_owned()]));
    let (before, after, told) = updated(&bench, "panic_before_save").await;
    assert_eq!((before, told), (after, vec!["error: Provider crashed".to_owned()]));
}

#[tokio::test]
async fn a_panic_in_the_identity_of_what_was_made_keeps_it() {
    let bench = bench().await;
    let (thing, told) = created(&bench, "panic_in_identity").await;
    assert_eq!(
        (told, thing.object().get("id")),
        (vec!["error: Provider crashed".to_owned()], &text("id-of-t"))
    );
    let (before, after, told) = updated(&bench, "panic_in_identity").await;
    assert_eq!((told, after.object().get("notes")), (vec!["error: Provider crashed".to_owned()], &text("m")));
    assert_eq!(after.stored.unwrap().identity, before.stored.unwrap().identity);
}

#[tokio::test]
async fn a_panic_tells_its_fixed_text_and_never_a_formatted_one() {
    let bench = bench().await;
    for (behave, says) in [("panic_before_save", true), ("panic_after_save", false)] {
        let mut thing = Instance::new("toy_thing");
        let config = thing_with([("behave", text(behave))]);
        let (_, applied) = bench.converge(&mut thing, &config).await.unwrap();
        let detail = &applied.diagnostics[0].detail;
        assert_eq!(detail.contains("before anything was made"), says, "{detail}");
        assert!(!detail.contains("id-of-t"), "{detail}");
    }
}

#[tokio::test]
async fn a_refused_create_stores_nothing() {
    let bench = bench().await;
    let (thing, told) = created(&bench, "refuse").await;
    assert_eq!((thing.stored, told), (None, vec!["error: Refused".to_owned()]));
}

#[tokio::test]
async fn a_refused_update_keeps_what_was_stored_private_bytes_included() {
    let bench = bench().await;
    let (before, after, told) = updated(&bench, "refuse").await;
    assert_eq!((before, told), (after, vec!["error: Refused".to_owned()]));
}

#[tokio::test]
async fn a_refused_change_answers_with_what_it_was_given() {
    let bench = bench().await;
    let thing = bench.thing([]).await;
    let plan = bench.plan_thing(&thing, [("behave", text("refuse"))]).await;
    let request = pb::apply_resource_change::Request {
        type_name: "toy_thing".to_owned(),
        prior_state: Some(pack(thing.object())),
        planned_state: Some(pack(&plan.planned)),
        config: Some(pack(&plan.config)),
        planned_private: plan.private.clone(),
        planned_identity: plan.identity.clone(),
        ..pb::apply_resource_change::Request::default()
    };
    let response = bench.wire().apply_resource_change(request).await.unwrap().into_inner();
    assert_eq!(response.new_state, Some(pack(&Raw::Null)));
    assert_eq!((response.private, response.new_identity), (plan.private, plan.identity));
}

#[tokio::test]
async fn a_failure_with_a_state_stores_it_with_unknowns_as_null() {
    let bench = bench().await;
    let (thing, told) = created(&bench, "fail_with_state").await;
    assert_eq!(told, ["error: Half made"]);
    let stored = thing.stored.unwrap();
    assert_eq!((stored.tainted, stored.object.get("revision")), (true, &Raw::Null));
    assert_eq!(stored.private, b"applied after create");
    assert!(stored.identity.is_some());
    let (_, after, told) = updated(&bench, "fail_with_state").await;
    let stored = after.stored.unwrap();
    assert_eq!((told, stored.tainted), (vec!["error: Half made".to_owned()], false));
    assert_eq!(
        (stored.object.get("notes"), stored.private.as_slice()),
        (&text("m"), b"applied after update".as_slice())
    );
}

#[tokio::test]
async fn what_terraform_would_object_to_is_told_as_a_fault_and_stored() {
    let bench = bench().await;
    for (behave, want) in [
        ("leave_unknown", "error: color: Provider left a value unknown"),
        ("other_value", "error: notes: Provider made something other than planned"),
    ] {
        let (thing, told) = created(&bench, behave).await;
        assert_eq!(told, [want], "{behave}");
        assert!(thing.stored.unwrap().tainted, "{behave}");
    }
    let (thing, told) = created(&bench, "return_nothing").await;
    assert_eq!((thing.stored, told), (None, vec!["error: Provider returned nothing".to_owned()]));
}

#[tokio::test]
async fn a_leaked_secret_is_not_stored() {
    let bench = bench().await;
    let (thing, told) = created(&bench, "leak_secret").await;
    assert_eq!((told, thing.object().get("secret")), (vec![], &Raw::Null));
}

#[tokio::test]
async fn a_delete_that_fails_keeps_the_object() {
    let bench = bench().await;
    for (behave, want) in [
        ("refuse_delete", "error: Cannot delete"),
        ("panic_in_delete", "error: Provider crashed"),
        ("delete_leaves", "error: Provider returned an object after deleting it"),
    ] {
        let mut thing = bench.thing([("behave", text(behave)), ("name", text(behave))]).await;
        let before = thing.clone();
        assert_eq!(told(&bench.destroy(&mut thing).await.unwrap()), [want]);
        assert_eq!(thing.object(), before.object(), "{behave}");
        if behave != "delete_leaves" {
            assert_eq!(thing, before, "{behave}");
        }
    }
}

#[tokio::test]
async fn a_stop_reaches_a_handler_and_what_it_made_is_stored() {
    let bench = bench().await;
    let creating = created(&bench, "wait_for_stop");
    let stopping = async {
        // The create must be under way: a stop does not reach what begins after it.
        for _ in 0..20 {
            tokio::time::timeout(Duration::from_millis(50), std::future::pending::<()>()).await.unwrap_err();
            bench.stop().await.unwrap();
        }
    };
    let ((thing, told), ()) = tokio::join!(creating, stopping);
    assert_eq!((told, thing.object().get("id")), (vec!["error: Interrupted".to_owned()], &text("id-of-t")));
    bench.thing([("name", text("later"))]).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_cut_a_create() {
    let bench = bench().await;
    let plan = bench.plan_thing(&Instance::new("toy_thing"), [("behave", text("finish_after_stop"))]).await;
    let request = pb::apply_resource_change::Request {
        type_name: "toy_thing".to_owned(),
        prior_state: Some(pack(&Raw::Null)),
        planned_state: Some(pack(&plan.planned)),
        config: Some(pack(&plan.config)),
        ..pb::apply_resource_change::Request::default()
    };
    let mut wire = bench.wire();
    let call = wire.apply_resource_change(request);
    // The call has long begun when it is dropped, which resets its stream.
    tokio::time::timeout(Duration::from_millis(500), call).await.unwrap_err();
    assert_eq!(bench.import("toy_thing", "id-of-t").await.unwrap().0.stored, None);
    bench.stop().await.unwrap();
    let made = async {
        while bench.import("toy_thing", "id-of-t").await.unwrap().0.stored.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), made).await.unwrap();
}

#[tokio::test]
async fn an_apply_of_nothing_is_an_error_and_not_a_status() {
    let bench = bench().await;
    let request = pb::apply_resource_change::Request {
        type_name: "toy_thing".to_owned(),
        ..pb::apply_resource_change::Request::default()
    };
    let response = bench.wire().apply_resource_change(request).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), ["error: Request cannot be read"]);
}

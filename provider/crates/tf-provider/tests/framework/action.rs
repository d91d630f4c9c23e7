//! Actions: progress as it happens, and exactly one completion whatever happens.

use testkit::protocol_client::{CAPABILITIES, in_words, pack};
use tf_provider::proto::tfplugin6 as pb;
use tf_provider::proto::tfplugin6::invoke_action::event::Type;
use tf_value::raw::Raw;

use crate::{bench, number, object, text};

fn behave(behave: &str) -> Raw {
    object([("behave", text(behave))])
}

#[tokio::test]
async fn an_action_tells_how_it_gets_on_and_completes_once() {
    let bench = bench().await;
    let invoked = bench.invoke("toy_bell", object([("times", number(40))])).await.unwrap();
    let want: Vec<_> = (1..=40).map(|ring| format!("ring {ring}")).collect();
    assert_eq!((invoked.told(), invoked.progress), (vec!["warning: The bell is worn".to_owned()], want));
    // The default of an argument that is not set.
    assert_eq!(bench.invoke("toy_bell", object([])).await.unwrap().progress, ["ring 1"]);
}

#[tokio::test]
async fn a_failed_or_panicking_action_completes_with_an_error() {
    let bench = bench().await;
    for (how, want) in [("fail", "error: The bell broke"), ("panic", "error: Provider crashed")] {
        let invoked = bench.invoke("toy_bell", behave(how)).await.unwrap();
        assert_eq!(invoked.told(), [want]);
    }
}

#[tokio::test]
async fn progress_is_told_while_the_action_runs_and_a_stop_reaches_it() {
    let bench = bench().await;
    let mut events = bench.start_action("toy_bell", behave("wait_for_stop")).await.unwrap();
    let event = events.message().await.unwrap().unwrap();
    assert!(matches!(event.r#type, Some(Type::Progress(line)) if line.message == "ring 1"));
    bench.stop().await.unwrap();
    let event = events.message().await.unwrap().unwrap();
    let Some(Type::Completed(completed)) = event.r#type else { panic!("{event:?}") };
    assert_eq!(in_words(&completed.diagnostics), ["error: Interrupted"]);
}

#[tokio::test]
async fn an_action_goes_on_when_nobody_listens_any_more() {
    let bench = bench().await;
    let mut events = bench.start_action("toy_bell", behave("finish_late")).await.unwrap();
    events.message().await.unwrap().unwrap();
    drop(events);
    bench.kept("rung").await;
}

#[tokio::test]
async fn an_action_is_checked_and_planned_with_unknown_values() {
    let bench = bench().await;
    let loud = bench.plan_action("toy_bell", object([("times", number(101))]), CAPABILITIES).await.unwrap();
    assert_eq!(in_words(&loud.diagnostics), ["error: times: Too loud"]);
    let unknown = object([("times", Raw::unknown())]);
    let planned = bench.plan_action("toy_bell", unknown.clone(), CAPABILITIES).await.unwrap();
    assert_eq!(in_words(&planned.diagnostics), ["warning: Nobody knows how often"]);
    let invoked = bench.invoke("toy_bell", unknown).await.unwrap();
    assert_eq!(
        (invoked.told(), invoked.progress.len()),
        (vec!["error: Request cannot be read".to_owned()], 0)
    );
}

#[tokio::test]
async fn an_action_of_another_type_is_an_error_and_completes() {
    let bench = bench().await;
    let mut wire = bench.wire();
    let type_name = || "toy_gong".to_owned();
    let want = ["error: Provider has no such action"];
    let request = pb::validate_action_config::Request { type_name: type_name(), config: None };
    let said = wire.validate_action_config(request).await.unwrap().into_inner().diagnostics;
    assert_eq!(in_words(&said), want);
    let request = pb::plan_action::Request { action_type: type_name(), ..Default::default() };
    let said = wire.plan_action(request).await.unwrap().into_inner().diagnostics;
    assert_eq!(in_words(&said), want);
    let config = Some(pack(&Raw::Null));
    let request = pb::invoke_action::Request { action_type: type_name(), config, ..Default::default() };
    let mut events = wire.invoke_action(request).await.unwrap().into_inner();
    let event = events.message().await.unwrap().unwrap();
    let Some(Type::Completed(completed)) = event.r#type else { panic!("{event:?}") };
    assert_eq!(in_words(&completed.diagnostics), want);
    assert_eq!(events.message().await.unwrap(), None);
}

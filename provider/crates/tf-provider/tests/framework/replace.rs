//! Changes that replace an object, and changes that are refused.

use testkit::protocol_client::in_words;
use testkit::protocol_client_instance::Action;
use tf_value::raw::Raw;

use crate::{bench, number, object, text, thing_with, told};

fn members<const N: usize>(zones: [(&str, &str); N]) -> Raw {
    let members = zones.into_iter().map(|(key, zone)| (key.to_owned(), object([("zone", text(zone))])));
    Raw::Map(members.collect())
}

#[tokio::test]
async fn a_change_that_replaces_makes_the_object_anew() {
    let bench = bench().await;
    let mut thing = bench.thing([("size", number(2))]).await;
    let plan = bench.plan_thing(&thing, [("name", text("u")), ("size", number(2))]).await;
    assert_eq!((plan.action, plan.replace.as_slice()), (Action::Replace, ["name".to_owned()].as_slice()));
    assert_eq!(plan.planned.get("id"), &Raw::unknown());
    let (_, applied) = bench.converge(&mut thing, &thing_with([("name", text("u"))])).await.unwrap();
    assert_eq!((told(&applied), thing.object().get("id")), (vec![], &text("id-of-u")));
}

#[tokio::test]
async fn an_unknown_value_may_be_a_change() {
    let bench = bench().await;
    let thing = bench.thing([]).await;
    let plan = bench.plan_thing(&thing, [("name", Raw::unknown())]).await;
    assert_eq!(plan.replace, ["name"]);
}

#[tokio::test]
async fn inside_a_map_only_elements_that_stay_can_replace() {
    let bench = bench().await;
    let thing = bench.thing([("members", members([("a", "1"), ("b", "1")]))]).await;
    let plan = bench.plan_thing(&thing, [("members", members([("b", "2"), ("c", "1")]))]).await;
    assert_eq!(plan.replace, ["members[\"b\"].zone"]);
    let plan = bench.plan_thing(&thing, [("members", members([("b", "1"), ("c", "1")]))]).await;
    assert_eq!((plan.action, plan.replace.len()), (Action::Update, 0));
}

#[tokio::test]
async fn a_nested_object_that_comes_or_goes_changes_what_is_in_it() {
    let bench = bench().await;
    let spot = |corner| [("spot", object([("place", text("here")), ("corner", text(corner))]))];
    let (without, with) = (bench.thing([]).await, bench.thing(spot("a")).await);
    assert_eq!(bench.plan_thing(&without, spot("a")).await.replace, ["spot.place"]);
    assert_eq!(bench.plan_thing(&with, []).await.replace, ["spot.place"]);
    assert_eq!(bench.plan_thing(&with, [("spot", Raw::unknown())]).await.replace, ["spot.place"]);
    assert_eq!(bench.plan_thing(&with, spot("b")).await.replace, [""; 0]);
}

#[tokio::test]
async fn what_the_provider_decides_anew_is_no_change_that_replaces() {
    let bench = bench().await;
    let thing = bench.thing([]).await;
    let plan = bench.plan_thing(&thing, [("size", number(2))]).await;
    assert_eq!((plan.planned.get("color"), plan.replace.len()), (&Raw::unknown(), 0));
    let plan = bench.plan_thing(&thing, [("color", text("red"))]).await;
    assert_eq!(plan.replace, ["color"]);
}

#[tokio::test]
async fn a_refused_change_names_the_way_out() {
    let bench = bench().await;
    let thing = bench.thing([("region", text("eu"))]).await;
    let plan = bench.plan_thing(&thing, [("region", text("us"))]).await;
    assert_eq!(in_words(&plan.diagnostics), ["error: region: Attribute cannot be changed"]);
    assert!(plan.diagnostics[0].detail.ends_with("Make another thing."));
    let plan = bench.plan_thing(&thing, []).await;
    assert_eq!(in_words(&plan.diagnostics), ["error: region: Attribute cannot be changed"]);
}

#[tokio::test]
async fn a_refused_change_replaces_where_the_user_allows_it() {
    let bench = bench().await;
    let thing = bench.thing([("region", text("eu"))]).await;
    let allow = |allow| [("region", text("us")), ("allow_replacement", allow)];
    let plan = bench.plan_thing(&thing, allow(Raw::Bool(true))).await;
    assert_eq!((plan.action, plan.replace.as_slice()), (Action::Replace, ["region".to_owned()].as_slice()));
    for not in [Raw::Bool(false), Raw::unknown()] {
        assert!(!bench.plan_thing(&thing, allow(not)).await.is_good());
    }
}

#[tokio::test]
async fn a_refused_change_that_may_be_none_is_decided_when_it_is_known() {
    let bench = bench().await;
    let mut thing = bench.thing([("region", text("eu"))]).await;
    let config = |region| thing_with([("region", region)]);
    let plan = bench.plan(&thing, &config(Raw::unknown())).await.unwrap();
    let warning = "warning: region: Attribute cannot be changed, and its value is not known yet";
    assert_eq!((plan.action, in_words(&plan.diagnostics)), (Action::Update, vec![warning.to_owned()]));
    let before = thing.clone();
    let applied = bench.apply(&mut thing, &plan, &config(text("us"))).await.unwrap();
    assert_eq!(told(&applied), ["error: region: Attribute cannot be changed"]);
    assert_eq!(thing, before);
    let applied = bench.apply(&mut thing, &plan, &config(text("eu"))).await.unwrap();
    assert_eq!(told(&applied), [""; 0]);
}

#[tokio::test]
async fn a_resource_may_name_more_paths_if_they_are_there() {
    let bench = bench().await;
    let thing = bench.thing([("size", number(2))]).await;
    let plan = bench.plan_thing(&thing, [("size", number(3)), ("behave", text("plan_replacement"))]).await;
    assert_eq!(plan.replace, ["size"]);
    let plan = bench.plan_thing(&thing, [("behave", text("plan_strange_replacement"))]).await;
    assert_eq!(in_words(&plan.diagnostics), ["error: nowhere: Provider planned what it may not"]);
}

#[tokio::test]
async fn a_tainted_object_is_replaced_even_if_changes_are_refused() {
    let bench = bench().await;
    let mut thing = bench.thing([("region", text("eu"))]).await;
    thing.taint();
    let (action, applied) = bench.converge(&mut thing, &thing_with([("region", text("us"))])).await.unwrap();
    assert_eq!((action, told(&applied)), (Action::Replace, vec![]));
    assert_eq!(thing.object().get("region"), &text("us"));
}

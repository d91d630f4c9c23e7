//! Plans of what is not known yet.

use serde_json::json;
use testkit::protocol_client_instance::{Action, Instance};
use tf_value::raw::Raw;

use crate::world::{World, assert_good, raw};

/// Every argument of a resource.
fn arguments(world: &World, type_name: &str) -> Vec<String> {
    let schema = &world.client.schemas().resource_schemas[type_name];
    let attributes = schema.block.as_ref().unwrap().attributes.iter();
    attributes.filter(|argument| argument.required || argument.optional).map(|it| it.name.clone()).collect()
}

/// `config` with one unknown argument.
fn without(config: &Raw, name: &str) -> Raw {
    let mut entries = config.entries().cloned().unwrap_or_default();
    entries.insert(name.to_owned(), Raw::unknown());
    Raw::Map(entries)
}

/// Whatever a first plan says must still hold when the value turns out to be the stored one, and nothing changes.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_value_may_turn_out_to_be_the_stored_one() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let fleet = world.fleet_config("edge", "hub");
    for attribute in &arguments(&world, "kurator_fleet") {
        let plan = world.client.plan(&world.fleet, &without(&fleet, attribute)).await.unwrap();
        assert!(plan.is_good(), "{attribute}: {plan:?}");
        assert_good(attribute, &world.client.apply(&mut world.fleet, &plan, &fleet).await.unwrap());
        assert_eq!(world.converge_fleet("edge", "hub").await.0, Action::NoOp, "{attribute}");
    }
    let mut cluster = Instance::new("kurator_attached_cluster");
    let attached = raw(&json!({ "kubeconfig": { "env": "HUB" } }));
    assert_good("cluster", &world.client.converge(&mut cluster, &attached).await.unwrap().1);
    for attribute in &arguments(&world, "kurator_attached_cluster") {
        let plan = world.client.plan(&cluster, &without(&attached, attribute)).await.unwrap();
        assert!(plan.is_good(), "{attribute}: {plan:?}");
        assert_good(attribute, &world.client.apply(&mut cluster, &plan, &attached).await.unwrap());
    }
    assert_good("application", &world.converge_application().await.1);
    let application = world.application_config();
    for attribute in &arguments(&world, "kurator_application") {
        let plan = world.client.plan(&world.application, &without(&application, attribute)).await.unwrap();
        assert!(plan.is_good(), "{attribute}: {plan:?}");
        let applied = world.client.apply(&mut world.application, &plan, &application).await.unwrap();
        assert_good(attribute, &applied);
        assert_eq!(world.converge_application().await.0, Action::NoOp, "{attribute}");
    }
}

/// It may turn out to be another one, too.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_value_may_turn_out_to_be_new() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let fleet = world.fleet_with(&json!({
        "name": "demo",
        "host": "env:HUB?uid=uid-hub",
        "clusters": { "hub": { "ref": "env:HUB?uid=uid-hub" } },
    }));
    let plan = world.client.plan(&world.fleet, &without(&fleet, "clusters")).await.unwrap();
    assert_good("fewer members", &world.client.apply(&mut world.fleet, &plan, &fleet).await.unwrap());
    assert!(world.clusters.accounts("uid-edge").is_empty());
}

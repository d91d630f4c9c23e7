//! What is said of what a change ran into, waited for or left.

use domain::application::Progress;
use domain::name::Name;
use engines::error::Kind;
use serde_json::json;

use super::{application_but, fleet_but, told};
use crate::world::{World, assert_good};

fn demo() -> Name {
    Name::parse("demo").unwrap()
}

async fn whole() -> World {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    assert_good("application", &world.converge_application().await.1);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_went_between_plan_and_apply_is_told() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let config = world.fleet_config("hub", "edge");
    let plan = world.client.plan(&world.fleet, &config).await.unwrap();
    let mut copy = world.fleet.clone();
    assert_good("destroy", &world.client.destroy(&mut copy).await.unwrap());
    let applied = world.client.apply(&mut world.fleet, &plan, &config).await.unwrap();
    assert_eq!(told(&applied), ["error: name: It is gone"]);
    assert!(world.clusters.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_of_a_fleet_that_is_gone_is_told() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let config = world.application_config();
    assert_good("destroy", &world.client.destroy(&mut world.fleet).await.unwrap());
    let (_, applied) = world.client.converge(&mut world.application, &config).await.unwrap();
    assert_eq!(told(&applied), ["error: fleet: Fleet is gone"]);
    assert_eq!(world.application.stored, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_policy_is_obeyed_and_told() {
    let mut world = World::new().await;
    let config = fleet_but(&world, &json!({ "deletion_policy": "prevent" }));
    assert_good("fleet", &world.client.converge(&mut world.fleet, &config).await.unwrap().1);
    let destroyed = world.client.destroy(&mut world.fleet).await.unwrap();
    assert_eq!(told(&destroyed), ["error: deletion_policy: Destroy is prevented"]);
    let config = fleet_but(&world, &json!({ "deletion_policy": "detach" }));
    assert_good("detach", &world.client.converge(&mut world.fleet, &config).await.unwrap().1);
    world.clusters.clear_calls();
    let destroyed = world.client.destroy(&mut world.fleet).await.unwrap();
    assert_eq!(told(&destroyed), ["warning: Object was forgotten, not removed"]);
    assert_eq!((world.fleet.stored, world.clusters.mutations()), (None, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_flux_says_is_told_at_its_place() {
    let pending = || Progress::Pending { message: "Applying".to_owned() };
    let failed = || Progress::Failed {
        reason: "BuildFailed".to_owned(),
        message: "no such folder".to_owned(),
        stalled: true,
    };
    for (object, progress, want) in [
        ("web-far-edge", pending(), "error: fleet: Application is not applied everywhere in time"),
        ("web-far-edge", failed(), "error: sync_policies[\"far\"]: Policy cannot be applied to a cluster"),
        ("web", failed(), "error: source.git_repository: Source cannot be fetched"),
    ] {
        let mut world = World::new().await;
        assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
        world.clusters.flux_says("uid-hub", &demo(), object, Some(progress));
        let config = application_but(&world, &json!({ "timeouts": { "create": "2s" } }));
        let (_, applied) = world.client.converge(&mut world.application, &config).await.unwrap();
        assert_eq!(told(&applied), [want]);
        assert!(world.application.stored.is_some(), "{object}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_no_prune_takes_are_named() {
    let mut world = whole().await;
    let objects = world.clusters.objects("uid-edge");
    let stuck = objects.first().unwrap().clone();
    world.clusters.add_stuck_object("uid-edge", stuck.clone());
    let destroyed = world.client.destroy(&mut world.application).await.unwrap();
    assert_eq!(told(&destroyed), ["error: fleet: Objects remain on a cluster"]);
    assert!(destroyed.diagnostics[0].detail.contains(&stuck.to_string()), "{:?}", destroyed.diagnostics);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_with_its_host_is_told() {
    let mut world = World::new().await;
    let forget = json!({ "on_unreachable": "forget" });
    let config = fleet_but(&world, &forget);
    assert_good("fleet", &world.client.converge(&mut world.fleet, &config).await.unwrap().1);
    let config = application_but(&world, &forget);
    assert_good("application", &world.client.converge(&mut world.application, &config).await.unwrap().1);
    world.clusters.set_trouble("uid-hub", Some(Kind::Unreachable));
    for (instance, want) in [
        (
            &mut world.application,
            ["warning: fleet: Cluster cannot be reached", "warning: Application was given up with its host"],
        ),
        (
            &mut world.fleet,
            ["warning: host: Cluster cannot be reached", "warning: Fleet was given up with its host"],
        ),
    ] {
        let destroyed = world.client.destroy(instance).await.unwrap();
        assert_eq!(told(&destroyed), want);
        assert_eq!(instance.stored, None);
    }
}

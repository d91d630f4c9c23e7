//! Members that leave, die, or turn out to be another cluster.

use crate::world::{World, assert_good, raw};
use domain::application::Progress;
use domain::name::Name;
use engines::error::Kind;
use serde_json::json;
use testkit::protocol_client_instance::{Action, Applied};
use tf_value::raw::Raw;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn details(applied: &Applied) -> String {
    applied
        .diagnostics
        .iter()
        .map(|told| format!("{}: {}", told.summary, told.detail))
        .collect::<Vec<_>>()
        .join("\n")
}

async fn whole() -> World {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    assert_good("application", &world.converge_application().await.1);
    world.clusters.clear_calls();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaving_member_is_cleaned_by_the_fleet_itself() {
    let mut world = whole().await;
    let config =
        world.fleet_of(&json!({ "hub": { "ref": "env:HUB?uid=uid-hub", "labels": { "env": "hub" } } }));
    let (action, applied) = world.client.converge(&mut world.fleet, &config).await.unwrap();
    assert_good("leave", &applied);
    assert_eq!(action, Action::Update);
    assert!(world.clusters.objects("uid-edge").is_empty());
    assert!(world.clusters.accounts("uid-edge").is_empty());
    assert_good("application", &world.converge_application().await.1);
    assert_eq!(world.converge_application().await.0, Action::NoOp);
    assert_eq!(world.client.converge(&mut world.fleet, &config).await.unwrap().0, Action::NoOp);
    world.destroy_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaving_member_out_of_reach_is_an_error_that_names_it_and_the_map_keeps_it() {
    let mut world = whole().await;
    world.clusters.set_trouble("uid-edge", Some(Kind::Unreachable));
    let config =
        world.fleet_of(&json!({ "hub": { "ref": "env:HUB?uid=uid-hub", "labels": { "env": "hub" } } }));
    let (_, applied) = world.client.converge(&mut world.fleet, &config).await.unwrap();
    assert!(!applied.is_good());
    assert!(details(&applied).contains("`edge`"), "{}", details(&applied));
    assert!(world.fleet.object().get("clusters").entries().unwrap().contains_key("edge"));
    world.clusters.set_trouble("uid-edge", None);
    assert_good("again", &world.client.converge(&mut world.fleet, &config).await.unwrap().1);
    assert!(world.clusters.accounts("uid-edge").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_member_is_released_and_what_is_left_there_is_named() {
    let mut world = whole().await;
    world.clusters.set_trouble("uid-edge", Some(Kind::Unreachable));
    let config = world.fleet_with(&json!({
        "name": "demo",
        "host": "env:HUB?uid=uid-hub",
        "on_unreachable": "forget",
        "clusters": { "hub": { "ref": "env:HUB?uid=uid-hub", "labels": { "env": "hub" } } },
    }));
    let (_, applied) = world.client.converge(&mut world.fleet, &config).await.unwrap();
    assert_good("forget", &applied);
    let told = details(&applied);
    let summary = "Cluster was given up with things left on it";
    assert!(told.contains(summary) && told.contains("ClusterRoleBinding"), "{told}");
    for object in world.clusters.objects("uid-edge") {
        assert!(told.contains(&object.to_string()), "{object} is not named in {told}");
    }
    assert_eq!(world.client.converge(&mut world.fleet, &config).await.unwrap().0, Action::NoOp);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_cluster_behind_a_member_is_a_warning_and_then_a_new_member() {
    let mut world = whole().await;
    world.clusters.add("env:EDGE", "uid-new");
    let (action, applied) = world.converge_fleet("edge", "hub").await;
    assert_good("read", &applied);
    assert_eq!(action, Action::NoOp);
    assert!(details(&applied).contains("Another cluster answers: Cluster `edge`"), "{}", details(&applied));

    let config = world.fleet_of(&json!({
        "hub": { "ref": "env:HUB?uid=uid-hub", "labels": { "env": "hub" } },
        "edge": { "ref": "env:EDGE?uid=uid-new", "labels": { "env": "edge" } },
    }));
    let (_, applied) = world.client.converge(&mut world.fleet, &config).await.unwrap();
    assert_good("new member", &applied);
    let gone = "Cluster is gone, nothing was removed from it: Cluster `edge`";
    assert!(details(&applied).contains(gone), "{}", details(&applied));
    assert_eq!(world.clusters.accounts("uid-new").len(), 1);
    assert_good("application", &world.converge_application().await.1);
    assert!(!world.clusters.objects("uid-new").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_of_one_member_touches_nothing_of_the_other() {
    let mut world = whole().await;
    let (_, applied) = world.converge_fleet("edge", "edge").await;
    assert_good("label", &applied);
    assert_eq!(world.clusters.mutations(), ["put_member demo/hub"]);
    world.clusters.clear_calls();
    assert_good("application", &world.converge_application().await.1);
    assert_eq!(
        world
            .clusters
            .mutations()
            .iter()
            .filter(|call| call.starts_with("put_placement"))
            .collect::<Vec<_>>(),
        ["put_placement demo/web-far-hub"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_lost_of_a_member_is_put_back_before_it_leaves() {
    for whole_record in [false, true] {
        let mut world = whole().await;
        if whole_record {
            world.clusters.lose_member("uid-hub", &name("demo"), &name("edge"));
        } else {
            world.clusters.lose_kubeconfig("uid-hub", &name("demo"), &name("edge"));
        }
        let config =
            world.fleet_of(&json!({ "hub": { "ref": "env:HUB?uid=uid-hub", "labels": { "env": "hub" } } }));
        assert_good("leave", &world.client.converge(&mut world.fleet, &config).await.unwrap().1);
        assert!(world.clusters.objects("uid-edge").is_empty());
        assert!(world.clusters.accounts("uid-edge").is_empty());
        assert_good("application", &world.converge_application().await.1);
        world.destroy_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_a_failed_update_brought_in_is_cleaned_or_named() {
    let hub = json!({ "ref": "env:HUB?uid=uid-hub", "labels": {} });
    let edge = json!({ "ref": "env:EDGE?uid=uid-edge", "labels": {} });
    let policies = json!({ "base": { "kustomization": { "path": "./base", "prune": true } } });
    for is_recorded in [true, false] {
        let mut world = World::new().await;
        for (clusters, is_good) in
            [(json!({ "hub": hub }), true), (json!({ "hub": hub, "edge": edge }), false)]
        {
            let config = world.fleet_of(&clusters);
            assert_good("fleet", &world.client.converge(&mut world.fleet, &config).await.unwrap().1);
            let refused =
                Progress::Failed { reason: "BuildFailed".into(), message: "no".into(), stalled: true };
            world.clusters.flux_says("uid-hub", &name("demo"), "web-base-edge", Some(refused));
            let config = world.application_of(&policies);
            let (_, applied) = world.client.converge(&mut world.application, &config).await.unwrap();
            assert_eq!(applied.is_good(), is_good, "{}", details(&applied));
        }
        world.clusters.flux_says("uid-hub", &name("demo"), "web-base-edge", None);
        if is_recorded {
            world.destroy_all().await;
            continue;
        }
        world.clusters.lose_member("uid-hub", &name("demo"), &name("edge"));
        let destroyed = world.client.destroy(&mut world.application).await.unwrap();
        assert!(
            details(&destroyed).contains("It is not known which cluster a member is"),
            "{}",
            details(&destroyed)
        );
        assert!(!world.clusters.placements("uid-hub", &name("demo")).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_member_holds_up_what_is_asked_of_it_and_nothing_else() {
    let mut world = whole().await;
    let failed = Progress::Failed { reason: "BuildFailed".into(), message: "no".into(), stalled: true };
    world.clusters.flux_says("uid-hub", &name("demo"), "web-base-edge", Some(failed));
    let forgets = |config: Raw| {
        let Raw::Map(mut config) = config else { unreachable!("an object was written") };
        config.insert("on_unreachable".to_owned(), Raw::string("forget"));
        Raw::Map(config)
    };
    let config = forgets(world.application_config());
    let (action, applied) = world.client.converge(&mut world.application, &config).await.unwrap();
    assert_good("another attribute", &applied);
    assert_eq!(action, Action::Update);

    // Cut off after its first call, and then nothing is left to put.
    let path = |path: &str| json!({ "base": { "kustomization": { "path": path, "prune": true } } });
    let config = forgets(world.application_of(&path("./base")));
    world.client.converge(&mut world.application, &config).await.unwrap();
    let config = forgets(world.application_of(&path("./other")));
    world.clusters.panic_at(world.clusters.placements("uid-hub", &name("demo")).len() + 1);
    assert!(!world.client.converge(&mut world.application, &config).await.unwrap().1.is_good());
    let (_, resumed) = world.client.converge(&mut world.application, &config).await.unwrap();
    assert!(details(&resumed).contains("Policy cannot be applied to a cluster"), "{}", details(&resumed));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_lost_of_a_member_is_put_back_before_a_destroy() {
    let mut world = whole().await;
    world.clusters.lose_kubeconfig("uid-hub", &name("demo"), &name("edge"));
    world.clusters.lose_member("uid-hub", &name("demo"), &name("hub"));
    world.destroy_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_whose_records_are_lost_still_leaves_no_account() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    for member in ["edge", "hub"] {
        world.clusters.lose_member("uid-hub", &name("demo"), &name(member));
    }
    assert_good("destroy", &world.client.destroy(&mut world.fleet).await.unwrap());
    assert!(world.clusters.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaving_member_is_cleaned_no_faster_than_the_user_allows() {
    let mut world = World::new().await;
    let block = raw(&json!({ "owner": null, "max_parallel": 2, "ssh_credentials": null, "mirrors": null }));
    assert!(world.client.configure(&block).await.unwrap().is_empty());
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    assert_good("application", &world.converge_application().await.1);
    let config =
        world.fleet_of(&json!({ "hub": { "ref": "env:HUB?uid=uid-hub", "labels": { "env": "hub" } } }));
    assert_good("leave", &world.client.converge(&mut world.fleet, &config).await.unwrap().1);
    assert!(world.clusters.objects("uid-edge").is_empty());
    assert_eq!(world.clusters.most_removals_at_once(), 2, "of three");
}

//! Fleets that lost something, or that were cut off at a moment nobody was told of.

use domain::fleet::FluxFacts;
use domain::name::Name;
use engines::error::Kind;
use serde_json::{Value as Json, json};
use testkit::fake_kube::Moment;
use testkit::protocol_client::in_words;
use testkit::protocol_client_instance::Action;
use tf_value::raw::Raw;

use crate::world::{World, assert_good};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn hub() -> Json {
    json!({ "ref": "env:HUB?uid=uid-hub" })
}

fn edge() -> Json {
    json!({ "ref": "env:EDGE?uid=uid-edge" })
}

fn drift(world: &World) -> Raw {
    world.fleet.object().get("drift").clone()
}

fn lines(lines: &[&str]) -> Raw {
    Raw::List(lines.iter().map(|line| Raw::string(*line)).collect())
}

async fn fleet() -> World {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    world.clusters.clear_calls();
    world
}

/// A process that is killed tells nobody what it did: the stored fleet is the one before.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_whose_joining_was_cut_off_unheard_is_finished_or_taken_away() {
    let (alone, both) = (json!({ "hub": hub() }), json!({ "hub": hub(), "edge": edge() }));
    for moment in [Moment::Before, Moment::After] {
        for call in 1..=3 {
            for way_on in ["finish", "revert", "destroy"] {
                let at = format!("call {call}, {moment:?}, {way_on}");
                let mut world = World::new().await;
                let (alone, both) = (world.fleet_of(&alone), world.fleet_of(&both));
                assert_good(&at, &world.client.converge(&mut world.fleet, &alone).await.unwrap().1);
                let before = world.fleet.clone();
                world.clusters.break_at(call, moment, Kind::Rejected);
                let (_, cut) = world.client.converge(&mut world.fleet, &both).await.unwrap();
                assert!(!cut.is_good(), "{at}");
                let target = format!("{:?}", world.fleet.object().get("target"));
                assert!(!target.contains("edge"), "{at}: what is unfinished is no target: {target}");
                world.fleet = before;
                match way_on {
                    "finish" => {
                        let (_, applied) = world.client.converge(&mut world.fleet, &both).await.unwrap();
                        assert_good(&at, &applied);
                        assert_eq!(world.clusters.accounts("uid-edge").len(), 1, "{at}");
                        let found = world.clusters.fleet("uid-hub", &name("demo"));
                        assert!(found.members[&name("edge")].has_kubeconfig, "{at}");
                        let (action, _) = world.client.converge(&mut world.fleet, &both).await.unwrap();
                        assert_eq!(action, Action::NoOp, "{at}");
                    }
                    "revert" => {
                        let (_, applied) = world.client.converge(&mut world.fleet, &alone).await.unwrap();
                        assert_good(&at, &applied);
                        assert!(world.clusters.accounts("uid-edge").is_empty(), "{at}");
                        let (action, _) = world.client.converge(&mut world.fleet, &alone).await.unwrap();
                        assert_eq!(action, Action::NoOp, "{at}");
                    }
                    _ => {}
                }
                assert_good(&at, &world.client.destroy(&mut world.fleet).await.unwrap());
                assert!(world.clusters.is_empty(), "{at}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flux_of_ours_that_is_not_whole_is_installed_again() {
    for found in [
        FluxFacts::Absent,
        FluxFacts::Unfinished { installed_by: "demo".into() },
        FluxFacts::Silent { installed_by: Some("demo".into()) },
    ] {
        let mut world = World::new().await;
        world.clusters.set_flux("uid-hub", found.clone());
        assert_good("create", &world.converge_fleet("edge", "hub").await.1);
        let calls = world.clusters.mutations();
        assert!(calls[1].starts_with("install_flux"), "{found:?}: {calls:?}");
        assert_eq!(world.converge_fleet("edge", "hub").await.0, Action::NoOp, "{found:?}");
        assert_good("destroy", &world.client.destroy(&mut world.fleet).await.unwrap());
        assert!(world.clusters.is_empty(), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flux_that_went_or_was_cut_off_is_seen_by_a_read_and_put_back() {
    for (found, line) in [
        (FluxFacts::Absent, "flux: it is not on the host"),
        (FluxFacts::Unfinished { installed_by: "demo".into() }, "flux: its installation is unfinished"),
    ] {
        let mut world = fleet().await;
        world.clusters.set_flux("uid-hub", found);
        assert_good("read", &world.client.refresh(&mut world.fleet).await.unwrap());
        assert_eq!(drift(&world), lines(&[line]));
        let (action, applied) = world.converge_fleet("edge", "hub").await;
        assert_good("mend", &applied);
        assert_eq!(action, Action::Update);
        assert_eq!(world.converge_fleet("edge", "hub").await.0, Action::NoOp);
        assert_good("destroy", &world.client.destroy(&mut world.fleet).await.unwrap());
        assert!(world.clusters.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flux_that_an_earlier_try_installed_goes_with_the_fleet() {
    let mut world = World::new().await;
    world.clusters.set_flux("uid-hub", FluxFacts::Absent);
    // The namespace, Flux, and then a member that does not get its account.
    world.clusters.break_at(4, Moment::Before, Kind::Rejected);
    assert!(!world.converge_fleet("edge", "hub").await.1.is_good());
    assert_good("carry on", &world.converge_fleet("edge", "hub").await.1);
    let installs = world.clusters.mutations().iter().filter(|call| call.starts_with("install_flux")).count();
    assert_eq!(installs, 1);
    assert_good("destroy", &world.client.destroy(&mut world.fleet).await.unwrap());
    assert!(world.clusters.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_apply_puts_probes_and_a_removal_asks_no_controller() {
    let mut world = fleet().await;
    let probes = |world: &World| {
        let calls = world.clusters.calls();
        calls
            .into_iter()
            .filter(|call| call.method == "observe_flux")
            .map(|call| call.target)
            .collect::<Vec<_>>()
    };
    assert_good("read", &world.client.refresh(&mut world.fleet).await.unwrap());
    assert_eq!(probes(&world), [""; 0]);
    assert_good("update", &world.converge_fleet("edge", "edge").await.1);
    assert_eq!(probes(&world), ["flux-system kurator-demo default"]);
    world.clusters.clear_calls();
    world.clusters.set_flux("uid-hub", FluxFacts::Silent { installed_by: None });
    let destroyed = world.client.destroy(&mut world.fleet).await.unwrap();
    assert_eq!(in_words(&destroyed.diagnostics), [""; 0]);
    assert_eq!(probes(&world), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn references_written_without_a_uid_are_no_drift_and_can_be_changed() {
    let mut world = World::new().await;
    let config = |labels: Json, world: &World| {
        world.fleet_with(&json!({
            "name": "demo",
            "host": "env:HUB",
            "clusters": { "hub": { "ref": "env:HUB" }, "edge": { "ref": "env:EDGE", "labels": labels } },
        }))
    };
    let before = config(json!({}), &world);
    assert_good("create", &world.client.converge(&mut world.fleet, &before).await.unwrap().1);
    assert_eq!(world.client.converge(&mut world.fleet, &before).await.unwrap().0, Action::NoOp);
    world.clusters.clear_calls();
    let after = config(json!({ "env": "edge" }), &world);
    let (action, applied) = world.client.converge(&mut world.fleet, &after).await.unwrap();
    assert_good("update", &applied);
    assert_eq!(
        (action, world.clusters.mutations()),
        (Action::Update, vec!["put_member demo/edge".to_owned()])
    );
    assert_eq!(world.client.converge(&mut world.fleet, &after).await.unwrap().0, Action::NoOp);
    let found = world.clusters.fleet("uid-hub", &name("demo"));
    let recorded = found.members[&name("edge")].cluster.as_ref().map(ToString::to_string);
    assert_eq!(recorded.as_deref(), Some("env:EDGE?uid=uid-edge"));
    assert_good("destroy", &world.client.destroy(&mut world.fleet).await.unwrap());
    assert!(world.clusters.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_whose_namespace_was_deleted_is_kept_and_destroyed_to_the_last_account() {
    let mut world = World::new().await;
    world.clusters.set_flux("uid-hub", FluxFacts::Absent);
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    world.clusters.delete_namespace("uid-hub", &name("demo"));
    assert_good("read", &world.client.refresh(&mut world.fleet).await.unwrap());
    assert!(
        format!("{:?}", drift(&world)).contains("host: the fleet's namespace is gone"),
        "{:?}",
        drift(&world)
    );
    world.clusters.clear_calls();
    assert_good("destroy", &world.client.destroy(&mut world.fleet).await.unwrap());
    assert!(world.clusters.is_empty(), "{:?}", world.clusters.mutations());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_whose_namespace_was_deleted_is_made_whole_by_the_next_apply() {
    let mut world = fleet().await;
    world.clusters.delete_namespace("uid-hub", &name("demo"));
    let (action, applied) = world.converge_fleet("edge", "hub").await;
    assert_good("mend", &applied);
    assert_eq!(action, Action::Update);
    let found = world.clusters.fleet("uid-hub", &name("demo"));
    assert!(found.namespace.is_some() && found.members.values().all(|member| member.has_kubeconfig));
    assert_eq!(world.converge_fleet("edge", "hub").await.0, Action::NoOp);
    assert_good("application", &world.converge_application().await.1);
    world.destroy_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_without_anything_elsewhere_goes_with_its_namespace() {
    let mut world = World::new().await;
    let config = world.fleet_of(&json!({}));
    assert_good("fleet", &world.client.converge(&mut world.fleet, &config).await.unwrap().1);
    world.clusters.delete_namespace("uid-hub", &name("demo"));
    assert_good("read", &world.client.refresh(&mut world.fleet).await.unwrap());
    assert_eq!(world.fleet.stored, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_is_filled_from_what_is_stored() {
    let only_hub = json!({ "hub": { "ref": "env:HUB?uid=uid-hub", "labels": { "env": "hub" } } });
    // It leaves: its account is found by the stored reference.
    let mut world = fleet().await;
    world.clusters.damage_record("uid-hub", &name("demo"), &name("edge"));
    let config = world.fleet_of(&only_hub);
    let (_, applied) = world.client.converge(&mut world.fleet, &config).await.unwrap();
    assert_good("leave", &applied);
    assert!(world.clusters.accounts("uid-edge").is_empty(), "{:?}", in_words(&applied.diagnostics));
    // It stays: the record is written anew.
    let mut world = fleet().await;
    world.clusters.damage_record("uid-hub", &name("demo"), &name("edge"));
    let (action, applied) = world.converge_fleet("edge", "hub").await;
    assert_good("mend", &applied);
    assert_eq!(action, Action::Update);
    assert!(world.clusters.fleet("uid-hub", &name("demo")).members[&name("edge")].cluster.is_some());
    assert_eq!(world.converge_fleet("edge", "hub").await.0, Action::NoOp);
    // It goes with the fleet.
    world.clusters.damage_record("uid-hub", &name("demo"), &name("edge"));
    assert_good("destroy", &world.client.destroy(&mut world.fleet).await.unwrap());
    assert!(world.clusters.is_empty());
}

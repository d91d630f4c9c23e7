//! Made, grown, shrunk, mended, read, imported and taken down.

use std::time::Duration;

use domain::name::Name;
use engines::error::Kind;
use serde_json::json;
use testkit::protocol_client_instance::Action;
use tf_value::raw::Raw;

use super::{CP1, W1, W2, W3, World, said};
use crate::world::assert_good;

fn text<'a>(raw: &'a Raw, name: &str) -> &'a str {
    raw.get(name).text().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_made_grown_shrunk_and_taken_down() {
    let mut world = World::new().await;
    world.made("1 + 2", &[("w1", W1), ("w2", W2)]).await;
    let state = world.cluster.object().clone();
    assert!(text(&state, "ref").starts_with("ssh://site?user=admin&become=sudo&cp=10.77.0.11"), "{state:?}");
    assert!(text(&state, "ref").ends_with(&format!("uid={}", world.site.uid(CP1).unwrap())));
    assert_eq!(text(&state, "endpoint"), "https://api.factory.internal:6443");
    let node = state.get("nodes").get("w1").clone();
    assert_eq!((text(&node, "role"), text(&node, "version")), ("worker", "1.34.4"));
    assert_eq!(node.get("ready"), &Raw::Bool(true));
    assert!(world.site.owner(CP1).unwrap().contains("phase=ready"));
    assert!(world.site.owner(W1).unwrap().contains("machine=w1"));

    world.made("a worker more", &[("w1", W1), ("w2", W2), ("w3", W3)]).await;
    world.made("a worker less", &[("w2", W2), ("w3", W3)]).await;
    assert!(world.site.is_clean(W1));
    world.made("another machine under a name", &[("w2", W1), ("w3", W3)]).await;
    assert!(world.site.is_clean(W2) && !world.site.is_clean(W1));
    assert_eq!(world.site.runs(CP1, "init"), 1);
    world.destroy("the end").await;

    world.made("once more", &[("w1", W1)]).await;
    assert_eq!(world.site.runs(CP1, "init"), 2);
    world.destroy("the end once more").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_changed_in_place_and_what_a_person_changed_is_drift() {
    let mut world = World::new().await;
    world.made("1 + 1", &[("w1", W1)]).await;
    let labelled = |zone: &str| {
        json!({ "machines": {
            "cp1": { "role": "control_plane", "address": CP1 },
            "w1": { "role": "worker", "address": W1, "labels": { "zone": zone } },
        } })
    };
    let config = world.config_with(&[], &labelled("a"));
    assert_good("a label", &world.converge(&config).await.1);
    assert_eq!(world.converge(&config).await.0, Action::NoOp);
    assert_eq!(world.site.runs(W1, "join"), 1);

    let uid = world.site.uid(CP1).unwrap();
    world.site.clusters.set_node(&uid, &Name::parse("w1").unwrap(), None);
    let (action, mended) = world.converge(&config).await;
    assert_good("a node that was deleted", &mended);
    assert_eq!((action, world.site.runs(W1, "join")), (Action::Update, 2));

    world.site.reinstall(W1);
    let (action, mended) = world.converge(&config).await;
    assert_good("a machine that was installed anew", &mended);
    assert_eq!((action, world.site.runs(W1, "join")), (Action::Update, 3));
    assert_eq!(world.converge(&config).await.0, Action::NoOp);
    world.destroy("the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_worker_is_named_kept_and_let_go_and_is_clean_when_it_comes_back() {
    let mut world = World::new().await;
    let (both, one) = (world.config(&[("w1", W1), ("w2", W2)]), world.config(&[("w2", W2)]));
    assert_good("1 + 2", &world.converge(&both).await.1);
    let at = format!("{W1}:22");
    world.site.machines.set_trouble(&at, Some(Kind::Unreachable));

    let before = world.cluster.object().clone();
    let read = world.client.refresh(&mut world.cluster).await.unwrap();
    assert_eq!(said(&read), ["warning: machines[\"w1\"]: Machine cannot be reached"]);
    assert_eq!(world.cluster.object(), &before);
    assert_eq!(world.converge(&both).await.0, Action::NoOp);

    let (_, applied) = world.converge(&one).await;
    assert!(applied.is_good(), "{:?}", said(&applied));
    assert!(!world.site.is_clean(W1));

    world.site.machines.set_trouble(&at, None);
    let (action, mended) = world.converge(&one).await;
    assert_good("it is back", &mended);
    assert_eq!(action, Action::Update);
    assert!(world.site.is_clean(W1));
    assert_eq!(world.converge(&one).await.0, Action::NoOp);
    world.destroy("the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_out_of_reach_changes_nothing_and_one_installed_anew_is_a_new_cluster() {
    let mut world = World::new().await;
    let config = world.config(&[("w1", W1)]);
    assert_good("1 + 1", &world.converge(&config).await.1);
    let at = format!("{CP1}:22");
    world.site.machines.set_trouble(&at, Some(Kind::Unreachable));
    let before = world.cluster.clone();
    let read = world.client.refresh(&mut world.cluster).await.unwrap();
    assert_eq!(said(&read), ["warning: machines[\"cp1\"]: Machine cannot be reached"]);
    assert_eq!(world.cluster.stored, before.stored);
    let applied = world.client.destroy(&mut world.cluster).await.unwrap();
    assert!(!applied.is_good() && world.cluster.stored.is_some());

    world.site.machines.set_trouble(&at, None);
    world.site.reinstall(CP1);
    let (action, made) = world.converge(&config).await;
    assert_good("made anew", &made);
    assert_eq!((action, world.site.runs(W1, "join")), (Action::Create, 2));
    world.destroy("the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_may_forget_machines_out_of_reach() {
    let mut world = World::new().await;
    let config = world.config_with(&[("w1", W1)], &json!({ "on_unreachable": "forget" }));
    assert_good("1 + 1", &world.converge(&config).await.1);
    world.site.machines.set_trouble(&format!("{W1}:22"), Some(Kind::Unreachable));
    let applied = world.client.destroy(&mut world.cluster).await.unwrap();
    assert!(world.cluster.stored.is_none());
    let told = said(&applied);
    let given_up = "warning: machines[\"w1\"]: Machine was given up with things left on it";
    assert!(told.contains(&given_up.to_owned()), "{told:?}");
    assert!(world.site.is_clean(CP1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_cannot_be_looked_at_is_not_given_up_and_its_workers_stay() {
    let mut world = World::new().await;
    let config = world.config_with(&[("w1", W1)], &json!({ "on_unreachable": "forget" }));
    assert_good("1 + 1", &world.converge(&config).await.1);
    world.site.machines.set_trouble(&format!("{CP1}:22"), Some(Kind::Rejected));
    let applied = world.client.destroy(&mut world.cluster).await.unwrap();
    assert!(!applied.is_good() && world.cluster.stored.is_some());
    assert!(!world.site.is_clean(W1), "{:?}", said(&applied));
    world.site.machines.set_trouble(&format!("{CP1}:22"), None);
    world.destroy("the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_finds_the_cluster_as_it_was_written() {
    let mut world = World::new().await;
    let config = world.config(&[("w1", W1)]);
    assert_good("1 + 1", &world.converge(&config).await.1);
    let id = text(world.cluster.object(), "ref").to_owned();
    let (found, imported) = world.client.import("kurator_custom_cluster", &id).await.unwrap();
    assert_good("import", &imported);
    world.cluster = found;
    assert_eq!(world.converge(&config).await.0, Action::NoOp);
    world.destroy("the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_does_not_answer_yet_is_a_warning_in_a_read_and_waited_for_in_an_apply() {
    let mut world = World::new().await;
    let config = world.config(&[("w1", W1)]);
    assert_good("1 + 1", &world.converge(&config).await.1);
    let uid = world.site.uid(CP1).unwrap();
    world.site.clusters.set_trouble(&uid, Some(Kind::Unreachable));
    let before = world.cluster.stored.clone();
    let read = world.client.refresh(&mut world.cluster).await.unwrap();
    assert_eq!(said(&read), ["warning: machines[\"cp1\"]: Cluster cannot be reached"]);
    assert_eq!(world.cluster.stored, before);

    let clusters = world.site.clusters.clone();
    let soon = tokio::spawn(async move {
        tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await.ok();
        clusters.set_trouble(&uid, None);
    });
    let grown = world.config(&[("w1", W1), ("w2", W2)]);
    let planned = world.client.plan(&world.cluster, &grown).await.unwrap();
    let applied = world.client.apply(&mut world.cluster, &planned, &grown).await.unwrap();
    assert_good("a worker more", &applied);
    soon.await.unwrap();
    assert_eq!(world.site.runs(W2, "join"), 1);
    world.destroy("the end").await;
}

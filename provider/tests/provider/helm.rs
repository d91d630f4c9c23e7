//! Charts beside manifests.

use domain::application::{Content, HelmSpec, PlacementFacts, Progress, ReconcileStrategy};
use domain::name::Name;
use serde_json::{Value as Json, json};
use testkit::protocol_client::in_words;
use testkit::protocol_client_instance::{Action, Applied};
use tf_value::raw::Raw;

use crate::world::{World, assert_good};

fn fleet() -> Name {
    Name::parse("demo").unwrap()
}

/// A chart on `edge` alone.
fn chart(settings: &Json) -> Json {
    let mut helm = json!({ "chart": "./chart", "target_namespace": "web" });
    helm.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    json!({ "chart": { "destination": { "cluster_selector": { "match_labels": { "env": "edge" } } }, "helm": helm } })
}

async fn fleet_alone() -> World {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    world.clusters.clear_calls();
    world
}

async fn converge(world: &mut World, policies: &Json) -> (Action, Applied) {
    let config = world.application_of(policies);
    world.client.converge(&mut world.application, &config).await.unwrap()
}

/// What changed since this was asked last, without the source.
fn changes(world: &World) -> Vec<String> {
    let changes = world.clusters.mutations();
    world.clusters.clear_calls();
    changes.into_iter().filter(|change| !change.starts_with("put_source")).collect()
}

fn placed(world: &World) -> Vec<PlacementFacts> {
    world.clusters.placements("uid-hub", &fleet()).into_values().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_has_all_that_is_asked_for_and_good_defaults() {
    let mut world = fleet_alone().await;
    assert_good("defaults", &converge(&mut world, &chart(&json!({}))).await.1);
    let [made] = &placed(&world)[..] else { panic!("one member is chosen") };
    let default = HelmSpec {
        chart: "./chart".into(),
        reconcile_strategy: ReconcileStrategy::ChartVersion,
        values_files: vec![],
        values: "{}".into(),
        release_name: "web-chart".into(),
        target_namespace: "web".into(),
        interval: std::time::Duration::from_mins(10),
        timeout: None,
        install_retries: None,
        upgrade_retries: None,
    };
    assert_eq!(made.content, Some(Content::Helm(default)));
    let all = json!({
        "reconcile_strategy": "revision",
        "values_files": ["./a.yaml", "./b.yaml"],
        "values": "b: 1.0\na: [yes]",
        "release_name": "front",
        "interval": "1h",
        "timeout": "30s",
        "install": { "remediation": { "retries": 3 } },
        "upgrade": { "remediation": { "retries": 0 } },
    });
    assert_good("all", &converge(&mut world, &chart(&all)).await.1);
    let [made] = &placed(&world)[..] else { panic!("one member is chosen") };
    let asked = HelmSpec {
        chart: "./chart".into(),
        reconcile_strategy: ReconcileStrategy::Revision,
        values_files: vec!["./a.yaml".into(), "./b.yaml".into()],
        values: r#"{"a":[true],"b":1}"#.into(),
        release_name: "front".into(),
        target_namespace: "web".into(),
        interval: std::time::Duration::from_hours(1),
        timeout: Some(std::time::Duration::from_secs(30)),
        install_retries: Some(3),
        upgrade_retries: Some(0),
    };
    assert_eq!(made.content, Some(Content::Helm(asked)));
    assert_eq!(converge(&mut world, &chart(&all)).await.0, Action::NoOp);
    world.destroy_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_compared_by_meaning() {
    let mut world = fleet_alone().await;
    let values = |text: &str| chart(&json!({ "values": text }));
    assert_good("create", &converge(&mut world, &values("a: 1\nb: [x]")).await.1);
    assert_eq!(changes(&world), ["put_placement demo/web-chart-edge"]);
    let (action, applied) = converge(&mut world, &values("{\"b\": [\"x\"], \"a\": 1}")).await;
    assert_good("another spelling", &applied);
    assert_eq!((action, changes(&world)), (Action::NoOp, vec![]));
    let (action, applied) = converge(&mut world, &values("a: 2\nb: [x]")).await;
    assert_good("another value", &applied);
    assert_eq!(
        (action, changes(&world)),
        (Action::Update, vec!["put_placement demo/web-chart-edge".to_owned()])
    );
    let steps = world.application.object().get("last_change").get("steps");
    assert_eq!(*steps, Raw::List(vec![Raw::string("edge: change chart")]));
    assert_eq!(converge(&mut world, &values("{a: 2, b: [x]}")).await.0, Action::NoOp);
    world.destroy_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_changes_from_manifests_to_a_chart_and_back_in_one_apply_each() {
    let mut world = fleet_alone().await;
    let selector = chart(&json!({}))["chart"]["destination"].clone();
    let manifests = json!({ "chart": { "destination": selector, "kustomization": { "prune": true } } });
    let both_calls = ["remove_placement demo/web-chart-edge", "put_placement demo/web-chart-edge"];
    assert_good("manifests", &converge(&mut world, &manifests).await.1);
    let before = world.clusters.objects("uid-edge");
    changes(&world);
    assert_good("chart", &converge(&mut world, &chart(&json!({}))).await.1);
    assert_eq!(changes(&world), both_calls);
    let after = world.clusters.objects("uid-edge");
    assert!(before.len() == 1 && after.len() == 1 && before != after, "{before:?} {after:?}");
    assert_eq!(converge(&mut world, &chart(&json!({}))).await.0, Action::NoOp);
    assert_good("back", &converge(&mut world, &manifests).await.1);
    assert_eq!(changes(&world), both_calls);
    assert_eq!(world.clusters.objects("uid-edge"), before);
    world.destroy_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_needs_one_content_and_values_a_mapping() {
    let world = fleet_alone().await;
    let told = async |policies: Json| {
        let said = world.client.validate("kurator_application", &world.application_of(&policies)).await;
        in_words(&said.unwrap())
    };
    let none = json!({ "none": { "destination": {} } });
    assert_eq!(told(none).await, ["error: sync_policies[\"none\"]: Policy needs one content"]);
    let mut both = chart(&json!({}));
    both["chart"]["kustomization"] = json!({ "prune": true });
    assert_eq!(told(both).await, ["error: sync_policies[\"chart\"]: Policy needs one content"]);
    let helm = "sync_policies[\"chart\"].helm";
    let wrong = json!({
        "values": "- a", "release_name": "x".repeat(54), "reconcile_strategy": "never", "interval": "soon",
        "install": { "remediation": { "retries": -1 } },
    });
    assert_eq!(
        told(chart(&wrong)).await,
        [
            format!("error: {helm}.reconcile_strategy: Not one of the possible values"),
            format!("error: {helm}.values: Not a mapping in YAML"),
            format!("error: {helm}.release_name: Release name is not a DNS-1123 label"),
            format!("error: {helm}.interval: Not a duration"),
            format!("error: {helm}.install.remediation.retries: Not a count"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_flux_says_of_a_chart_names_policy_and_cluster() {
    let mut world = fleet_alone().await;
    let failed = Progress::Failed {
        reason: "InstallFailed".into(),
        message: "values don't meet the schema".into(),
        stalled: true,
    };
    world.clusters.flux_says("uid-hub", &fleet(), "web-chart-edge", Some(failed));
    let (_, applied) = converge(&mut world, &chart(&json!({}))).await;
    let [told] = &applied.diagnostics[..] else { panic!("{:?}", in_words(&applied.diagnostics)) };
    assert_eq!(
        in_words(&applied.diagnostics),
        ["error: sync_policies[\"chart\"]: Policy cannot be applied to a cluster"]
    );
    for words in ["`chart`", "`edge`", "InstallFailed", "don't meet the schema"] {
        assert!(told.detail.contains(words), "{}", told.detail);
    }
    world.clusters.flux_says("uid-hub", &fleet(), "web-chart-edge", None);
    assert_good("again", &converge(&mut world, &chart(&json!({}))).await.1);
    world.destroy_all().await;
}

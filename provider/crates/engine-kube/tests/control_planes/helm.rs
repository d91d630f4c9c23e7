//! Charts on a member, with a real Flux behind it.

use std::time::Duration;

use domain::application::{
    ApplicationFacts, Content, HelmSpec, Placement, PlacementFacts, Progress, ReconcileStrategy,
};
use domain::object_id::ObjectId;
use engines::distribution::Removal;
use engines::member::Access;
use engines::secret::SecretString;

use crate::made::Made;
use crate::setup::{limits, name};

fn placement(namespace: &str, chart: &str, values: &str) -> Placement {
    Placement {
        policy: name("base"),
        member: name("edge"),
        content: Content::Helm(HelmSpec {
            chart: chart.into(),
            reconcile_strategy: ReconcileStrategy::Revision,
            values_files: Vec::new(),
            values: values.into(),
            release_name: "greeting".into(),
            target_namespace: namespace.into(),
            interval: Duration::from_mins(5),
            timeout: Some(Duration::from_secs(30)),
            install_retries: None,
            upgrade_retries: Some(1),
        }),
    }
}

fn only(facts: &ApplicationFacts) -> Option<&PlacementFacts> {
    facts.placements.values().next()
}

/// The names of what a release holds.
fn names(objects: &[ObjectId]) -> Vec<&str> {
    objects.iter().map(|object| object.name.as_str()).collect()
}

#[tokio::test]
async fn a_chart_reaches_a_member_with_the_very_values_and_is_uninstalled() {
    let Some(made) = Made::new("ek-helm").await else { return };
    let namespace = made.access.namespace.clone();
    // Everything that an API server could write back in another way; the keys in order, as `values` has them.
    let values = [
        "{}",
        r#"{"absent":null,"list":[1,1.5,{"a":null}],"nested":{"empty":{},"none":[]},"numbers":[1e+21,1e-7,9007199254740993],"text":"hello"}"#,
        r#"{"nested":{"empty":{}},"text":"hello again"}"#,
    ];
    for values in values {
        let placed = placement(&namespace, "./chart", values);
        let facts = made.put(&placed).await;
        let found = only(&facts).unwrap();
        assert_eq!(found.content.as_ref(), Some(&placed.content));
        assert_eq!(found.applied_revision, facts.source.as_ref().unwrap().revision);
        assert_eq!(names(&found.inventory), ["greeting", "greeting-kept"]);
        let there = made.edge.member().remaining(&found.inventory, &limits()).await.unwrap();
        assert_eq!(names(&there), ["greeting"], "what is meant to stay is not what remains");
    }
    let placed = placement(&namespace, "./chart", "{}");
    let inventory = only(&made.put(&placed).await).unwrap().inventory.clone();
    let distribution = made.hub.distribution();
    distribution.remove_placement(&made.fleet, &Made::id(&placed), Removal::Prune, &limits()).await.unwrap();
    assert_eq!(made.edge.member().remaining(&inventory, &limits()).await.unwrap(), []);
    assert!(distribution.observe_placements(&made.fleet, &name("edge"), &limits()).await.unwrap().is_empty());
    made.remove().await;
}

#[tokio::test]
async fn what_helm_and_the_chart_refuse_is_told_and_mended_by_the_next_put() {
    let Some(made) = Made::new("ek-helm-refused").await else { return };
    let namespace = made.access.namespace.clone();
    let fails = |words: &'static str| move |facts: &ApplicationFacts| matches!(only(facts).map(|one| &one.progress), Some(Progress::Failed { message, .. }) if message.contains(words));
    let facts = made.put_and_see(&placement(&namespace, "./no-chart", "{}"), fails("no-chart")).await;
    assert_eq!(only(&facts).unwrap().applied_revision, None);
    let facts = made.put_and_see(&placement(&namespace, "./chart", r#"{"text":1}"#), fails("text")).await;
    let progress = &only(&facts).unwrap().progress;
    assert!(matches!(progress, Progress::Failed { reason, .. } if reason == "InstallFailed"), "{progress:?}");
    let placed = placement(&namespace, "./chart", r#"{"text":"1"}"#);
    made.put(&placed).await;
    let distribution = made.hub.distribution();
    distribution.remove_placement(&made.fleet, &Made::id(&placed), Removal::Prune, &limits()).await.unwrap();
    made.remove().await;
}

#[tokio::test]
async fn a_chart_on_a_dead_member_is_released() {
    let Some(made) = Made::new("ek-helm-release").await else { return };
    let placed = placement(&made.access.namespace, "./chart", "{}");
    let inventory = only(&made.put(&placed).await).unwrap().inventory.clone();
    let dead = Access {
        endpoint: "https://127.0.0.1:9".into(),
        certificate_authority: None,
        token: SecretString::from("hunter2"),
    };
    made.put_member(&dead).await;
    let distribution = made.hub.distribution();
    let id = Made::id(&placed);
    distribution.remove_placement(&made.fleet, &id, Removal::Release, &limits()).await.unwrap();
    assert!(distribution.observe_placements(&made.fleet, &name("edge"), &limits()).await.unwrap().is_empty());
    let there = made.edge.member().remaining(&inventory, &limits()).await.unwrap();
    assert_eq!(names(&there), ["greeting"]);
    made.remove().await;
}

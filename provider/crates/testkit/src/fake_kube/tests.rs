//! The fakes mean what the real ones mean.

use std::time::Duration;

use domain::application::{Carrier, Content, GitRevision, GitSourceSpec, KustomizationSpec, Placement};
use domain::fleet::{AccessSpec, MemberRecord};
use domain::mark::{Incarnation, Mark, Phase};
use engines::distribution::{Freshness, Look, PutPlacement, PutSource, Removal, Whose};
use engines::fleet_host::Conflicts;

use super::*;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn limits() -> Limits {
    Limits::within(Duration::from_mins(1), CancellationToken::new())
}

fn mark() -> Mark {
    Mark {
        kind: "kurator_fleet".into(),
        name: "demo".into(),
        owner: "default".into(),
        incarnation: Incarnation::new("i-1"),
        phase: Phase::Creating,
    }
}

fn placement() -> Placement {
    Placement {
        policy: name("base"),
        member: name("edge"),
        content: Content::Kustomization(KustomizationSpec {
            path: "./".into(),
            prune: true,
            interval: Duration::from_mins(5),
            retry_interval: None,
            timeout: None,
            target_namespace: None,
            force: false,
        }),
    }
}

fn id() -> PlacementId {
    PlacementId { name: "web-base-edge".into(), carrier: Carrier::Kustomization }
}

async fn put_application(hub: &dyn Cluster) -> Result<(), EngineError> {
    let (fleet, web) = (name("demo"), name("web"));
    let source = GitSourceSpec {
        url: "https://git.example/apps.git".into(),
        revision: GitRevision::Branch("main".into()),
        interval: Duration::from_mins(1),
        timeout: None,
        secret_name: None,
    };
    let distribution = hub.distribution();
    let of = Whose { fleet: &fleet, application: &web };
    let wanted = PutSource { source: &source, mark: &mark(), note: "{}", look: Look::AtOnce };
    distribution.put_source(of, wanted, Conflicts::Refuse, &limits()).await?;
    let (placement, incarnation) = (placement(), Incarnation::new("i-1"));
    let wanted = PutPlacement { name: "web-base-edge", placement: &placement, incarnation: &incarnation };
    distribution.put_placement(of, wanted, Conflicts::Refuse, &limits()).await
}

/// A fleet with one member and one application.
async fn all_made(
    clusters: &FakeClusters,
) -> Result<(Arc<dyn Cluster>, Arc<dyn Cluster>, AccessSpec), EngineError> {
    let hub = clusters.connect(&clusters.add("env:HUB", "uid-hub"), &limits()).await?;
    let reference = clusters.add("env:EDGE", "uid-edge");
    let edge = clusters.connect(&reference, &limits()).await?;
    let access = AccessSpec::of(&name("demo"), "uid-hub", "cluster-admin");
    let record = MemberRecord { cluster: reference, labels: BTreeMap::new(), api_server: None };
    hub.fleet_host()
        .put_namespace(&name("demo"), &mark(), "cluster-admin", Conflicts::Refuse, &limits())
        .await?;
    let granted = edge.member().grant(&access, &limits()).await?;
    let host = hub.fleet_host();
    host.put_member(&name("demo"), &name("edge"), &record, Some(&granted), Conflicts::Refuse, &limits())
        .await?;
    put_application(hub.as_ref()).await?;
    Ok((hub, edge, access))
}

#[tokio::test]
async fn an_application_is_applied_at_once_and_pruned_in_the_right_order_only() {
    let clusters = FakeClusters::default();
    let (hub, edge, access) = all_made(&clusters).await.unwrap();
    let (fleet, web) = (name("demo"), name("web"));
    let of = Whose { fleet: &fleet, application: &web };
    let facts = hub.distribution().observe_application(of, Freshness::Now, &limits()).await.unwrap();
    let placed = &facts.placements[&id()];
    assert_eq!(placed.progress, Progress::Ready);
    assert_eq!(placed.inventory, clusters.objects("uid-edge"));
    assert_eq!(edge.member().remaining(&placed.inventory, &limits()).await.unwrap(), placed.inventory);

    // The member's kubeconfig first would leave Flux no way in.
    hub.fleet_host().remove_member(&fleet, &name("edge"), &limits()).await.unwrap();
    let prune = hub.distribution().remove_placement(&fleet, &id(), Removal::Prune, &limits()).await;
    assert_eq!(prune.map_err(|error| error.kind), Err(Kind::TimedOut));
    hub.distribution().remove_placement(&fleet, &id(), Removal::Release, &limits()).await.unwrap();
    hub.distribution().remove_source(of, &mark().incarnation, &limits()).await.unwrap();
    edge.member().revoke(&access, &limits()).await.unwrap();
    hub.fleet_host().remove_namespace(&fleet, &mark().incarnation, &limits()).await.unwrap();
    assert!(!clusters.is_empty(), "released objects stay on the member");
    assert!(hub.fleet_host().observe_fleet(&fleet, &limits()).await.unwrap().namespace.is_none());
}

#[tokio::test]
async fn the_nth_change_breaks_before_or_after_it_is_carried_out() {
    for (moment, is_carried_out) in [(Moment::Before, false), (Moment::After, true)] {
        let clusters = FakeClusters::default();
        clusters.break_at(2, moment, Kind::Busy);
        let error = all_made(&clusters).await.err().map(|error| (error.doing, error.kind));
        assert_eq!(error, Some(("grant", Kind::Busy)));
        assert_eq!(!clusters.accounts("uid-edge").is_empty(), is_carried_out);
        assert_eq!(clusters.mutations(), ["put_namespace demo", "grant kurator-access-demo-uidhub"]);
    }
}

#[tokio::test]
async fn a_cancel_lets_the_call_in_hand_finish_and_no_other_begin() {
    let clusters = FakeClusters::default();
    let hub = clusters.connect(&clusters.add("env:HUB", "uid-hub"), &limits()).await.unwrap();
    let limits = limits();
    clusters.cancel_at(1, limits.cancel.clone());
    let host = hub.fleet_host();
    host.put_namespace(&name("demo"), &mark(), "view", Conflicts::Refuse, &limits).await.unwrap();
    let next = host.observe_fleet(&name("demo"), &limits).await.map_err(|error| error.kind);
    assert_eq!(next, Err(Kind::Cancelled));
}

#[tokio::test]
async fn flux_says_what_the_test_says() {
    let clusters = FakeClusters::default();
    let failed = Progress::Failed { reason: "BuildFailed".into(), message: "no".into(), stalled: true };
    clusters.add("env:HUB", "uid-hub");
    clusters.flux_says("uid-hub", &name("demo"), "web-base-edge", Some(failed.clone()));
    let (hub, ..) = all_made(&clusters).await.unwrap();
    let placements =
        hub.distribution().observe_placements(&name("demo"), &name("edge"), &limits()).await.unwrap();
    assert_eq!(placements[&id()].progress, failed);
    clusters.flux_says("uid-hub", &name("demo"), "web-base-edge", None);
    clusters.push("https://git.example/apps.git", "main@sha1:abc");
    let placements =
        hub.distribution().observe_placements(&name("demo"), &name("edge"), &limits()).await.unwrap();
    assert_eq!(placements[&id()].applied_revision.as_deref(), Some("main@sha1:abc"));
}

#[tokio::test]
async fn another_uid_and_a_dead_cluster_are_told_apart() {
    let clusters = FakeClusters::default();
    let reference = clusters.add("env:HUB", "uid-hub");
    clusters.add("env:HUB", "uid-new");
    let kind = |result: Result<Arc<dyn Cluster>, EngineError>| result.err().map(|error| error.kind);
    assert_eq!(kind(clusters.connect(&reference, &limits()).await), Some(Kind::AnotherCluster));
    clusters.set_trouble("uid-new", Some(Kind::Unreachable));
    assert_eq!(kind(clusters.connect(&reference, &limits()).await), Some(Kind::Unreachable));
}

//! Manifests on a member, with a real Flux behind it.

use std::time::Duration;

use domain::application::{Content, KustomizationSpec, Placement};
use engines::distribution::{Freshness, Removal};
use engines::error::Kind;
use engines::member::Access;
use engines::secret::SecretString;

use crate::made::{Made, source};
use crate::setup::{limits, mark, name};

fn placement(namespace: &str) -> Placement {
    Placement {
        policy: name("base"),
        member: name("edge"),
        content: Content::Kustomization(KustomizationSpec {
            path: "./".into(),
            prune: true,
            interval: Duration::from_mins(5),
            retry_interval: Some(Duration::from_secs(5)),
            timeout: Some(Duration::from_secs(30)),
            target_namespace: Some(namespace.to_owned()),
            force: false,
        }),
    }
}

#[tokio::test]
async fn an_application_reaches_a_member_and_is_pruned_from_it() {
    let Some(made) = Made::new("ek-prune").await else { return };
    let distribution = made.hub.distribution();
    let placed = placement(&made.access.namespace);
    let at = Made::id(&placed);
    for _ in 0..2 {
        let facts = made.put(&placed).await;
        let (found, source_facts) = (&facts.placements[&at], facts.source.as_ref().unwrap());
        assert_eq!(source_facts.spec.as_ref(), Some(&source(&made.git)));
        let mark = mark("kurator_application", &name("web"), "i-1");
        assert_eq!((source_facts.mark.as_ref(), source_facts.note.as_deref()), (Some(&mark), Some("{}")));
        assert_eq!(found.content.as_ref(), Some(&placed.content));
        assert_eq!(found.applied_revision, source_facts.revision);
        let shared = distribution.observe_application(made.of(), Freshness::Shared, &limits()).await;
        assert_eq!(*shared.unwrap(), facts, "a write of ours dropped what was shared");
    }
    let inventory = made.put(&placed).await.placements[&at].inventory.clone();
    assert_eq!(inventory.len(), 1);
    assert_eq!(made.edge.member().remaining(&inventory, &limits()).await.unwrap(), inventory);

    distribution.remove_placement(&made.fleet, &at, Removal::Prune, &limits()).await.unwrap();
    assert_eq!(made.edge.member().remaining(&inventory, &limits()).await.unwrap(), []);
    assert!(distribution.observe_placements(&made.fleet, &name("edge"), &limits()).await.unwrap().is_empty());
    made.remove().await;
}

#[tokio::test]
async fn what_a_dead_member_holds_is_not_pruned_and_is_released() {
    let Some(made) = Made::new("ek-release").await else { return };
    let placed = placement(&made.access.namespace);
    let at = Made::id(&placed);
    let inventory = made.put(&placed).await.placements[&at].inventory.clone();
    let dead = Access {
        endpoint: "https://127.0.0.1:9".into(),
        certificate_authority: None,
        token: SecretString::from("hunter2"),
    };
    made.put_member(&dead).await;
    let distribution = made.hub.distribution();
    let soon = limits().at_most(Duration::from_secs(5));
    let pruned = distribution.remove_placement(&made.fleet, &at, Removal::Prune, &soon).await;
    let error = pruned.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    assert!(error.chain().contains("it waits for finalizers.fluxcd.io; Flux said last"), "{}", error.chain());

    distribution.remove_placement(&made.fleet, &at, Removal::Release, &limits()).await.unwrap();
    assert_eq!(made.edge.member().remaining(&inventory, &limits()).await.unwrap(), inventory);
    made.remove().await;
}

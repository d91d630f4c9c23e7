//! A host as the distributor of applications, with a real Flux behind it.

use std::time::Duration;

use domain::application::{
    ApplicationFacts, GitRevision, GitSourceSpec, KustomizationSpec, Placement, Progress, placement_name,
};
use domain::fleet::{AccessSpec, MemberRecord};
use domain::name::Name;
use engines::clusters::Cluster;
use engines::distribution::{Freshness, Removal};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use engines::wait::{Pace, Seen, until};

use crate::setup::{Lab, incarnation, limits, mark, name, told};

fn source(url: &str) -> GitSourceSpec {
    GitSourceSpec {
        url: url.to_owned(),
        revision: GitRevision::Branch("main".into()),
        interval: Duration::from_mins(5),
        timeout: Some(Duration::from_secs(20)),
        secret_name: None,
    }
}

fn placement(namespace: &str) -> Placement {
    Placement {
        policy: name("base"),
        member: name("edge"),
        kustomization: KustomizationSpec {
            path: "./".into(),
            prune: true,
            interval: Duration::from_mins(5),
            retry_interval: Some(Duration::from_secs(5)),
            timeout: Some(Duration::from_secs(30)),
            target_namespace: Some(namespace.to_owned()),
            force: false,
        },
    }
}

async fn settled(hub: &dyn Cluster, fleet: &Name, application: &Name, limits: &Limits) -> ApplicationFacts {
    until("waiting for", "the application", Pace::CONTROLLER, limits, || async {
        let facts =
            hub.distribution().observe_application(fleet, application, Freshness::Now, limits).await?;
        let source = facts.source.as_ref().map(|source| source.progress.clone());
        let is_ready = source == Some(Progress::Ready)
            && facts.placements.values().all(|one| one.progress == Progress::Ready)
            && !facts.placements.is_empty();
        Ok(if is_ready { Seen::Ready((*facts).clone()) } else { Seen::Pending(format!("{facts:?}")) })
    })
    .await
    .unwrap()
}

async fn from_nothing_to_nothing(fleet: &str, removal: Removal) {
    let (Some(lab), Some(git)) = (Lab::find(), told("KURATOR_LAB_GIT")) else { return };
    let (hub, edge) = (lab.connect("hub").await, lab.connect("edge").await);
    let (fleet, web, member) = (name(fleet), name("web"), name("edge"));
    let host = hub.fleet_host();
    let distribution = hub.distribution();
    let access = AccessSpec::of(&fleet, hub.facts().uid.as_str(), "cluster-admin");
    let record = MemberRecord {
        cluster: lab.reference("edge"),
        labels: std::collections::BTreeMap::new(),
        api_server: None,
    };
    let made = mark("kurator_fleet", &fleet, "i-1");
    host.put_namespace(&fleet, &made, "cluster-admin", Conflicts::Refuse, &limits()).await.unwrap();
    let granted = edge.member().grant(&access, &limits()).await.unwrap();
    host.put_member(&fleet, &member, &record, Some(&granted), Conflicts::Refuse, &limits()).await.unwrap();

    let placed = placement(&access.namespace);
    let at = placement_name(&web, &placed.policy, &placed.member);
    let made = mark("kurator_application", &web, "i-1");
    for _ in 0..2 {
        distribution
            .put_source(&fleet, &web, &source(&git), &made, "{}", Conflicts::Refuse, &limits())
            .await
            .unwrap();
        distribution
            .put_placement(&fleet, &web, &at, &placed, &incarnation("i-1"), Conflicts::Refuse, &limits())
            .await
            .unwrap();
        let facts = settled(hub.as_ref(), &fleet, &web, &limits()).await;
        let (found, source_facts) = (&facts.placements[&at], facts.source.as_ref().unwrap());
        assert_eq!(source_facts.spec.as_ref(), Some(&source(&git)));
        assert_eq!((source_facts.mark.as_ref(), source_facts.note.as_deref()), (Some(&made), Some("{}")));
        assert_eq!(found.kustomization.as_ref(), Some(&placed.kustomization));
        assert_eq!(found.applied_revision, source_facts.revision);
        assert_eq!(found.inventory.len(), 1);
        let shared =
            distribution.observe_application(&fleet, &web, Freshness::Shared, &limits()).await.unwrap();
        assert_eq!(*shared, facts, "a write of ours dropped what was shared");
    }
    let inventory = settled(hub.as_ref(), &fleet, &web, &limits()).await.placements[&at].inventory.clone();
    assert_eq!(edge.member().remaining(&inventory, &limits()).await.unwrap(), inventory);

    distribution.remove_placement(&fleet, &at, removal, &limits()).await.unwrap();
    let left = edge.member().remaining(&inventory, &limits()).await.unwrap();
    match removal {
        Removal::Prune => assert_eq!(left, []),
        Removal::Release => assert_eq!(left, inventory),
    }
    assert!(distribution.observe_placements(&fleet, &limits()).await.unwrap().is_empty());
    distribution.remove_source(&fleet, &web, &incarnation("i-2"), &limits()).await.unwrap();
    let facts = distribution.observe_application(&fleet, &web, Freshness::Now, &limits()).await.unwrap();
    assert!(facts.source.is_some(), "another incarnation's stays");
    distribution.remove_source(&fleet, &web, &incarnation("i-1"), &limits()).await.unwrap();
    let facts = distribution.observe_application(&fleet, &web, Freshness::Shared, &limits()).await.unwrap();
    assert_eq!(*facts, ApplicationFacts::default());
    host.remove_member(&fleet, &member, &limits()).await.unwrap();
    edge.member().revoke(&access, &limits()).await.unwrap();
    host.remove_namespace(&fleet, &incarnation("i-1"), &limits()).await.unwrap();
}

#[tokio::test]
async fn an_application_reaches_a_member_and_is_pruned_from_it() {
    from_nothing_to_nothing("ek-prune", Removal::Prune).await;
}

#[tokio::test]
async fn a_released_application_stays_on_its_member() {
    from_nothing_to_nothing("ek-release", Removal::Release).await;
}

//! A host as the distributor of applications, with a real Flux behind it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::application::{
    ApplicationFacts, GitRevision, GitSourceSpec, KustomizationSpec, Placement, Progress,
};
use domain::fleet::{AccessSpec, MemberRecord};
use domain::name::Name;
use engines::clusters::Cluster;
use engines::distribution::{Freshness, Look, Removal};
use engines::error::Kind;
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use engines::member::Access;
use engines::secret::SecretString;
use engines::wait::{Pace, Seen, until};

use crate::setup::{Lab, incarnation, limits, mark, name, told};

/// Name of the Flux object for policy `base` on member `edge`.
const AT: &str = "web-base-edge";

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

/// A fleet with one member and one application on it, applied.
struct Made {
    lab: Lab,
    hub: Arc<dyn Cluster>,
    edge: Arc<dyn Cluster>,
    fleet: Name,
    access: AccessSpec,
    git: String,
}

impl Made {
    async fn new(fleet: &str) -> Option<Self> {
        let (lab, git) = (Lab::find()?, told("KURATOR_LAB_GIT")?);
        let (hub, edge) = (lab.connect("hub").await, lab.connect("edge").await);
        let fleet = name(fleet);
        let access = AccessSpec::of(&fleet, hub.facts().uid.as_str(), "cluster-admin");
        let made = mark("kurator_fleet", &fleet, "i-1");
        let host = hub.fleet_host();
        host.put_namespace(&fleet, &made, "cluster-admin", Conflicts::Refuse, &limits()).await.unwrap();
        let granted = edge.member().grant(&access, &limits()).await.unwrap();
        let made = Self { lab, hub, edge, fleet, access, git };
        made.put_member(&granted).await;
        Some(made)
    }

    async fn put_member(&self, access: &Access) {
        let cluster = self.lab.reference("edge");
        let record = MemberRecord { cluster, labels: BTreeMap::new(), api_server: None };
        let host = self.hub.fleet_host();
        let member = name("edge");
        host.put_member(&self.fleet, &member, &record, Some(access), Conflicts::Refuse, &limits())
            .await
            .unwrap();
    }

    /// Puts the application and waits until it is applied.
    async fn put(&self) -> ApplicationFacts {
        let distribution = self.hub.distribution();
        let (fleet, web, placed) = (&self.fleet, name("web"), placement(&self.access.namespace));
        let made = mark("kurator_application", &web, "i-1");
        let wanted = source(&self.git);
        distribution
            .put_source(fleet, &web, &wanted, &made, "{}", Look::AtOnce, Conflicts::Refuse, &limits())
            .await
            .unwrap();
        distribution
            .put_placement(fleet, &web, AT, &placed, &incarnation("i-1"), Conflicts::Refuse, &limits())
            .await
            .unwrap();
        settled(self.hub.as_ref(), fleet, &web, &limits()).await
    }

    /// Removes all but what is on the member.
    async fn remove(self) {
        let (host, distribution, fleet, web) =
            (self.hub.fleet_host(), self.hub.distribution(), &self.fleet, name("web"));
        distribution.remove_source(fleet, &web, &incarnation("i-2"), &limits()).await.unwrap();
        let facts = distribution.observe_application(fleet, &web, Freshness::Now, &limits()).await.unwrap();
        assert!(facts.source.is_some(), "another incarnation's stays");
        distribution.remove_source(fleet, &web, &incarnation("i-1"), &limits()).await.unwrap();
        let facts =
            distribution.observe_application(fleet, &web, Freshness::Shared, &limits()).await.unwrap();
        assert_eq!(*facts, ApplicationFacts::default());
        host.remove_member(fleet, &name("edge"), &limits()).await.unwrap();
        self.edge.member().revoke(&self.access, &limits()).await.unwrap();
        host.remove_namespace(fleet, &incarnation("i-1"), &limits()).await.unwrap();
    }
}

#[tokio::test]
async fn an_application_reaches_a_member_and_is_pruned_from_it() {
    let Some(made) = Made::new("ek-prune").await else { return };
    let distribution = made.hub.distribution();
    for _ in 0..2 {
        let facts = made.put().await;
        let (found, source_facts) = (&facts.placements[AT], facts.source.as_ref().unwrap());
        assert_eq!(source_facts.spec.as_ref(), Some(&source(&made.git)));
        let mark = mark("kurator_application", &name("web"), "i-1");
        assert_eq!((source_facts.mark.as_ref(), source_facts.note.as_deref()), (Some(&mark), Some("{}")));
        assert_eq!(found.kustomization, Some(placement(&made.access.namespace).kustomization));
        assert_eq!(found.applied_revision, source_facts.revision);
        let shared =
            distribution.observe_application(&made.fleet, &name("web"), Freshness::Shared, &limits()).await;
        assert_eq!(*shared.unwrap(), facts, "a write of ours dropped what was shared");
    }
    let inventory = made.put().await.placements[AT].inventory.clone();
    assert_eq!(inventory.len(), 1);
    assert_eq!(made.edge.member().remaining(&inventory, &limits()).await.unwrap(), inventory);

    distribution.remove_placement(&made.fleet, AT, Removal::Prune, &limits()).await.unwrap();
    assert_eq!(made.edge.member().remaining(&inventory, &limits()).await.unwrap(), []);
    assert!(distribution.observe_placements(&made.fleet, &limits()).await.unwrap().is_empty());
    made.remove().await;
}

#[tokio::test]
async fn what_a_dead_member_holds_is_not_pruned_and_is_released() {
    let Some(made) = Made::new("ek-release").await else { return };
    let inventory = made.put().await.placements[AT].inventory.clone();
    let dead = Access {
        endpoint: "https://127.0.0.1:9".into(),
        certificate_authority: None,
        token: SecretString::from("hunter2"),
    };
    made.put_member(&dead).await;
    let distribution = made.hub.distribution();
    let soon = limits().at_most(Duration::from_secs(5));
    let pruned = distribution.remove_placement(&made.fleet, AT, Removal::Prune, &soon).await;
    let error = pruned.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    assert!(error.chain().contains("it waits for finalizers.fluxcd.io; Flux said last"), "{}", error.chain());

    distribution.remove_placement(&made.fleet, AT, Removal::Release, &limits()).await.unwrap();
    assert_eq!(made.edge.member().remaining(&inventory, &limits()).await.unwrap(), inventory);
    made.remove().await;
}

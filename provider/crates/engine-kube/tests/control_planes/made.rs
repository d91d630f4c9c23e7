//! A fleet with one member and one application on it, made by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::application::{ApplicationFacts, GitRevision, GitSourceSpec, Placement, PlacementId, Progress};
use domain::fleet::{AccessSpec, MemberRecord};
use domain::name::Name;
use engines::clusters::Cluster;
use engines::distribution::{Freshness, Look, PutPlacement, PutSource, Whose};
use engines::error::EngineError;
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use engines::member::Access;
use engines::wait::{Pace, Seen, until};

use crate::setup::{Lab, incarnation, limits, mark, name, told};

/// Name of the Flux object for policy `base` on member `edge`.
pub(crate) const AT: &str = "web-base-edge";

pub(crate) fn source(url: &str) -> GitSourceSpec {
    GitSourceSpec {
        url: url.to_owned(),
        revision: GitRevision::Branch("main".into()),
        interval: Duration::from_mins(5),
        timeout: Some(Duration::from_secs(20)),
        secret_name: None,
    }
}

/// The application once `is_it` says so of it.
async fn seen(
    hub: &dyn Cluster,
    of: Whose<'_>,
    limits: &Limits,
    is_it: impl Fn(&ApplicationFacts) -> bool,
) -> Result<ApplicationFacts, EngineError> {
    until("waiting for", "the application", Pace::CONTROLLER, limits, || async {
        let facts = hub.distribution().observe_application(of, Freshness::Now, limits).await?;
        Ok(if is_it(&facts) { Seen::Ready((*facts).clone()) } else { Seen::Pending(format!("{facts:?}")) })
    })
    .await
}

/// Whether the source's revision is applied.
fn is_applied(facts: &ApplicationFacts) -> bool {
    let Some(source) = facts.source.as_ref().filter(|source| source.progress == Progress::Ready) else {
        return false;
    };
    let is_right = |one: &domain::application::PlacementFacts| {
        one.progress == Progress::Ready && one.applied_revision == source.revision
    };
    source.revision.is_some() && facts.placements.values().all(is_right) && !facts.placements.is_empty()
}

/// A fleet with one member and one application on it, applied.
pub(crate) struct Made {
    lab: Lab,
    pub(crate) hub: Arc<dyn Cluster>,
    pub(crate) edge: Arc<dyn Cluster>,
    pub(crate) fleet: Name,
    pub(crate) application: Name,
    pub(crate) access: AccessSpec,
    pub(crate) git: String,
}

impl Made {
    pub(crate) async fn new(fleet: &str) -> Option<Self> {
        let (lab, git) = (Lab::find()?, told("KURATOR_LAB_GIT")?);
        let (hub, edge) = (lab.connect("hub").await, lab.connect("edge").await);
        let fleet = name(fleet);
        let access = AccessSpec::of(&fleet, hub.facts().uid.as_str(), "cluster-admin");
        let made = mark("kurator_fleet", &fleet, "i-1");
        let host = hub.fleet_host();
        host.put_namespace(&fleet, &made, "cluster-admin", Conflicts::Refuse, &limits()).await.unwrap();
        let granted = edge.member().grant(&access, &limits()).await.unwrap();
        let made = Self { lab, hub, edge, fleet, application: name("web"), access, git };
        made.put_member(&granted).await;
        Some(made)
    }

    pub(crate) async fn put_member(&self, access: &Access) {
        let cluster = self.lab.reference("edge");
        let record = MemberRecord { cluster, labels: BTreeMap::new(), api_server: None };
        let host = self.hub.fleet_host();
        let member = name("edge");
        host.put_member(&self.fleet, &member, &record, Some(access), Conflicts::Refuse, &limits())
            .await
            .unwrap();
    }

    /// Which application it is.
    pub(crate) fn of(&self) -> Whose<'_> {
        Whose { fleet: &self.fleet, application: &self.application }
    }

    /// The Flux object of a placement.
    pub(crate) fn id(placement: &Placement) -> PlacementId {
        PlacementId { name: AT.to_owned(), carrier: placement.content.carrier() }
    }

    /// Puts the application and waits until it is applied.
    pub(crate) async fn put(&self, placement: &Placement) -> ApplicationFacts {
        self.put_and_see(placement, is_applied).await
    }

    /// Puts the application and waits until `is_it` says so of it.
    pub(crate) async fn put_and_see(
        &self,
        placement: &Placement,
        is_it: impl Fn(&ApplicationFacts) -> bool,
    ) -> ApplicationFacts {
        let distribution = self.hub.distribution();
        let made = mark("kurator_application", &self.application, "i-1");
        let wanted = PutSource { source: &source(&self.git), mark: &made, note: "{}", look: Look::AtOnce };
        distribution.put_source(self.of(), wanted, Conflicts::Refuse, &limits()).await.unwrap();
        let wanted = PutPlacement { name: AT, placement, incarnation: &incarnation("i-1") };
        distribution.put_placement(self.of(), wanted, Conflicts::Refuse, &limits()).await.unwrap();
        seen(self.hub.as_ref(), self.of(), &limits(), is_it).await.unwrap()
    }

    /// Removes all but what is on the member.
    pub(crate) async fn remove(self) {
        let (host, distribution, fleet) = (self.hub.fleet_host(), self.hub.distribution(), &self.fleet);
        distribution.remove_source(self.of(), &incarnation("i-2"), &limits()).await.unwrap();
        let facts = distribution.observe_application(self.of(), Freshness::Now, &limits()).await.unwrap();
        assert!(facts.source.is_some(), "another incarnation's stays");
        distribution.remove_source(self.of(), &incarnation("i-1"), &limits()).await.unwrap();
        let facts = distribution.observe_application(self.of(), Freshness::Shared, &limits()).await.unwrap();
        assert_eq!(*facts, ApplicationFacts::default());
        host.remove_member(fleet, &name("edge"), &limits()).await.unwrap();
        self.edge.member().revoke(&self.access, &limits()).await.unwrap();
        host.remove_namespace(fleet, &incarnation("i-1"), &limits()).await.unwrap();
    }
}

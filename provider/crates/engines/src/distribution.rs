//! A cluster as the distributor of applications: Flux's objects in the fleets' namespaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::application::{ApplicationFacts, GitSourceSpec, Placement, PlacementFacts, PlacementId};
use domain::mark::{Incarnation, Mark};
use domain::name::Name;

use crate::error::EngineError;
use crate::fleet_host::Conflicts;
use crate::limits::Limits;

/// How fresh an observation must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// One list per cluster and kind is shared by all reads of a run, until a write of ours drops it.
    Shared,
    /// Asked anew; what an apply decides upon.
    Now,
}

/// When Flux is to look at an object again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// At once: it is asked to, unless it has not looked at the object's present shape yet.
    AtOnce,
    /// When it would anyway. Nothing but the one call is made.
    InItsTime,
}

/// How a Flux object is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Flux removes what the object holds on the member first, and the object stays until that is done.
    Prune,
    /// What the object holds stays where it is: for members that are proven gone or given up.
    Release,
}

/// Which application: the fleet whose namespace it is in, and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose<'a> {
    /// The fleet.
    pub fleet: &'a Name,
    /// The application.
    pub application: &'a Name,
}

/// A source as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutSource<'a> {
    /// What it asks for.
    pub source: &'a GitSourceSpec,
    /// Its mark.
    pub mark: &'a Mark,
    /// What the user asked for and no API stores.
    pub note: &'a str,
    /// When Flux is to look at it again.
    pub look: Look,
}

/// A Flux object of a policy as it should be. Its kind follows from what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutPlacement<'a> {
    /// Its name.
    pub name: &'a str,
    /// What goes where.
    pub placement: &'a Placement,
    /// The making it belongs to.
    pub incarnation: &'a Incarnation,
}

/// Sources, Flux Kustomizations and `HelmReleases` on a host.
#[async_trait]
pub trait Distribution: Send + Sync {
    /// Finds an application's source and Flux objects.
    ///
    /// # Errors
    ///
    /// Anything but "not found". A host without Flux has no applications.
    async fn observe_application(
        &self,
        of: Whose<'_>,
        freshness: Freshness,
        limits: &Limits,
    ) -> Result<Arc<ApplicationFacts>, EngineError>;

    /// Finds every Flux object of `fleet` that carries a policy to `member`, whichever application made it. Asked anew.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn observe_placements(
        &self,
        fleet: &Name,
        member: &Name,
        limits: &Limits,
    ) -> Result<BTreeMap<PlacementId, PlacementFacts>, EngineError>;

    /// Makes an application's source or updates it, by server-side apply, bearing its mark and note.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Conflict`] if somebody else manages a field and `conflicts` refuses.
    async fn put_source(
        &self,
        of: Whose<'_>,
        wanted: PutSource<'_>,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Makes one Flux object or updates it, by server-side apply, with labels for fleet, application, policy and
    /// member, the member's kubeconfig Secret, and the incarnation. A Kustomization gets
    /// `deletionPolicy: WaitForTermination` (`Orphan` without `prune`, so that the user's word holds at the end too).
    /// A `HelmRelease` keeps Helm's record in the release's namespace and mends drift.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Conflict`] as above.
    async fn put_placement(
        &self,
        of: Whose<'_>,
        wanted: PutPlacement<'_>,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Takes a Flux object of a policy away and waits until it is gone, and with a `HelmRelease` its `HelmChart`.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::TimedOut`] with Flux's last word.
    async fn remove_placement(
        &self,
        fleet: &Name,
        id: &PlacementId,
        removal: Removal,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Removes an application's source if it bears `incarnation`, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn remove_source(
        &self,
        of: Whose<'_>,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError>;
}

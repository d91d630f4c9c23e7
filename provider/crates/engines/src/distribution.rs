//! A cluster as the distributor of applications: Flux's objects in the fleets' namespaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::application::{ApplicationFacts, GitSourceSpec, Placement, PlacementFacts};
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

/// Sources and Flux Kustomizations on a host.
#[expect(clippy::too_many_arguments, reason = "what an object is made of; every caller names each part once")]
#[async_trait]
pub trait Distribution: Send + Sync {
    /// Finds an application's source and Flux objects.
    ///
    /// # Errors
    ///
    /// Anything but "not found". A host without Flux has no applications.
    async fn observe_application(
        &self,
        fleet: &Name,
        application: &Name,
        freshness: Freshness,
        limits: &Limits,
    ) -> Result<Arc<ApplicationFacts>, EngineError>;

    /// Finds every Flux object of `fleet`, whichever application made it, by name. Asked anew.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn observe_placements(
        &self,
        fleet: &Name,
        limits: &Limits,
    ) -> Result<BTreeMap<String, PlacementFacts>, EngineError>;

    /// Makes an application's source or updates it, by server-side apply, bearing `mark` and `note`.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Conflict`] if somebody else manages a field and `conflicts` refuses.
    async fn put_source(
        &self,
        fleet: &Name,
        application: &Name,
        source: &GitSourceSpec,
        mark: &Mark,
        note: &str,
        look: Look,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Makes one Flux Kustomization or updates it, by server-side apply: `deletionPolicy: WaitForTermination`
    /// (`Orphan` without `prune`, so that the user's word holds at the end too), labels for fleet, application, policy and member, the member's kubeconfig Secret, and `incarnation`.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Conflict`] as above.
    async fn put_placement(
        &self,
        fleet: &Name,
        application: &Name,
        name: &str,
        placement: &Placement,
        incarnation: &Incarnation,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Takes a Flux Kustomization away and waits until it is gone.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::TimedOut`] with Flux's last word.
    async fn remove_placement(
        &self,
        fleet: &Name,
        name: &str,
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
        fleet: &Name,
        application: &Name,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError>;
}

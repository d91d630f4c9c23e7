//! A cluster as the carrier of fleets.

use async_trait::async_trait;
use domain::fleet::{FleetFacts, MemberRecord};
use domain::mark::{Incarnation, Mark};
use domain::name::Name;

use crate::error::EngineError;
use crate::limits::Limits;
use crate::member::Access;

/// Whether a field that somebody else manages is left to them or taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// Refuse with [`crate::error::Kind::Conflict`].
    Refuse,
    /// Take the field over (`force_conflicts = true`).
    Force,
}

/// What a fleet keeps on its host: a namespace that bears its mark and one Secret per member.
#[async_trait]
pub trait FleetHost: Send + Sync {
    /// Finds the fleet's namespace and member records.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn observe_fleet(&self, fleet: &Name, limits: &Limits) -> Result<FleetFacts, EngineError>;

    /// Makes the fleet's namespace or updates its mark and note, by server-side apply.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Conflict`] if somebody else manages a field and `conflicts` refuses.
    async fn put_namespace(
        &self,
        fleet: &Name,
        mark: &Mark,
        member_role: &str,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Writes a member's record; with `access`, first its kubeconfig (self-contained, key `value`), else the
    /// kubeconfig that is there is kept.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Conflict`] as above.
    async fn put_member(
        &self,
        fleet: &Name,
        member: &Name,
        record: &MemberRecord,
        access: Option<&Access>,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Removes a member's record and kubeconfig.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn remove_member(&self, fleet: &Name, member: &Name, limits: &Limits) -> Result<(), EngineError>;

    /// Removes the fleet's namespace if it bears `incarnation`, and waits until it is gone.
    /// A namespace that bears another incarnation, or none, is left alone.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::TimedOut`] with what the namespace still holds, as its status says.
    async fn remove_namespace(
        &self,
        fleet: &Name,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError>;
}

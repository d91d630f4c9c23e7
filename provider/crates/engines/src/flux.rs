//! Flux on a cluster.

use async_trait::async_trait;
use domain::fleet::{FluxFacts, FluxSpec};
use domain::name::Name;

use crate::error::EngineError;
use crate::limits::Limits;

/// Flux itself: looked for, installed where it is missing, removed where we installed it.
#[async_trait]
pub trait Flux: Send + Sync {
    /// Looks whether Flux's custom resources are served and who installed it. Writes nothing, so it never gives
    /// [`FluxFacts::Working`] or [`FluxFacts::Silent`].
    ///
    /// # Errors
    ///
    /// Anything the cluster answers but "not found".
    async fn look_at_flux(&self, limits: &Limits) -> Result<FluxFacts, EngineError>;

    /// Looks as [`Flux::look_at_flux`] does, and where a whole Flux is served, whether its controllers answer.
    ///
    /// Side effect: probe objects in the first of `namespaces` that exists and is not being deleted, removed again.
    /// Where there is none, nothing can be tried, and Flux counts as silent.
    ///
    /// # Errors
    ///
    /// Anything the cluster answers but "not found".
    async fn observe_flux(&self, namespaces: &[&str], limits: &Limits) -> Result<FluxFacts, EngineError>;

    /// Fetches Flux's manifests from the OCI artifact in `spec` and applies them, each object bearing the name of
    /// `fleet`; if it is found in the name of another fleet of this cluster, it stays that one's. Running it again
    /// is safe. Does not wait for the controllers.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Rejected`] if the artifact is not what it should be (its digest differs, no manifests in it).
    async fn install_flux(&self, spec: &FluxSpec, fleet: &Name, limits: &Limits) -> Result<(), EngineError>;

    /// Removes what [`Flux::install_flux`] made for `fleet`, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn remove_flux(&self, fleet: &Name, limits: &Limits) -> Result<(), EngineError>;
}

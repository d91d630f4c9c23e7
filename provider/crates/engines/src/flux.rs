//! Flux on a cluster.

use async_trait::async_trait;
use domain::fleet::{FluxFacts, FluxSpec};
use domain::mark::Incarnation;

use crate::error::EngineError;
use crate::limits::Limits;

/// Flux itself: looked for, installed where it is missing, removed where we installed it.
#[async_trait]
pub trait Flux: Send + Sync {
    /// Looks whether Flux's custom resources are served and a controller answers.
    ///
    /// Side effect: a probe object in `namespace`, removed again.
    ///
    /// # Errors
    ///
    /// Anything the cluster answers but "not found".
    async fn observe_flux(&self, namespace: &str, limits: &Limits) -> Result<FluxFacts, EngineError>;

    /// Fetches Flux's manifests from the OCI artifact in `spec` and applies them, each object bearing `incarnation`.
    /// Running it again is safe. Does not wait for the controllers.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Rejected`] if the artifact is not what it should be (its digest differs, no manifests in it).
    async fn install_flux(
        &self,
        spec: &FluxSpec,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Removes what [`Flux::install_flux`] made for `incarnation`, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn remove_flux(&self, incarnation: &Incarnation, limits: &Limits) -> Result<(), EngineError>;
}

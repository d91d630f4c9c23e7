//! Flux on a cluster.

use async_trait::async_trait;
use domain::fleet::{FluxFacts, FluxSpec};
use domain::mark::Incarnation;
use engines::error::EngineError;
use engines::flux::Flux;
use engines::limits::Limits;

use crate::cluster::KubeCluster;
use crate::collection::Extent;
use crate::flux_install::custom_resources;
use crate::git_repository;
use crate::kustomization;
use crate::labels::FLUX_INSTALLED_BY;
use crate::metadata::AnyObject;

/// The definition that says who installed Flux: without it there is no Flux for us.
const DEFINITION: &str = "kustomizations.kustomize.toolkit.fluxcd.io";

#[async_trait]
impl Flux for KubeCluster {
    async fn observe_flux(&self, namespace: &str, limits: &Limits) -> Result<FluxFacts, EngineError> {
        let definitions = custom_resources();
        let (sources, kustomizations, definition) = futures::try_join!(
            self.served(git_repository::API_VERSION, limits),
            self.served(kustomization::API_VERSION, limits),
            self.find::<AnyObject>(&definitions, DEFINITION, Extent::Metadata, limits),
        )?;
        if !sources.contains_key("GitRepository") || !kustomizations.contains_key("Kustomization") {
            return Ok(FluxFacts::Absent);
        }
        let installed_by =
            definition.and_then(|found| found.metadata.annotation(FLUX_INSTALLED_BY).map(str::to_owned));
        if self.do_controllers_answer(namespace, limits).await? {
            Ok(FluxFacts::Working { installed_by })
        } else {
            Ok(FluxFacts::Silent { installed_by })
        }
    }

    async fn install_flux(
        &self,
        spec: &FluxSpec,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.install(spec, incarnation, limits).await
    }

    async fn remove_flux(&self, incarnation: &Incarnation, limits: &Limits) -> Result<(), EngineError> {
        self.remove_installed(incarnation, limits).await
    }
}

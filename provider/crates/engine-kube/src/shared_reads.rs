//! What all reads of a run share: one list per cluster and kind of Flux object.

use std::sync::Arc;

use engines::error::EngineError;
use engines::limits::Limits;

use crate::applications::{Applications, FluxObjects};
use crate::call::found;
use crate::cluster::KubeCluster;
use crate::collection::Extent;
use crate::flux_object::FluxObject;
use crate::git_repository;
use crate::helm_chart::{self, HelmChart};
use crate::helm_release::HelmRelease;
use crate::labels::FLEET;
use crate::metadata::List;
use crate::single_flight::SingleFlight;

/// The shared lists of one cluster.
#[derive(Default)]
pub(crate) struct SharedReads(SingleFlight<Applications>);

impl SharedReads {
    /// Forgets all lists. Every write of ours calls this, also one that failed: it may have been carried out.
    pub(crate) fn drop_all(&self) {
        self.0.drop_it();
    }
}

impl KubeCluster {
    /// The shared lists, asked for by the first who wants them.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn shared_applications(
        &self,
        limits: &Limits,
    ) -> Result<Arc<Applications>, EngineError> {
        let target = "Flux's objects in all namespaces";
        self.shared
            .0
            .get("listing", target, limits, || async {
                let objects = self.list_flux_objects(None, FLEET, limits).await?;
                Ok(Applications::of(&objects))
            })
            .await
    }

    /// Flux's objects that `selector` chooses, in `namespace` or in all. Without Flux there are none.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn list_flux_objects(
        &self,
        namespace: Option<&str>,
        selector: &str,
        limits: &Limits,
    ) -> Result<FluxObjects, EngineError> {
        let sources = git_repository::collection(namespace);
        let (sources, kustomizations, (releases, charts)) = futures::try_join!(
            self.list(&sources, selector, Extent::Whole, limits),
            self.list_carriers(namespace, selector, limits),
            self.list_releases(namespace, selector, limits),
        )?;
        Ok(FluxObjects { sources, kustomizations, releases, charts })
    }

    /// `HelmReleases` and the charts that Flux packed for them; charts are asked for only where there are releases.
    async fn list_releases(
        &self,
        namespace: Option<&str>,
        selector: &str,
        limits: &Limits,
    ) -> Result<(Vec<HelmRelease>, Vec<HelmChart>), EngineError> {
        let releases: Vec<HelmRelease> = self.list_carriers(namespace, selector, limits).await?;
        if releases.is_empty() {
            return Ok((releases, Vec::new()));
        }
        let charts = helm_chart::collection(namespace);
        Ok((releases, self.list(&charts, selector, Extent::Whole, limits).await?))
    }

    /// The Flux objects of one kind that carry policies and that `selector` chooses, in `namespace` or in all.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn list_carriers<O: FluxObject>(
        &self,
        namespace: Option<&str>,
        selector: &str,
        limits: &Limits,
    ) -> Result<Vec<O>, EngineError> {
        self.list(&O::collection(namespace), selector, Extent::Whole, limits).await
    }

    /// The objects that `selector` chooses; none where the kind is not served.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn list<T: serde::de::DeserializeOwned>(
        &self,
        collection: &crate::collection::Collection,
        selector: &str,
        extent: Extent,
        limits: &Limits,
    ) -> Result<Vec<T>, EngineError> {
        let request = collection.list(selector, extent);
        let list = self.caller.read::<List<T>>("listing", &collection.to_string(), request, limits).await;
        Ok(found(list)?.and_then(|list| list.items).unwrap_or_default())
    }

    /// One object, or none.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    pub(crate) async fn find<T: serde::de::DeserializeOwned>(
        &self,
        collection: &crate::collection::Collection,
        name: &str,
        extent: Extent,
        limits: &Limits,
    ) -> Result<Option<T>, EngineError> {
        let request = collection.get(name, extent);
        found(self.caller.read("reading", &collection.object(name), request, limits).await)
    }
}

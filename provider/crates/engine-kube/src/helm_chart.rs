//! The chart that Flux packs for a `HelmRelease` out of its source: a `HelmChart`, made and named by Flux.

use domain::application::Progress;
use serde::Deserialize;

use crate::collection::Collection;
use crate::git_repository::API_VERSION;
use crate::metadata::Metadata;
use crate::progress::{self, Condition, Judgement};

/// A `HelmChart` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct HelmChart {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default)]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    conditions: Vec<Condition>,
    last_handled_reconcile_at: Option<String>,
    observed_source_artifact_revision: Option<String>,
    artifact: Option<Artifact>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Artifact {
    revision: String,
}

/// The charts in `namespace`, or in all.
pub(crate) fn collection(namespace: Option<&str>) -> Collection {
    Collection::new(API_VERSION, "HelmChart", "helmcharts", namespace)
}

/// The name that Flux gives to the chart of a release (helm-controller 1.6, `GetHelmChartName`).
pub(crate) fn name_of(namespace: &str, release: &str) -> String {
    format!("{namespace}-{release}")
}

impl HelmChart {
    /// What Flux says of it.
    pub(crate) fn progress(&self) -> Progress {
        let judgement = Judgement {
            conditions: self.status.conditions.clone(),
            last_handled_reconcile_at: self.status.last_handled_reconcile_at.clone(),
        };
        progress::of(&self.metadata, &judgement)
    }

    /// The version of the chart that was packed, and the revision of the source that it was packed from or looked for
    /// news in; none while that is not settled.
    pub(crate) fn packed(&self) -> Option<(&str, &str)> {
        let artifact = self.status.artifact.as_ref()?;
        let from = self.status.observed_source_artifact_revision.as_deref()?;
        (self.progress() == Progress::Ready).then_some((artifact.revision.as_str(), from))
    }
}

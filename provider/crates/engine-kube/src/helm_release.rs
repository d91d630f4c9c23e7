//! A chart of one policy on one member: a `HelmRelease` of Flux.

use std::collections::BTreeMap;

use domain::application::{Carrier, Content, HelmSpec, PlacementFacts, Progress, ReconcileStrategy};
use domain::duration;
use engines::distribution::{PutPlacement, Whose};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::flux_object::{self, FluxObject, Inventory, KubeConfig, SourceRef, Told};
use crate::git_repository::optional;
use crate::helm_chart::{self, HelmChart};
use crate::labels::{APPLICATION, FLEET};
use crate::metadata::Metadata;
use crate::progress::{Condition, Judgement, has_open_request};

/// Group and version of Flux's `HelmReleases`.
const API_VERSION: &str = "helm.toolkit.fluxcd.io/v2";

/// What Helm calls a release that is in place.
const DEPLOYED: &str = "deployed";

/// A `HelmRelease` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct HelmRelease {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    pub(crate) spec: Option<Spec>,
    #[serde(default)]
    status: Status,
}

/// `spec`, in the fields that we write.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    chart: Template,
    release_name: String,
    target_namespace: String,
    storage_namespace: String,
    interval: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<String>,
    install: Install,
    upgrade: Upgrade,
    drift_detection: DriftDetection,
    #[serde(skip_serializing_if = "Option::is_none")]
    kube_config: Option<KubeConfig>,
    values: Value,
    /// Never written by us: somebody else's doing, and set back to false before an uninstallation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    suspend: bool,
}

/// What Flux makes the chart's own object from.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
struct Template {
    metadata: TemplateMetadata,
    spec: TemplateSpec,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
struct TemplateMetadata {
    labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct TemplateSpec {
    chart: String,
    source_ref: SourceRef,
    reconcile_strategy: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values_files: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct Install {
    create_namespace: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
struct Upgrade {
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
struct Remediation {
    #[serde(skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
struct DriftDetection {
    mode: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    conditions: Vec<Condition>,
    last_handled_reconcile_at: Option<String>,
    last_attempted_generation: Option<i64>,
    last_attempted_revision: Option<String>,
    last_attempted_config_digest: Option<String>,
    last_attempted_release_action: Option<String>,
    failures: u32,
    history: Vec<Release>,
    inventory: Option<Inventory>,
}

/// One release in Helm's record, the newest first.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Release {
    status: String,
    chart_version: String,
    config_digest: String,
}

impl FluxObject for HelmRelease {
    const CARRIER: Carrier = Carrier::HelmRelease;

    fn collection(namespace: Option<&str>) -> Collection {
        Collection::new(API_VERSION, "HelmRelease", "helmreleases", namespace)
    }

    /// A suspended one is let go without an uninstallation, and without its `HelmChart` (helm-controller 1.6,
    /// `reconcileDelete`).
    fn release() -> Value {
        json!({ "spec": { "suspend": true } })
    }

    fn made_for(namespace: &str, name: &str) -> Option<(Collection, String)> {
        Some((helm_chart::collection(Some(namespace)), helm_chart::name_of(namespace, name)))
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn is_suspended(&self) -> bool {
        self.spec.as_ref().is_some_and(|spec| spec.suspend)
    }

    fn kube_config(&self) -> Option<&KubeConfig> {
        self.spec.as_ref()?.kube_config.as_ref()
    }

    fn judgement(&self) -> Judgement {
        Judgement {
            conditions: self.status.conditions.clone(),
            last_handled_reconcile_at: self.status.last_handled_reconcile_at.clone(),
        }
    }
}

/// A `HelmRelease` as we apply it.
///
/// Helm's record is kept beside the release, and not in the namespace that this object has on the host. The chart's own
/// object gets our labels, so that one list finds it.
///
/// # Errors
///
/// The values are not JSON.
pub(crate) fn body(
    namespace: &str,
    of: Whose<'_>,
    put: PutPlacement<'_>,
    helm: &HelmSpec,
) -> serde_json::Result<Value> {
    let labels = flux_object::labels(of, put.placement);
    let remediation = |retries: Option<u32>| retries.map(|retries| Remediation { retries: Some(retries) });
    let spec = Spec {
        chart: Template {
            metadata: TemplateMetadata {
                labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            },
            spec: TemplateSpec {
                chart: helm.chart.clone(),
                source_ref: SourceRef::of(of.application),
                reconcile_strategy: strategy(helm.reconcile_strategy).to_owned(),
                values_files: helm.values_files.clone(),
            },
        },
        release_name: helm.release_name.clone(),
        target_namespace: helm.target_namespace.clone(),
        storage_namespace: helm.target_namespace.clone(),
        interval: duration::format(helm.interval),
        timeout: helm.timeout.map(duration::format),
        install: Install { create_namespace: true, remediation: remediation(helm.install_retries) },
        upgrade: Upgrade { remediation: remediation(helm.upgrade_retries) },
        drift_detection: DriftDetection { mode: "enabled".to_owned() },
        kube_config: Some(KubeConfig::of(&put.placement.member)),
        values: serde_json::from_str(&helm.values)?,
        suspend: false,
    };
    Ok(flux_object::body(namespace, of, put, &spec))
}

fn strategy(strategy: ReconcileStrategy) -> &'static str {
    match strategy {
        ReconcileStrategy::ChartVersion => "ChartVersion",
        ReconcileStrategy::Revision => "Revision",
    }
}

impl HelmRelease {
    /// The release in our words, with the `HelmChart` that Flux made for it; none if its labels are not ours.
    pub(crate) fn to_facts(&self, chart: Option<&HelmChart>) -> Option<PlacementFacts> {
        let content = self.spec.as_ref().and_then(|spec| spec.to_domain(&self.metadata)).map(Content::Helm);
        let objects = self.status.inventory.iter().flat_map(Inventory::objects);
        // Helm never removes the definitions in a chart's folder `crds`.
        let inventory = objects.filter(|object| object.kind != "CustomResourceDefinition").collect();
        let applied_revision = self.applied_revision(chart);
        let mut facts = flux_object::to_facts(self, Told { content, applied_revision, inventory })?;
        if matches!(facts.progress, Progress::Pending { .. }) {
            facts.progress = self.failure().unwrap_or(facts.progress);
        }
        // Of a chart that cannot be packed the release says at most that it waits; with an older one in place, nothing.
        if let Some(failed @ Progress::Failed { .. }) = chart.map(HelmChart::progress) {
            facts.progress = failed;
        }
        Some(facts)
    }

    /// The failure of what was tried for the object's present shape, once it was tried as often as was asked for.
    ///
    /// What fails before Helm has recorded a release, such as values that the chart's schema refuses, Flux tries again
    /// for ever, whatever the retries say, and calls it progress; `Released` alone stays at the failure (lab,
    /// 2026-11-21: `failures` was 3 after as many seconds, never `Stalled`).
    fn failure(&self) -> Option<Progress> {
        let status = &self.status;
        if has_open_request(&self.metadata, &self.judgement()) {
            return None;
        }
        let released = status.conditions.iter().find(|condition| {
            condition.kind == "Released" && condition.observed_generation == self.metadata.generation
        })?;
        let spec = self.spec.as_ref()?;
        let remediation = match status.last_attempted_release_action.as_deref() {
            Some("upgrade") => &spec.upgrade.remediation,
            _ => &spec.install.remediation,
        };
        let is_over = status.failures > retries(remediation.as_ref()).unwrap_or(0);
        (released.status == "False" && is_over).then(|| Progress::Failed {
            reason: released.reason.clone(),
            message: released.message.clone(),
            stalled: false,
        })
    }

    /// The source's revision, once the newest release is in place, of the chart that was packed from that revision and
    /// with the values that were tried last for the object's present shape. Else, if a release is in place, its
    /// chart's version.
    ///
    /// Flux keeps no revision here: `history` is Helm's record, and the conditions stay as they were until Flux begins.
    fn applied_revision(&self, chart: Option<&HelmChart>) -> Option<String> {
        let status = &self.status;
        let newest = status.history.first().filter(|release| release.status == DEPLOYED)?;
        let version = newest.chart_version.as_str();
        let tried = (status.last_attempted_generation, status.last_attempted_config_digest.as_deref());
        let is_as_asked = tried == (self.metadata.generation, Some(newest.config_digest.as_str()))
            && status.last_attempted_revision.as_deref() == Some(version);
        match chart.and_then(HelmChart::packed) {
            Some((packed, from)) if is_as_asked && packed == version => Some(from.to_owned()),
            _ => Some(format!("chart {version}")),
        }
    }
}

impl Spec {
    /// Reads the spec back; none if it is of a shape that we never write.
    fn to_domain(&self, metadata: &Metadata) -> Option<HelmSpec> {
        let is_labelled = |key: &str| {
            let label = self.chart.metadata.labels.get(key).map(String::as_str);
            label.is_some() && label == metadata.label(key)
        };
        let is_ours = self.install.create_namespace
            && self.drift_detection.mode == "enabled"
            && self.storage_namespace == self.target_namespace
            && self.chart.spec.source_ref.is_ours()
            && self.kube_config.is_some()
            && is_labelled(FLEET)
            && is_labelled(APPLICATION);
        is_ours.then_some(())?;
        let template = &self.chart.spec;
        Some(HelmSpec {
            chart: template.chart.clone(),
            reconcile_strategy: [ReconcileStrategy::ChartVersion, ReconcileStrategy::Revision]
                .into_iter()
                .find(|one| strategy(*one) == template.reconcile_strategy)?,
            values_files: template.values_files.clone(),
            // A map's keys come in order.
            values: match &self.values {
                Value::Null => "{}".to_owned(),
                values => values.to_string(),
            },
            release_name: self.release_name.clone(),
            target_namespace: self.target_namespace.clone(),
            interval: duration::parse(&self.interval).ok()?,
            timeout: optional(self.timeout.as_deref()).ok()?,
            install_retries: retries(self.install.remediation.as_ref()),
            upgrade_retries: retries(self.upgrade.remediation.as_ref()),
        })
    }
}

fn retries(remediation: Option<&Remediation>) -> Option<u32> {
    remediation?.retries
}

#[cfg(test)]
mod tests;

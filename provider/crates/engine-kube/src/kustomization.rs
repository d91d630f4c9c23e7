//! Manifests of one policy on one member: a `Kustomization` of Flux.

use domain::application::{Carrier, Content, KustomizationSpec, PlacementFacts};
use domain::duration;
use engines::distribution::{PutPlacement, Whose};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::flux_object::{self, FluxObject, Inventory, KubeConfig, SourceRef, Told};
use crate::git_repository::optional;
use crate::metadata::Metadata;
use crate::progress::{Condition, Judgement};

/// Group and version of Flux's Kustomizations.
pub(crate) const API_VERSION: &str = "kustomize.toolkit.fluxcd.io/v1";

/// A `Kustomization` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Kustomization {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    pub(crate) spec: Option<Spec>,
    #[serde(default)]
    pub(crate) status: Status,
}

/// `spec`, in the fields that we write.
#[expect(clippy::struct_excessive_bools, reason = "the shape is Flux's")]
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    path: String,
    prune: bool,
    interval: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_interval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_namespace: Option<String>,
    force: bool,
    wait: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_policy: Option<String>,
    source_ref: SourceRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    kube_config: Option<KubeConfig>,
    /// Never written by us: somebody else's doing, and set back to false before a prune.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    suspend: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    conditions: Vec<Condition>,
    last_handled_reconcile_at: Option<String>,
    last_applied_revision: Option<String>,
    inventory: Option<Inventory>,
}

impl FluxObject for Kustomization {
    const CARRIER: Carrier = Carrier::Kustomization;

    fn collection(namespace: Option<&str>) -> Collection {
        Collection::new(API_VERSION, "Kustomization", "kustomizations", namespace)
    }

    fn release() -> Value {
        json!({ "spec": { "deletionPolicy": "Orphan", "prune": false } })
    }

    fn made_for(_namespace: &str, _name: &str) -> Option<(Collection, String)> {
        None
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

    // `status` has no flattened part for this: serde buffers those, and numbers of arbitrary precision do not come
    // through.
    fn judgement(&self) -> Judgement {
        Judgement {
            conditions: self.status.conditions.clone(),
            last_handled_reconcile_at: self.status.last_handled_reconcile_at.clone(),
        }
    }
}

/// A Kustomization as we apply it.
///
/// `wait` makes Flux judge the health of all that it applied. `deletionPolicy` makes Flux keep the object, when it
/// is deleted, until what it holds on the member has ended too; without `prune` what it holds stays, as in Flux's own
/// default, which an explicit policy would override.
pub(crate) fn body(
    namespace: &str,
    of: Whose<'_>,
    put: PutPlacement<'_>,
    kustomization: &KustomizationSpec,
) -> Value {
    let spec = Spec {
        path: kustomization.path.clone(),
        prune: kustomization.prune,
        interval: duration::format(kustomization.interval),
        retry_interval: kustomization.retry_interval.map(duration::format),
        timeout: kustomization.timeout.map(duration::format),
        target_namespace: kustomization.target_namespace.clone(),
        force: kustomization.force,
        wait: true,
        deletion_policy: Some(deletion_policy(kustomization.prune).to_owned()),
        source_ref: SourceRef::of(of.application),
        kube_config: Some(KubeConfig::of(&put.placement.member)),
        suspend: false,
    };
    flux_object::body(namespace, of, put, &spec)
}

fn deletion_policy(prune: bool) -> &'static str {
    if prune { "WaitForTermination" } else { "Orphan" }
}

impl Kustomization {
    /// The Kustomization in our words; none if its labels are not ours.
    pub(crate) fn to_facts(&self) -> Option<PlacementFacts> {
        let content = self.spec.as_ref().and_then(Spec::to_domain).map(Content::Kustomization);
        let applied_revision = self.status.last_applied_revision.clone().filter(|text| !text.is_empty());
        let inventory = self.status.inventory.iter().flat_map(Inventory::objects).collect();
        flux_object::to_facts(self, Told { content, applied_revision, inventory })
    }
}

impl Spec {
    /// Reads the spec back; none if it is of a shape that we never write.
    fn to_domain(&self) -> Option<KustomizationSpec> {
        let is_ours = self.wait
            && self.deletion_policy.as_deref() == Some(deletion_policy(self.prune))
            && self.source_ref.is_ours()
            && self.kube_config.is_some();
        is_ours.then_some(())?;
        Some(KustomizationSpec {
            path: self.path.clone(),
            prune: self.prune,
            interval: duration::parse(&self.interval).ok()?,
            retry_interval: optional(self.retry_interval.as_deref()).ok()?,
            timeout: optional(self.timeout.as_deref()).ok()?,
            target_namespace: self.target_namespace.clone(),
            force: self.force,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::application::{Placement, Progress};
    use domain::mark::Incarnation;
    use domain::name::Name;
    use domain::object_id::ObjectId;
    use std::time::Duration;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn kustomization() -> KustomizationSpec {
        KustomizationSpec {
            path: "./base".into(),
            prune: true,
            interval: Duration::from_mins(5),
            retry_interval: Some(Duration::from_secs(30)),
            timeout: None,
            target_namespace: Some("web".into()),
            force: false,
        }
    }

    fn written() -> Value {
        let placement = Placement {
            policy: name("base"),
            member: name("edge"),
            content: Content::Kustomization(kustomization()),
        };
        let (fleet, application) = (name("demo"), name("web"));
        let put = PutPlacement {
            name: "web-base-edge",
            placement: &placement,
            incarnation: &Incarnation::new("i-1"),
        };
        let of = Whose { fleet: &fleet, application: &application };
        body("kurator-demo", of, put, &kustomization())
    }

    #[test]
    fn a_placement_reads_back_as_written() {
        let mut body = written();
        body["metadata"]["generation"] = json!(2);
        body["status"] = json!({
            "observedGeneration": 2,
            "lastAppliedRevision": "main@sha1:abc",
            "conditions": [{ "type": "Ready", "status": "True", "observedGeneration": 2 }],
            "inventory": { "entries": [{ "id": "web_podinfo_apps_Deployment", "v": "v1" }] },
        });
        let read: Kustomization = serde_json::from_value(body).unwrap();
        assert_eq!(read.kube_config().map(KubeConfig::secret), Some("member-edge"));
        assert_eq!(
            read.to_facts(),
            Some(PlacementFacts {
                policy: name("base"),
                member: name("edge"),
                content: Some(Content::Kustomization(kustomization())),
                application: name("web"),
                deleting: false,
                suspended: false,
                progress: Progress::Ready,
                applied_revision: Some("main@sha1:abc".into()),
                inventory: ObjectId::from_inventory("web_podinfo_apps_Deployment", "v1")
                    .into_iter()
                    .collect(),
            })
        );
    }

    #[test]
    fn suspension_is_seen_and_never_written() {
        let mut body = written();
        assert_eq!(body["spec"].get("suspend"), None);
        body["spec"]["suspend"] = json!(true);
        let read: Kustomization = serde_json::from_value(body).unwrap();
        assert!(read.is_suspended());
    }

    #[test]
    fn one_that_was_prepared_for_release_is_not_as_we_want_it() {
        let mut body = written();
        body["spec"]["deletionPolicy"] = json!("Orphan");
        let read: Kustomization = serde_json::from_value(body).unwrap();
        assert_eq!(read.to_facts().unwrap().content, None);
    }
}

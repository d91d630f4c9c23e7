//! One policy on one member: a `Kustomization` of Flux.

use std::collections::BTreeMap;

use domain::application::{KustomizationSpec, Placement, PlacementFacts};
use domain::duration;
use domain::fleet::FleetNames;
use domain::mark::Incarnation;
use domain::name::Name;
use domain::object_id::ObjectId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::git_repository::optional;
use crate::labels::{APPLICATION, FLEET, MEMBER, POLICY};
use crate::mark;
use crate::metadata::{Metadata, wanted};
use crate::progress::{self, Condition, Judgement};

/// Group and version of Flux's Kustomizations.
pub(crate) const API_VERSION: &str = "kustomize.toolkit.fluxcd.io/v1";

/// The key of a member's Secret that holds the kubeconfig; Flux's own default, written out.
pub(crate) const KUBECONFIG_KEY: &str = "value";

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

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
struct SourceRef {
    kind: String,
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
struct KubeConfig {
    secret_ref: SecretRef,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
struct SecretRef {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    conditions: Vec<Condition>,
    last_handled_reconcile_at: Option<String>,
    last_applied_revision: Option<String>,
    inventory: Option<Inventory>,
}

impl Status {
    /// What Flux says of the object. Not a flattened part of this struct: serde buffers those, and numbers of
    /// arbitrary precision do not come through.
    pub(crate) fn judgement(&self) -> Judgement {
        Judgement {
            conditions: self.conditions.clone(),
            last_handled_reconcile_at: self.last_handled_reconcile_at.clone(),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Inventory {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    id: String,
    v: String,
}

/// The Kustomizations in `namespace`, or in all.
pub(crate) fn collection(namespace: Option<&str>) -> Collection {
    Collection::new(API_VERSION, "Kustomization", "kustomizations", namespace)
}

/// A Kustomization as we apply it.
///
/// `wait` makes Flux judge the health of all that it applied. `deletionPolicy` makes Flux keep the object, when it
/// is deleted, until what it holds on the member has ended too; without `prune` what it holds stays, as in Flux's own
/// default, which an explicit policy would override.
pub(crate) fn body(
    namespace: &str,
    fleet: &Name,
    application: &Name,
    name: &str,
    placement: &Placement,
    incarnation: &Incarnation,
) -> Value {
    let labels = [
        (FLEET, fleet.as_str()),
        (APPLICATION, application.as_str()),
        (POLICY, placement.policy.as_str()),
        (MEMBER, placement.member.as_str()),
    ];
    let annotations = BTreeMap::from([mark::incarnation_annotation(incarnation)]);
    let wanted_spec = &placement.kustomization;
    let spec = Spec {
        path: wanted_spec.path.clone(),
        prune: wanted_spec.prune,
        interval: duration::format(wanted_spec.interval),
        retry_interval: wanted_spec.retry_interval.map(duration::format),
        timeout: wanted_spec.timeout.map(duration::format),
        target_namespace: wanted_spec.target_namespace.clone(),
        force: wanted_spec.force,
        wait: true,
        deletion_policy: Some(deletion_policy(wanted_spec.prune).to_owned()),
        source_ref: SourceRef { kind: "GitRepository".to_owned(), name: application.to_string() },
        kube_config: Some(KubeConfig {
            secret_ref: SecretRef {
                name: FleetNames::secret(&placement.member),
                key: Some(KUBECONFIG_KEY.to_owned()),
            },
        }),
        suspend: false,
    };
    json!({ "metadata": wanted(name, Some(namespace), &labels, &annotations), "spec": spec })
}

fn deletion_policy(prune: bool) -> &'static str {
    if prune { "WaitForTermination" } else { "Orphan" }
}

/// What is merged into a Kustomization so that its end leaves everything on the member.
pub(crate) fn release() -> Value {
    json!({ "spec": { "deletionPolicy": "Orphan", "prune": false } })
}

/// What is merged into a suspended Kustomization before its end: a suspended one would leave everything behind.
pub(crate) fn resume() -> Value {
    json!({ "spec": { "suspend": false } })
}

impl Kustomization {
    /// Whether somebody suspended it.
    pub(crate) fn is_suspended(&self) -> bool {
        self.spec.as_ref().is_some_and(|spec| spec.suspend)
    }

    /// The Secret with the kubeconfig of the member that it applies to.
    pub(crate) fn secret_name(&self) -> Option<&str> {
        Some(self.spec.as_ref()?.kube_config.as_ref()?.secret_ref.name.as_str())
    }

    /// The Kustomization in our words; none if its labels are not ours.
    pub(crate) fn to_facts(&self) -> Option<PlacementFacts> {
        let label = |key: &str| self.metadata.label(key).and_then(|text| Name::parse(text).ok());
        Some(PlacementFacts {
            policy: label(POLICY)?,
            member: label(MEMBER)?,
            kustomization: self.spec.as_ref().and_then(Spec::to_domain),
            application: label(APPLICATION)?,
            deleting: self.metadata.is_deleting(),
            suspended: self.is_suspended(),
            progress: progress::of(&self.metadata, &self.status.judgement()),
            applied_revision: self.status.last_applied_revision.clone().filter(|text| !text.is_empty()),
            inventory: self.inventory(),
        })
    }

    fn inventory(&self) -> Vec<ObjectId> {
        let entries = self.status.inventory.iter().flat_map(|inventory| &inventory.entries);
        entries.filter_map(|entry| ObjectId::from_inventory(&entry.id, &entry.v)).collect()
    }
}

impl Spec {
    /// Reads the spec back; none if it is of a shape that we never write.
    fn to_domain(&self) -> Option<KustomizationSpec> {
        let is_ours = self.wait
            && self.deletion_policy.as_deref() == Some(deletion_policy(self.prune))
            && self.source_ref.kind == "GitRepository"
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
    use domain::application::Progress;
    use std::time::Duration;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn placement() -> Placement {
        Placement {
            policy: name("base"),
            member: name("edge"),
            kustomization: KustomizationSpec {
                path: "./base".into(),
                prune: true,
                interval: Duration::from_mins(5),
                retry_interval: Some(Duration::from_secs(30)),
                timeout: None,
                target_namespace: Some("web".into()),
                force: false,
            },
        }
    }

    fn written() -> Value {
        body(
            "kurator-demo",
            &name("demo"),
            &name("web"),
            "web-base-edge",
            &placement(),
            &Incarnation::new("i-1"),
        )
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
        assert_eq!(read.secret_name(), Some("member-edge"));
        assert_eq!(
            read.to_facts(),
            Some(PlacementFacts {
                policy: name("base"),
                member: name("edge"),
                kustomization: Some(placement().kustomization),
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
        assert_eq!(read.to_facts().unwrap().kustomization, None);
    }
}

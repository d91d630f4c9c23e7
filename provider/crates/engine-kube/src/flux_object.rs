//! What the Flux objects that carry policies share: whose they are, what they apply from and to, what they hold.

use std::collections::BTreeMap;

use domain::application::{Carrier, Content, Placement, PlacementFacts};
use domain::fleet::FleetNames;
use domain::name::Name;
use domain::object_id::ObjectId;
use engines::distribution::{PutPlacement, Whose};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::labels::{APPLICATION, FLEET, MEMBER, POLICY};
use crate::mark;
use crate::metadata::{Metadata, wanted};
use crate::progress::{self, Judgement};

/// The key of a member's Secret that holds the kubeconfig; Flux's own default, written out.
pub(crate) const KUBECONFIG_KEY: &str = "value";

/// The kind of the sources that policies apply from.
const SOURCE_KIND: &str = "GitRepository";

/// A Flux object that carries a policy to a member.
pub(crate) trait FluxObject: DeserializeOwned + Send + Sync + 'static {
    /// Which one.
    const CARRIER: Carrier;

    /// Where they are served, in `namespace` or in all.
    fn collection(namespace: Option<&str>) -> Collection;

    /// What is merged into one so that its end leaves everything on the member.
    fn release() -> Value;

    /// What Flux makes on the host for the object `name` and does not clean up behind one that is released.
    fn made_for(namespace: &str, name: &str) -> Option<(Collection, String)>;

    /// Whose it is.
    fn metadata(&self) -> &Metadata;

    /// Whether somebody suspended it.
    fn is_suspended(&self) -> bool;

    /// The kubeconfig of the member that it applies to.
    fn kube_config(&self) -> Option<&KubeConfig>;

    /// What Flux says of it.
    fn judgement(&self) -> Judgement;
}

/// What is merged into a suspended object before its end: a suspended one would leave everything behind.
pub(crate) fn resume() -> Value {
    json!({ "spec": { "suspend": false } })
}

/// The source that an object applies from.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct SourceRef {
    kind: String,
    name: String,
}

impl SourceRef {
    /// An application's own source.
    pub(crate) fn of(application: &Name) -> Self {
        Self { kind: SOURCE_KIND.to_owned(), name: application.to_string() }
    }

    /// Whether it is of the kind that we write.
    pub(crate) fn is_ours(&self) -> bool {
        self.kind == SOURCE_KIND
    }
}

/// The kubeconfig that an object applies with.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct KubeConfig {
    secret_ref: SecretRef,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
struct SecretRef {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl KubeConfig {
    /// A member's.
    pub(crate) fn of(member: &Name) -> Self {
        let key = Some(KUBECONFIG_KEY.to_owned());
        Self { secret_ref: SecretRef { name: FleetNames::secret(member), key } }
    }

    /// The Secret that holds it.
    pub(crate) fn secret(&self) -> &str {
        &self.secret_ref.name
    }
}

/// What an object holds on its member.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Inventory {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    id: String,
    v: String,
}

impl Inventory {
    /// What it lists, in our words.
    pub(crate) fn objects(&self) -> impl Iterator<Item = ObjectId> {
        self.entries.iter().filter_map(|entry| ObjectId::from_inventory(&entry.id, &entry.v))
    }
}

/// The labels of an object for `placement`.
pub(crate) fn labels<'a>(of: Whose<'a>, placement: &'a Placement) -> [(&'static str, &'a str); 4] {
    [
        (FLEET, of.fleet.as_str()),
        (APPLICATION, of.application.as_str()),
        (POLICY, placement.policy.as_str()),
        (MEMBER, placement.member.as_str()),
    ]
}

/// An object as we apply it.
pub(crate) fn body<S: Serialize>(namespace: &str, of: Whose<'_>, put: PutPlacement<'_>, spec: &S) -> Value {
    let annotations = BTreeMap::from([mark::incarnation_annotation(put.incarnation)]);
    let metadata = wanted(put.name, Some(namespace), &labels(of, put.placement), &annotations);
    json!({ "metadata": metadata, "spec": spec })
}

/// What of an object its kind alone tells.
pub(crate) struct Told {
    /// What it asks for; none if it is not readable as ours.
    pub(crate) content: Option<Content>,
    /// What was last applied in full.
    pub(crate) applied_revision: Option<String>,
    /// What it holds on the member.
    pub(crate) inventory: Vec<ObjectId>,
}

/// An object in our words; none if its labels are not ours.
pub(crate) fn to_facts<O: FluxObject>(object: &O, told: Told) -> Option<PlacementFacts> {
    let metadata = object.metadata();
    let label = |key: &str| metadata.label(key).and_then(|text| Name::parse(text).ok());
    Some(PlacementFacts {
        policy: label(POLICY)?,
        member: label(MEMBER)?,
        content: told.content,
        application: label(APPLICATION)?,
        deleting: metadata.is_deleting(),
        suspended: object.is_suspended(),
        progress: progress::of(metadata, &object.judgement()),
        applied_revision: told.applied_revision,
        inventory: told.inventory,
    })
}

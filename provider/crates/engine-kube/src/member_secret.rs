//! A member on its host: a Secret with the member's record in its annotations and the member's kubeconfig in `value`.

use std::collections::BTreeMap;

use base64::Engine as _;
use domain::cluster_ref::ClusterRef;
use domain::fleet::{FleetNames, MemberFacts, MemberRecord};
use domain::name::Name;
use engines::credentials::Proof;
use engines::member::Access;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::flux_object::KUBECONFIG_KEY;
use crate::kubeconfig_text::{Server, encode, render};
use crate::labels::{API_SERVER, FLEET, LABELS, MEMBER, REF};
use crate::metadata::{Metadata, wanted};

/// A member's `Secret` as we look at it: its values are passed over.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MemberSecret {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default)]
    data: Data,
}

/// `data` in the one key that matters.
#[derive(Clone, Debug, Default, Deserialize)]
struct Data {
    /// Whether there is a kubeconfig that Flux can use. Its text is looked at and not kept.
    #[serde(default, rename = "value", deserialize_with = "is_kubeconfig")]
    has_kubeconfig: bool,
}

/// What a kubeconfig of ours must have at least, wherever it leads.
#[derive(Deserialize)]
struct Usable {
    clusters: Vec<IgnoredAny>,
    users: Vec<IgnoredAny>,
    contexts: Vec<IgnoredAny>,
}

fn is_kubeconfig<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let Some(encoded) = Option::<String>::deserialize(deserializer)? else { return Ok(false) };
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(encoded) else { return Ok(false) };
    // It is written as JSON, by us alone; anything else in its place was put there by hand.
    let usable = serde_json::from_slice::<Usable>(&bytes);
    Ok(usable.is_ok_and(|it| !(it.clusters.is_empty() || it.users.is_empty() || it.contexts.is_empty())))
}

/// The Secrets in a fleet's namespace.
pub(crate) fn collection(fleet: &Name) -> Collection {
    Collection::new("v1", "Secret", "secrets", Some(&FleetNames::of(fleet).namespace))
}

/// The record as we apply it, in the name of [`crate::apply::Manager::Provider`].
pub(crate) fn record_body(fleet: &Name, member: &Name, record: &MemberRecord) -> Value {
    let mut annotations = BTreeMap::from([
        (REF.to_owned(), record.cluster.to_string()),
        (LABELS.to_owned(), json!(record.labels).to_string()),
    ]);
    if let Some(api_server) = &record.api_server {
        annotations.insert(API_SERVER.to_owned(), api_server.clone());
    }
    let labels = [(FLEET, fleet.as_str()), (MEMBER, member.as_str())];
    let name = FleetNames::secret(member);
    let namespace = FleetNames::of(fleet).namespace;
    json!({ "metadata": wanted(&name, Some(&namespace), &labels, &annotations), "type": "Opaque" })
}

/// The kubeconfig as we apply it, in the name of [`crate::apply::Manager::Access`].
pub(crate) fn access_body(fleet: &Name, member: &Name, access: &Access) -> Value {
    let name = FleetNames::secret(member);
    let namespace = FleetNames::of(fleet).namespace;
    let server = Server {
        endpoint: &access.endpoint,
        certificate_authority: access.certificate_authority.as_deref(),
        is_unchecked: false,
        tls_name: None,
        proxy: None,
    };
    let kubeconfig = render(member.as_str(), &server, &Proof::Token(access.token.clone()));
    let kubeconfig = encode(kubeconfig.to_string().as_bytes());
    json!({
        "metadata": wanted(&name, Some(&namespace), &[], &BTreeMap::new()),
        "data": { KUBECONFIG_KEY: kubeconfig },
    })
}

impl MemberSecret {
    /// The member's name, from its label.
    pub(crate) fn member(&self) -> Option<Name> {
        Name::parse(self.metadata.label(MEMBER)?).ok()
    }

    /// The member in our words.
    pub(crate) fn to_facts(&self) -> MemberFacts {
        MemberFacts {
            cluster: self.metadata.annotation(REF).and_then(|text| ClusterRef::parse(text).ok()),
            labels: self
                .metadata
                .annotation(LABELS)
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default(),
            api_server: self.metadata.annotation(API_SERVER).map(str::to_owned),
            has_kubeconfig: self.data.has_kubeconfig,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::secret::{ExposeSecret as _, SecretString};

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn record() -> MemberRecord {
        MemberRecord {
            cluster: ClusterRef::parse("file:~/.kube/edge?context=admin%40edge&uid=u-1").unwrap(),
            labels: BTreeMap::from([("env".to_owned(), "edge".to_owned())]),
            api_server: Some("https://10.0.0.1:6443".into()),
        }
    }

    #[test]
    fn a_record_reads_back_as_written() {
        let mut body = record_body(&name("demo"), &name("edge"), &record());
        let read: MemberSecret = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(read.member(), Some(name("edge")));
        let facts = MemberFacts {
            cluster: Some(record().cluster),
            labels: record().labels,
            api_server: record().api_server,
            has_kubeconfig: false,
        };
        assert_eq!(read.to_facts(), facts);
        let access = Access {
            endpoint: "https://10.0.0.1:6443".into(),
            certificate_authority: None,
            token: SecretString::from("hunter2"),
        };
        body["data"] = access_body(&name("demo"), &name("edge"), &access)["data"].clone();
        let read: MemberSecret = serde_json::from_value(body.clone()).unwrap();
        assert!(read.to_facts().has_kubeconfig);
        assert!(!format!("{read:?}").contains("hunter2"), "a value is never kept");
        for garbage in ["aHVudGVyMg==", "no base64", "e30="] {
            body["data"] = json!({ "value": garbage });
            let read: MemberSecret = serde_json::from_value(body.clone()).unwrap();
            assert!(!read.to_facts().has_kubeconfig, "{garbage}");
        }
    }

    #[test]
    fn the_record_names_no_value_and_the_kubeconfig_no_annotation() {
        let access = Access {
            endpoint: "https://10.0.0.1:6443".into(),
            certificate_authority: Some("PEM".into()),
            token: SecretString::from("hunter2"),
        };
        let record = record_body(&name("demo"), &name("edge"), &record());
        let body = access_body(&name("demo"), &name("edge"), &access);
        assert_eq!(record.get("data"), None);
        assert_eq!(body["metadata"], json!({ "name": "member-edge", "namespace": "kurator-demo" }));
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(body["data"]["value"].as_str().unwrap())
            .unwrap();
        let config = kube::config::Kubeconfig::from_yaml(&String::from_utf8(bytes).unwrap()).unwrap();
        let cluster = config.clusters[0].cluster.clone().unwrap();
        assert_eq!(cluster.server.as_deref(), Some("https://10.0.0.1:6443"));
        assert_eq!(cluster.certificate_authority_data.as_deref(), Some("UEVN"));
        let user = config.auth_infos[0].auth_info.clone().unwrap();
        assert_eq!(user.token.unwrap().expose_secret(), "hunter2");
    }
}

//! Documents of any kind, applied as they are.

use std::time::Duration;

use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use engines::wait::{Pace, Seen, until};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use crate::apply::Manager;
use crate::cluster::KubeCluster;
use crate::collection::Collection;
use crate::definition;
use crate::errors::said;
use crate::metadata::AnyObject;

const DOING: &str = "applying";

/// How many are applied at a time.
const AT_ONCE: usize = 8;

/// How long a kind may take from its definition's being established until the API server lists it. A second is usual.
const LISTED: Duration = Duration::from_secs(30);

/// One object as somebody wrote it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
    body: Value,
}

impl Document {
    /// Reads documents. Empty ones are left out, lists are taken apart.
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`] with the number, from 1, of one that is no object of Kubernetes.
    pub(crate) fn all<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Result<Vec<Self>, EngineError> {
        let mut all = Vec::new();
        for (index, document) in documents.into_iter().enumerate() {
            let target = format!("document {}", index + 1);
            if document["kind"] == "List" && document["items"].is_array() {
                for item in document["items"].as_array().into_iter().flatten() {
                    all.push(Self::read(item, &target)?);
                }
            } else if !document.is_null() {
                all.push(Self::read(document, &target)?);
            }
        }
        Ok(all)
    }

    fn read(document: &Value, target: &str) -> Result<Self, EngineError> {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let needed = |value: &Value, field: &str| {
            let problem = || said(DOING, target, Kind::Rejected, format!("it has no `{field}`"));
            text(value).ok_or_else(problem)
        };
        let mut body = document.clone();
        if let Some(fields) = body.as_object_mut() {
            // It is the controllers' to say.
            fields.remove("status");
        }
        Ok(Self {
            api_version: needed(&document["apiVersion"], "apiVersion")?,
            kind: needed(&document["kind"], "kind")?,
            namespace: text(&document["metadata"]["namespace"]),
            name: needed(&document["metadata"]["name"], "metadata.name")?,
            body,
        })
    }

    /// The error of one whose kind the API server does not serve.
    pub(crate) fn unserved(&self) -> EngineError {
        let text = format!("the API server serves no kind `{}` in `{}`", self.kind, self.api_version);
        said(DOING, format!("{} {}", self.kind, self.name), Kind::Rejected, text)
    }

    /// Whether it defines the kind of `other`.
    fn defines(&self, other: &Self) -> bool {
        let spec = &self.body["spec"];
        let group = other.api_version.split_once('/').map(|(group, _)| group);
        self.kind == definition::KIND
            && spec["names"]["kind"] == other.kind.as_str()
            && spec["group"].as_str() == group
    }
}

impl KubeCluster {
    /// Applies namespaces, then definitions, then, once these are served, the rest. Nothing is applied if the kind of
    /// one is neither served nor defined.
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`] with the kind and name of what is not accepted.
    pub(crate) async fn put_documents(
        &self,
        documents: &[Value],
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let documents = Document::all(documents)?;
        let served = self.kinds_of(&documents, limits).await?;
        let is_known = |one: &&Document| {
            served.collection(one).is_some() || documents.iter().any(|other| other.defines(one))
        };
        if let Some(unknown) = documents.iter().find(|one| !is_known(one)) {
            return Err(unknown.unserved());
        }
        let (namespaces, others): (Vec<_>, Vec<_>) =
            documents.into_iter().partition(|one| one.kind == "Namespace" && one.api_version == "v1");
        let (definitions, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|one| one.kind == definition::KIND);
        self.put_all(&namespaces, limits).await?;
        self.put_all(&definitions, limits).await?;
        for definition in &definitions {
            self.wait_established(&definition.name, limits).await?;
        }
        self.put_all(&others, limits).await
    }

    async fn put_all(&self, documents: &[Document], limits: &Limits) -> Result<(), EngineError> {
        if documents.is_empty() {
            return Ok(());
        }
        let placed = until(DOING, "documents", Pace::CONTROLLER, &limits.at_most(LISTED), || async {
            let served = self.kinds_of(documents, limits).await?;
            let mut placed = Vec::new();
            for document in documents {
                match served.collection(document) {
                    Some(collection) => placed.push((collection, document.clone())),
                    None => return Ok(Seen::Pending(document.unserved().chain())),
                }
            }
            Ok(Seen::Ready(placed))
        })
        .await?;
        stream::iter(placed)
            .map(|(collection, document)| async move {
                self.put_document(&collection, &document, limits).await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Applies one.
    ///
    /// # Errors
    ///
    /// Whatever the API server answers; [`Kind::Rejected`] if its namespace is not there.
    pub(crate) async fn put_document(
        &self,
        collection: &Collection,
        document: &Document,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let (name, body) = (&document.name, &document.body);
        self.apply::<AnyObject>(collection, name, body, Manager::Provider, Conflicts::Force, limits)
            .await
            .map(drop)
            // "Not found" would read as "it is gone".
            .map_err(|error| match error.kind {
                Kind::NotFound => EngineError { kind: Kind::Rejected, ..error },
                _ => error,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, cluster, limits};
    use serde_json::json;
    use std::sync::{Arc, Mutex};

    const PATIENCE: Duration = Duration::from_secs(5);

    fn document(api_version: &str, kind: &str, name: &str) -> Value {
        json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name } })
    }

    fn definition() -> Value {
        let mut definition = document("apiextensions.k8s.io/v1", definition::KIND, "pools.net.example");
        definition["spec"] =
            json!({ "group": "net.example", "names": { "kind": "Pool", "plural": "pools" }, "versions": [] });
        definition
    }

    /// A server that lists `Pool` only from the second time on that it is asked after the definition was put.
    fn server() -> (KubeCluster, Arc<Mutex<Vec<String>>>) {
        let put = Arc::new(Mutex::new(Vec::<String>::new()));
        let seen = Arc::clone(&put);
        let asked = Mutex::new(0);
        let (cluster, _) = cluster(PATIENCE, move |line, body| {
            let path = line.split(['?', ' ']).nth(1).unwrap();
            if line.starts_with("PATCH") {
                assert!(body.get("status").is_none());
                seen.lock().unwrap().push(path.to_owned());
                return Answer::Says(200, json!({ "metadata": {} }));
            }
            let one = |name: &str, kind: &str, namespaced: bool| json!({ "name": name, "kind": kind, "namespaced": namespaced });
            let resources = match path {
                "/api/v1" => {
                    vec![one("namespaces", "Namespace", false), one("configmaps", "ConfigMap", true)]
                }
                "/apis/apiextensions.k8s.io/v1" => {
                    vec![one("customresourcedefinitions", definition::KIND, false)]
                }
                "/apis/net.example/v1" => {
                    *asked.lock().unwrap() += 1;
                    if *asked.lock().unwrap() < 3 { vec![] } else { vec![one("pools", "Pool", false)] }
                }
                _ => {
                    let established = json!({ "conditions": [{ "type": "Established", "status": "True" }] });
                    let mut definition = definition();
                    definition["status"] = established;
                    return Answer::Says(200, definition);
                }
            };
            Answer::Says(200, json!({ "resources": resources }))
        });
        (cluster, put)
    }

    #[tokio::test(start_paused = true)]
    async fn namespaces_and_definitions_come_first_and_a_new_kind_is_waited_for() {
        let (cluster, put) = server();
        let mut map = document("v1", "ConfigMap", "a");
        map["status"] = json!({ "replicas": 1 });
        let list =
            json!({ "apiVersion": "v1", "kind": "List", "items": [map, document("v1", "Namespace", "net")] });
        let documents = [document("net.example/v1", "Pool", "p"), Value::Null, list, definition()];
        cluster.put_documents(&documents, &limits()).await.unwrap();
        let mut put = put.lock().unwrap().clone();
        put[2..].sort();
        assert_eq!(
            put,
            [
                "/api/v1/namespaces/net",
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pools.net.example",
                "/api/v1/namespaces/default/configmaps/a",
                "/apis/net.example/v1/pools/p",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_kind_that_nobody_serves_or_defines_ends_it_before_anything_is_applied() {
        let (cluster, put) = server();
        let documents = [document("v1", "Namespace", "net"), document("net.example/v1", "Pool", "p")];
        let error = cluster.put_documents(&documents, &limits()).await.unwrap_err();
        assert_eq!(
            (error.kind, error.chain()),
            (
                Kind::Rejected,
                "applying Pool p: the API server serves no kind `Pool` in `net.example/v1`".into()
            )
        );
        assert!(put.lock().unwrap().is_empty());
    }

    #[test]
    fn what_is_no_object_is_named_by_its_place() {
        for (document, words) in [
            (json!("hello"), "it has no `apiVersion`"),
            (json!({ "apiVersion": "v1" }), "it has no `kind`"),
            (json!({ "apiVersion": "v1", "kind": "Pod" }), "it has no `metadata.name`"),
        ] {
            let error = Document::all([&Value::Null, &document]).unwrap_err();
            assert_eq!(error.chain(), format!("applying document 2: {words}"));
        }
    }
}

//! Where the objects of one kind are served, and the requests to there.

use std::fmt;

use http::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::Value;

use crate::apply::Manager;

/// What is encoded in a URL: all but the characters that RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The type of an answer that holds metadata alone.
const METADATA_ONLY: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;q=0.5";
const METADATA_ONLY_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;q=0.5";

/// The objects of one kind, in one namespace or in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Collection {
    /// As in `apps/v1`; `v1` for the core group.
    pub(crate) api_version: String,
    /// As in `Deployment`.
    pub(crate) kind: String,
    /// As in `deployments`.
    pub(crate) plural: String,
    /// None for cluster-wide objects and for lists over all namespaces.
    pub(crate) namespace: Option<String>,
}

/// When what depends on an object is deleted with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dependents {
    /// Once it is gone, by the garbage collector.
    Afterwards,
    /// Before it: it is gone only when they are.
    First,
}

/// How much of an object an answer should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// Its metadata alone.
    Metadata,
}

impl Collection {
    /// The kind `kind`, served as `plural` in `api_version`, in `namespace`.
    pub(crate) fn new(api_version: &str, kind: &str, plural: &str, namespace: Option<&str>) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespace: namespace.map(str::to_owned),
        }
    }

    /// One object as messages name it.
    pub(crate) fn object(&self, name: &str) -> String {
        match &self.namespace {
            Some(namespace) => format!("{} {namespace}/{name}", self.kind),
            None => format!("{} {name}", self.kind),
        }
    }

    fn path(&self, name: Option<&str>) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        let mut path = format!("/{root}/{}", self.api_version);
        if let Some(namespace) = &self.namespace {
            path = format!("{path}/namespaces/{namespace}");
        }
        path = format!("{path}/{}", self.plural);
        match name {
            Some(name) => format!("{path}/{}", encoded(name)),
            None => path,
        }
    }

    /// Reads one object.
    pub(crate) fn get(&self, name: &str, extent: Extent) -> Result<Request<Vec<u8>>, http::Error> {
        let request = Request::get(self.path(Some(name)));
        match extent {
            Extent::Whole => request,
            Extent::Metadata => request.header(http::header::ACCEPT, METADATA_ONLY),
        }
        .body(Vec::new())
    }

    /// Reads all objects that `selector` chooses; an empty one chooses all.
    pub(crate) fn list(&self, selector: &str, extent: Extent) -> Result<Request<Vec<u8>>, http::Error> {
        let path = self.path(None);
        let path =
            if selector.is_empty() { path } else { format!("{path}?labelSelector={}", encoded(selector)) };
        let request = Request::get(path);
        match extent {
            Extent::Whole => request,
            Extent::Metadata => request.header(http::header::ACCEPT, METADATA_ONLY_LIST),
        }
        .body(Vec::new())
    }

    /// Reads all objects whose field `field` is `value`.
    pub(crate) fn list_where(&self, field: &str, value: &str) -> Result<Request<Vec<u8>>, http::Error> {
        let selector = format!("{field}={value}");
        Request::get(format!("{}?fieldSelector={}", self.path(None), encoded(&selector))).body(Vec::new())
    }

    /// Applies an object on the server's side.
    pub(crate) fn apply(
        &self,
        name: &str,
        body: &Value,
        manager: Manager,
        force: bool,
    ) -> Result<Request<Vec<u8>>, http::Error> {
        let mut body = body.clone();
        body["apiVersion"] = Value::from(self.api_version.as_str());
        body["kind"] = Value::from(self.kind.as_str());
        let path = format!("{}?fieldManager={}&force={force}", self.path(Some(name)), manager.as_str());
        // JSON is YAML, and this is the type that every server version knows for server-side apply.
        patch(&path, "application/apply-patch+yaml", &body)
    }

    /// Asks something of an object at its subresource, such as `token`.
    pub(crate) fn ask(
        &self,
        name: &str,
        subresource: &str,
        body: &Value,
    ) -> Result<Request<Vec<u8>>, http::Error> {
        Request::post(format!("{}/{subresource}", self.path(Some(name))))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body.to_string().into_bytes())
    }

    /// Merges `body` into an object.
    pub(crate) fn merge(
        &self,
        name: &str,
        body: &Value,
        manager: Manager,
    ) -> Result<Request<Vec<u8>>, http::Error> {
        let path = format!("{}?fieldManager={}", self.path(Some(name)), manager.as_str());
        patch(&path, "application/merge-patch+json", body)
    }

    /// The last `lines` lines that a container of the pod `pod` wrote. Only of pods.
    pub(crate) fn log(
        &self,
        pod: &str,
        container: &str,
        lines: usize,
    ) -> Result<Request<Vec<u8>>, http::Error> {
        let path = self.path(Some(pod));
        Request::get(format!("{path}/log?container={}&tailLines={lines}", encoded(container)))
            .body(Vec::new())
    }

    /// Deletes one object if its uid is still `uid`, and what depends on it by `dependents`.
    pub(crate) fn delete(
        &self,
        name: &str,
        uid: &str,
        dependents: Dependents,
    ) -> Result<Request<Vec<u8>>, http::Error> {
        let options = serde_json::json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": match dependents {
                Dependents::Afterwards => "Background",
                Dependents::First => "Foreground",
            },
            "preconditions": { "uid": uid },
        });
        Request::builder()
            .method(Method::DELETE)
            .uri(self.path(Some(name)))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(options.to_string().into_bytes())
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} in {namespace}", self.plural),
            None => f.write_str(&self.plural),
        }
    }
}

fn patch(path: &str, kind: &str, body: &Value) -> Result<Request<Vec<u8>>, http::Error> {
    Request::patch(path).header(http::header::CONTENT_TYPE, kind).body(body.to_string().into_bytes())
}

/// Encodes what may not stand in a path segment or a query value: RBAC names hold colons, selectors commas.
fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ENCODED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_where_the_kind_is_served() {
        let secrets = Collection::new("v1", "Secret", "secrets", Some("kurator-demo"));
        let roles = Collection::new("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", None);
        let uri = |request: Result<Request<Vec<u8>>, http::Error>| request.unwrap().uri().to_string();
        assert_eq!(uri(secrets.get("a", Extent::Whole)), "/api/v1/namespaces/kurator-demo/secrets/a");
        assert_eq!(
            uri(secrets.list("kurator.dev/fleet=demo", Extent::Metadata)),
            "/api/v1/namespaces/kurator-demo/secrets?labelSelector=kurator.dev%2Ffleet%3Ddemo"
        );
        assert_eq!(
            uri(roles.get("system:node", Extent::Whole)),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode"
        );
        assert_eq!(
            uri(secrets.apply("a", &serde_json::json!({}), Manager::Provider, true)),
            "/api/v1/namespaces/kurator-demo/secrets/a?fieldManager=terraform-provider-kurator&force=true"
        );
    }
}

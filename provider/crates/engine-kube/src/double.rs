//! An API server that answers by a script, for tests: what was asked, and what is said to it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::cluster::{ClusterFacts, ClusterUid};
use engines::limits::Limits;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use kube::client::Body;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::call::Caller;
use crate::cluster::{KubeCluster, Trust};
use crate::own_credentials::Own;
use crate::shared_reads::SharedReads;

/// What the double does with a request.
pub(crate) enum Answer {
    /// This code and body.
    Says(u16, Value),
    /// This, after so long.
    Slowly(Duration, u16, Value),
    /// Never.
    Hangs,
}

/// An error as an API server words it.
pub(crate) fn refuses(code: u16, reason: &str) -> Answer {
    let status =
        json!({ "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason });
    Answer::Says(code, status)
}

/// Requests so far, as `METHOD path`.
pub(crate) type Asked = Arc<Mutex<Vec<String>>>;

/// A cluster behind which `script` answers: given `METHOD path` and the request's body.
pub(crate) fn cluster(
    patience: Duration,
    script: impl Fn(&str, Value) -> Answer + Send + Sync + 'static,
) -> (KubeCluster, Asked) {
    let asked = Asked::default();
    let script = Arc::new(script);
    let notes = Arc::clone(&asked);
    let service = tower::service_fn(move |request: Request<Body>| {
        let (script, notes) = (Arc::clone(&script), Arc::clone(&notes));
        async move {
            let line = format!("{} {}", request.method(), request.uri());
            let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
            let body = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
            notes.lock().unwrap().push(line.clone());
            let (code, body) = match script(&line, body) {
                Answer::Says(code, body) => (code, body),
                Answer::Slowly(pause, code, body) => {
                    tokio::time::sleep_until(tokio::time::Instant::now() + pause).await;
                    (code, body)
                }
                Answer::Hangs => std::future::pending().await,
            };
            let answer =
                Response::builder().status(code).body(Full::new(bytes::Bytes::from(body.to_string())));
            Ok::<_, Infallible>(answer.unwrap())
        }
    });
    let cluster = KubeCluster {
        caller: Caller::new(kube::Client::new(service, "default"), patience),
        facts: ClusterFacts {
            uid: ClusterUid::new("uid-1"),
            version: "1.34.4".into(),
            endpoint: "https://127.0.0.1:1".into(),
        },
        trust: Trust::System,
        own: Own::default(),
        shared: Arc::new(SharedReads::default()),
    };
    (cluster, asked)
}

/// A minute, and nobody cancels.
pub(crate) fn limits() -> Limits {
    Limits::within(Duration::from_mins(1), CancellationToken::new())
}

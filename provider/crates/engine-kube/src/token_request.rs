//! A token of a service account, asked for with a `TokenRequest`: it ends by itself and is stored nowhere.

use std::time::Duration;

use engines::secret::SecretString;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::collection::Collection;

/// The service accounts of a namespace.
pub(crate) fn accounts(namespace: &str) -> Collection {
    Collection::new("v1", "ServiceAccount", "serviceaccounts", Some(namespace))
}

/// The request. Without audiences the token is for the API server itself.
pub(crate) fn body(lifetime: Duration) -> Value {
    json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": { "expirationSeconds": lifetime.as_secs() },
    })
}

/// The answer.
#[derive(Deserialize)]
pub(crate) struct Granted {
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: String,
    expiration_timestamp: String,
}

impl Granted {
    /// The token, with the end that the API server gave it: not always the one that was asked for.
    pub(crate) fn token(self) -> (SecretString, Option<Timestamp>) {
        (SecretString::from(self.status.token), self.status.expiration_timestamp.parse().ok())
    }
}

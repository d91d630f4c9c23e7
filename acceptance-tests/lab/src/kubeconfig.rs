//! Kubeconfig files. They are JSON, which every reader of YAML reads.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What a kubeconfig says about one cluster. Holds a token, so it has no `Debug`.
pub(crate) struct Entry {
    /// The name of the cluster, its user and its context.
    pub(crate) name: String,
    /// Where it answers.
    pub(crate) address: Ipv4Addr,
    /// The port there.
    pub(crate) port: u16,
    /// The certificate authority, PEM.
    pub(crate) authority: String,
    /// The bearer token.
    pub(crate) token: String,
}

/// Writes the entries into one kubeconfig whose current context is the first entry's.
pub(crate) fn render(entries: &[Entry]) -> String {
    let list = |one: fn(&Entry) -> Value| entries.iter().map(one).collect::<Vec<_>>();
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": entries.first().map(|entry| &entry.name),
        "clusters": list(|entry| json!({"name": entry.name, "cluster": {
            "server": format!("https://{}:{}", entry.address, entry.port),
            "certificate-authority-data": STANDARD.encode(&entry.authority),
        }})),
        "users": list(|entry| json!({"name": entry.name, "user": {"token": entry.token}})),
        "contexts": list(|entry| json!({"name": entry.name, "context": {
            "cluster": entry.name,
            "user": entry.name,
        }})),
    });
    format!("{config:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cluster_has_a_context_of_its_own_name_and_the_first_is_current() {
        let entry = |name: &str, port| Entry {
            name: name.to_owned(),
            address: Ipv4Addr::LOCALHOST,
            port,
            authority: "pem".to_owned(),
            token: format!("token-of-{name}"),
        };
        let config: Value = serde_json::from_str(&render(&[entry("hub", 1), entry("edge", 2)])).unwrap();
        assert_eq!(config["current-context"], "hub");
        assert_eq!(
            config["contexts"][1],
            json!({"name": "edge", "context": {"cluster": "edge", "user": "edge"}})
        );
        assert_eq!(config["clusters"][1]["cluster"]["server"], "https://127.0.0.1:2");
        assert_eq!(config["clusters"][0]["cluster"]["certificate-authority-data"], "cGVt");
        assert_eq!(config["users"][0]["user"]["token"], "token-of-hub");
    }
}

//! Kubeconfigs that we write: for Flux, and for other programs of the user.

use base64::Engine as _;
use engines::credentials::Proof;
use engines::secret::ExposeSecret as _;
use serde_json::{Value, json};

/// Where a cluster is, as a kubeconfig says it.
pub(crate) struct Server<'a> {
    /// URL of the API server.
    pub(crate) endpoint: &'a str,
    /// PEM of whom to trust; none means the system's authorities.
    pub(crate) certificate_authority: Option<&'a str>,
    /// Whether its certificate is not checked at all.
    pub(crate) is_unchecked: bool,
    /// The name that its certificate is checked for; none means the one in the URL.
    pub(crate) tls_name: Option<&'a str>,
    /// The proxy to it.
    pub(crate) proxy: Option<&'a str>,
}

/// A kubeconfig that needs no file beside it. Its one cluster, user and context are called `name`.
pub(crate) fn render(name: &str, server: &Server<'_>, proof: &Proof) -> Value {
    let mut cluster = json!({ "server": server.endpoint });
    if let Some(pem) = server.certificate_authority {
        cluster["certificate-authority-data"] = Value::from(encode(pem.as_bytes()));
    }
    if server.is_unchecked {
        cluster["insecure-skip-tls-verify"] = Value::from(true);
    }
    if let Some(tls_name) = server.tls_name {
        cluster["tls-server-name"] = Value::from(tls_name);
    }
    if let Some(proxy) = server.proxy {
        cluster["proxy-url"] = Value::from(proxy);
    }
    let user = match proof {
        Proof::Token(token) => json!({ "token": token.expose_secret() }),
        Proof::Certificate { certificate, key } => json!({
            "client-certificate-data": encode(certificate.as_bytes()),
            "client-key-data": encode(key.expose_secret().as_bytes()),
        }),
        Proof::Nothing => json!({}),
    };
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{ "name": name, "cluster": cluster }],
        "users": [{ "name": name, "user": user }],
        "contexts": [{ "name": name, "context": { "cluster": name, "user": name } }],
    })
}

/// Base64, as `*-data` fields and Secrets hold it.
pub(crate) fn encode(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::config::Kubeconfig;

    #[test]
    fn every_part_of_a_server_and_a_certificate_reads_back() {
        let server = Server {
            endpoint: "https://10.0.0.1:6443",
            certificate_authority: Some("PEM"),
            is_unchecked: false,
            tls_name: Some("api.example"),
            proxy: Some("http://proxy.example:3128"),
        };
        let proof = Proof::Certificate { certificate: "CERT".to_owned(), key: "KEY".to_owned().into() };
        let text = render("edge", &server, &proof).to_string();
        let read = Kubeconfig::from_yaml(&text).unwrap();
        assert_eq!(read.current_context.as_deref(), Some("edge"));
        let cluster = read.clusters[0].cluster.clone().unwrap();
        assert_eq!(cluster.server.as_deref(), Some("https://10.0.0.1:6443"));
        assert_eq!(cluster.certificate_authority_data.as_deref(), Some("UEVN"));
        assert_eq!(cluster.tls_server_name.as_deref(), Some("api.example"));
        assert_eq!(cluster.proxy_url.as_deref(), Some("http://proxy.example:3128"));
        assert_eq!(cluster.insecure_skip_tls_verify, None);
        let user = read.auth_infos[0].auth_info.clone().unwrap();
        assert_eq!(user.client_certificate_data.as_deref(), Some("Q0VSVA=="));
        assert_eq!(user.client_key_data.unwrap().expose_secret(), "S0VZ");
    }
}

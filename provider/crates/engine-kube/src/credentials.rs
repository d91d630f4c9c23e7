//! A cluster as a giver of credentials.

use std::time::Duration;

use async_trait::async_trait;
use engines::credentials::{Credentials, Identity, Lender, Proof, Wish};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::secret::{ExposeSecret, SecretString};

use crate::blocking;
use crate::cluster::{KubeCluster, Trust};
use crate::kubeconfig_text::{Server, render};
use crate::own_credentials::Ending;
use crate::token_claims::Claims;
use crate::token_request::{self, Granted};

#[async_trait]
impl Lender for KubeCluster {
    async fn credentials(&self, wish: &Wish, limits: &Limits) -> Result<Credentials, EngineError> {
        let (proof, expires) = match &wish.identity {
            Identity::ServiceAccount { namespace, name } => {
                self.minted(namespace, name, wish.lifetime, limits).await?
            }
            Identity::Own => self.own_or_minted(wish.lifetime, limits).await?,
        };
        let certificate_authority = match &self.trust {
            Trust::Authorities(pem) => Some(pem.clone()),
            Trust::System | Trust::Anybody => None,
        };
        let server = Server {
            endpoint: &self.facts.endpoint,
            certificate_authority: certificate_authority.as_deref(),
            is_unchecked: self.trust == Trust::Anybody,
            tls_name: self.own.server_name.as_deref(),
            proxy: self.own.proxy.as_ref().map(ExposeSecret::expose_secret),
        };
        let kubeconfig = SecretString::from(render(&self.own.called, &server, &proof).to_string());
        Ok(Credentials {
            endpoint: self.facts.endpoint.clone(),
            is_unchecked: server.is_unchecked,
            certificate_authority,
            server_name: self.own.server_name.clone(),
            proxy: self.own.proxy.clone(),
            proof,
            expires,
            kubeconfig,
        })
    }
}

impl KubeCluster {
    /// What our kubeconfig has. The token of a service account that never ends is exchanged for one that does; where
    /// that is not allowed, it is passed on as it is.
    async fn own_or_minted(&self, lifetime: Duration, limits: &Limits) -> Result<Ending, EngineError> {
        let own = self.own.clone();
        let hung = "its exec plugin gave nothing in time";
        let doing = "taking the credential out of";
        let ending = blocking::run(doing, &self.own.target, hung, limits, move || own.proof()).await?;
        let (Proof::Token(token), None) = &ending else { return Ok(ending) };
        let claims = Claims::of(token.expose_secret());
        let Some((namespace, name)) = claims.service_account() else { return Ok(ending) };
        match self.minted(namespace, name, lifetime, limits).await {
            Err(error) if matches!(error.kind, Kind::Denied | Kind::NotFound) => {
                tracing::debug!("the kubeconfig's own token is passed on: none can be minted in its place");
                Ok(ending)
            }
            minted => minted,
        }
    }

    /// A token of a service account. Asking changes nothing in the cluster, so it is dropped on cancel like a read.
    async fn minted(
        &self,
        namespace: &str,
        name: &str,
        lifetime: Duration,
        limits: &Limits,
    ) -> Result<Ending, EngineError> {
        let accounts = token_request::accounts(namespace);
        let request = accounts.ask(name, "token", &token_request::body(lifetime));
        let granted: Granted =
            self.caller.read("asking for a token of", &accounts.object(name), request, limits).await?;
        let (token, expires) = granted.token();
        Ok((Proof::Token(token), expires))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, cluster, limits, refuses};
    use crate::own_credentials::Own;
    use base64::Engine as _;
    use engines::error::CredentialProblem;
    use kube::config::AuthInfo;
    use serde_json::json;

    const HOUR: Duration = Duration::from_hours(1);

    fn wish(identity: Identity) -> Wish {
        Wish { identity, lifetime: HOUR }
    }

    fn robot() -> Identity {
        Identity::ServiceAccount { namespace: "ci".to_owned(), name: "robot".to_owned() }
    }

    fn grants() -> Answer {
        let status = json!({ "token": "minted", "expirationTimestamp": "2026-11-21T13:00:00Z" });
        Answer::Says(201, json!({ "kind": "TokenRequest", "status": status }))
    }

    /// The token of service account `ci/robot` that never ends.
    fn legacy() -> String {
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", encode("{}"), encode(r#"{"sub":"system:serviceaccount:ci:robot"}"#))
    }

    fn token(credentials: &Credentials) -> &str {
        match &credentials.proof {
            Proof::Token(token) => token.expose_secret(),
            Proof::Certificate { .. } | Proof::Nothing => panic!("no token was given"),
        }
    }

    fn us(user: serde_json::Value) -> Own {
        let user: AuthInfo = serde_json::from_value(user).unwrap();
        Own { called: "edge".to_owned(), target: "`config`".to_owned(), user, ..Own::default() }
    }

    #[tokio::test]
    async fn a_service_accounts_token_is_minted_with_the_lifetime_asked_for() {
        let (it, asked) = cluster(HOUR, |_, body| {
            assert_eq!(body["spec"], json!({ "expirationSeconds": 3600 }));
            grants()
        });
        let given = it.credentials(&wish(robot()), &limits()).await.unwrap();
        assert_eq!(*asked.lock().unwrap(), ["POST /api/v1/namespaces/ci/serviceaccounts/robot/token"]);
        assert_eq!(token(&given), "minted");
        assert_eq!(given.expires.map(|it| it.to_string()).as_deref(), Some("2026-11-21T13:00:00Z"));
        assert!(given.kubeconfig.expose_secret().contains(r#""token":"minted""#));
    }

    #[tokio::test]
    async fn a_token_of_nobody_and_one_that_ends_are_passed_on_without_a_request() {
        let (mut it, asked) = cluster(HOUR, |_, _| grants());
        it.own = us(json!({ "token": "hunter2" }));
        let given = it.credentials(&wish(Identity::Own), &limits()).await.unwrap();
        assert_eq!((token(&given), given.expires), ("hunter2", None));
        assert!(asked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_service_accounts_token_that_never_ends_is_exchanged_if_that_is_allowed() {
        let (mut it, _) = cluster(HOUR, |_, _| grants());
        it.own = us(json!({ "token": legacy() }));
        let given = it.credentials(&wish(Identity::Own), &limits()).await.unwrap();
        assert_eq!(token(&given), "minted");
        let (mut it, _) = cluster(HOUR, |_, _| refuses(403, "Forbidden"));
        it.own = us(json!({ "token": legacy() }));
        let given = it.credentials(&wish(Identity::Own), &limits()).await.unwrap();
        assert_eq!((token(&given), given.expires), (legacy().as_str(), None));
    }

    #[tokio::test]
    async fn what_cannot_be_minted_is_said() {
        let (it, _) = cluster(HOUR, |_, _| refuses(404, "NotFound"));
        let Err(error) = it.credentials(&wish(robot()), &limits()).await else { panic!("it was given") };
        assert_eq!(error.kind, Kind::NotFound);
        assert!(
            error.chain().starts_with("asking for a token of ServiceAccount ci/robot:"),
            "{}",
            error.chain()
        );
    }

    #[test]
    fn an_exec_plugin_gives_its_token_with_its_end_or_its_certificate() {
        let plugin = |status: &str| {
            us(json!({ "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": "sh",
                "args": ["-c", format!("test \"$WHO\" = us && echo '{{\"status\": {status}}}'")],
                "env": [{ "name": "WHO", "value": "us" }],
            }}))
        };
        let ends = r#"{"token": "t-1", "expirationTimestamp": "2026-11-21T13:00:00Z"}"#;
        let Ok((Proof::Token(token), Some(expires))) = plugin(ends).proof() else { panic!("no token") };
        assert_eq!((token.expose_secret(), expires.to_string().as_str()), ("t-1", "2026-11-21T13:00:00Z"));
        let certificate = r#"{"clientCertificateData": "CERT", "clientKeyData": "hunter2"}"#;
        let Ok((Proof::Certificate { key, .. }, None)) = plugin(certificate).proof() else {
            panic!("no key")
        };
        assert_eq!(key.expose_secret(), "hunter2");
        let Err(error) = plugin("{}").proof() else { panic!("it was taken") };
        assert_eq!(error.kind, Kind::Credentials(CredentialProblem::Incomplete));
        let broken = us(json!({ "exec": { "command": "sh", "args": ["-c", "echo hunter2: ["] } }));
        let Err(error) = broken.proof() else { panic!("it was taken") };
        assert!(!error.chain().contains("hunter2"), "{}", error.chain());
    }

    #[test]
    fn a_token_comes_before_a_certificate_and_a_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "from-file\n").unwrap();
        let both = us(
            json!({ "tokenFile": file, "client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ" }),
        );
        let Ok((Proof::Token(token), None)) = both.proof() else { panic!("no token") };
        assert_eq!(token.expose_secret(), "from-file");
        let alone = us(json!({ "client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ" }));
        let Ok((Proof::Certificate { certificate, .. }, None)) = alone.proof() else {
            panic!("no certificate")
        };
        assert_eq!(certificate, "CERT");
        assert!(matches!(us(json!({})).proof(), Ok((Proof::Nothing, None))));
    }

    #[test]
    fn a_certificate_says_when_it_ends() {
        let pem = "-----BEGIN CERTIFICATE-----\n\
        MIIBbDCCAROgAwIBAgIUWp0EK1pPvfeziO0T34jH1WtQLu4wCgYIKoZIzj0EAwIw\n\
        DDEKMAgGA1UEAwwBYTAeFw0yNjExMjExNDA2MDdaFw0zNjExMTgxNDA2MDdaMAwx\n\
        CjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT+qvRpNCfUgPis\n\
        hpH6uXLAdmBYJO2X4uVB46w55/ESPuTyGVJLx4o01Lpwgtz6TbvEPXNZCy9EaIK0\n\
        ZLxeOg0yo1MwUTAdBgNVHQ4EFgQUVJNfRxgD52T2CUJN1NmlS28582gwHwYDVR0j\n\
        BBgwFoAUVJNfRxgD52T2CUJN1NmlS28582gwDwYDVR0TAQH/BAUwAwEB/zAKBggq\n\
        hkjOPQQDAgNHADBEAiBjriA9c2xa9WaHjrJGaliSK9FLT0Wjv0S4ZAyUUwMRtwIg\n\
        BBthJRnqjcqT6i6xoBzxpT1aAVjXvU7yX0GbXiIHJx8=\n\
        -----END CERTIFICATE-----\n";
        let data = base64::engine::general_purpose::STANDARD.encode(pem);
        let user = us(json!({ "client-certificate-data": data, "client-key-data": "S0VZ" }));
        let Ok((Proof::Certificate { certificate, .. }, Some(expires))) = user.proof() else {
            panic!("no end")
        };
        assert_eq!((certificate.as_str(), expires.to_string().as_str()), (pem, "2036-11-18T14:06:07Z"));
    }

    #[test]
    fn what_cannot_be_passed_on_says_why() {
        for (user, why) in [
            (json!({ "token": "t", "as": "ann" }), "acts as another user"),
            (json!({ "auth-provider": { "name": "gcp", "config": {} } }), "auth provider"),
            (json!({ "username": "ann", "password": "hunter2" }), "password"),
        ] {
            let Err(error) = us(user).proof() else { panic!("it was taken") };
            assert_eq!(error.kind, Kind::Credentials(CredentialProblem::NotForOthers));
            let text = error.chain();
            assert!(text.contains(why) && !text.contains("hunter2"), "{text}");
        }
        let Err(error) = us(json!({ "tokenFile": "/nowhere/token" })).proof() else { panic!("it was taken") };
        assert_eq!(error.kind, Kind::Credentials(CredentialProblem::Incomplete));
        assert!(error.chain().contains("/nowhere/token"), "{}", error.chain());
    }
}

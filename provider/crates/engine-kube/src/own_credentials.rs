//! Who we are by our own kubeconfig, in a form that can be passed on.

use std::process::{Command, Stdio};

use base64::Engine as _;
use engines::credentials::Proof;
use engines::error::{CredentialProblem, EngineError, Kind};
use engines::secret::{ExposeSecret, SecretString};
use jiff::Timestamp;
use kube::client::AuthError;
use kube::config::{AuthInfo, ExecConfig};
use serde::Deserialize;
use serde_json::json;

use crate::errors::{from_kube, said};
use crate::token_claims::Claims;

const DOING: &str = "taking the credential out of";

/// Our user in a kubeconfig, and what of its cluster others need too. Paths in it start from the file's folder.
#[derive(Clone, Default)]
pub(crate) struct Own {
    /// What people call the cluster.
    pub(crate) called: String,
    /// The place as messages name it.
    pub(crate) target: String,
    /// The user.
    pub(crate) user: AuthInfo,
    /// The name that the API server's certificate is checked for.
    pub(crate) server_name: Option<String>,
    /// The proxy that the kubeconfig names.
    pub(crate) proxy: Option<SecretString>,
}

/// A proof and when it ends.
pub(crate) type Ending = (Proof, Option<Timestamp>);

/// What an exec plugin prints. Source: Kubernetes documentation, "client-go credential plugins".
#[derive(Deserialize)]
struct Printed {
    status: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

impl Own {
    /// What we would prove ourselves with now: the token, else what the exec plugin gives, else the certificate.
    /// Blocks on files and on the plugin.
    ///
    /// # Errors
    ///
    /// [`Kind::Credentials`], also for what cannot be passed on.
    pub(crate) fn proof(&self) -> Result<Ending, EngineError> {
        let user = &self.user;
        let others =
            [user.impersonate.is_some(), user.impersonate_groups.as_ref().is_some_and(|it| !it.is_empty())];
        if others.contains(&true) {
            return Err(self.not_for_others("it acts as another user, which is asked for with every request"));
        }
        if user.auth_provider.is_some() {
            return Err(self.not_for_others(
                "it logs in by an auth provider, which Kubernetes gave up for exec plugins",
            ));
        }
        if user.username.is_some() && user.password.is_some() {
            return Err(self.not_for_others("it has a password, which API servers take no more"));
        }
        if let Some(token) = &user.token {
            return Ok(by_token(token.expose_secret()));
        }
        if let Some(file) = &user.token_file {
            return self.file("token", file).map(|text| by_token(text.trim()));
        }
        if let Some(exec) = &user.exec {
            return self.plugin(exec);
        }
        let certificate = self.pem(
            "client certificate",
            user.client_certificate_data.as_deref(),
            user.client_certificate.as_deref(),
        )?;
        let key = user.client_key_data.as_ref().map(ExposeSecret::expose_secret);
        let key = self.pem("client key", key, user.client_key.as_deref())?;
        Ok(match (certificate, key) {
            (Some(certificate), Some(key)) => by_certificate(certificate, key),
            _ => (Proof::Nothing, None),
        })
    }

    fn plugin(&self, exec: &ExecConfig) -> Result<Ending, EngineError> {
        let refuse = |error: AuthError| from_kube(DOING, &self.target, &kube::Error::Auth(error));
        let program = exec.command.as_ref().ok_or_else(|| refuse(AuthError::MissingCommand))?;
        let mut spec = json!({ "interactive": false });
        if exec.provide_cluster_info {
            spec["cluster"] = json!(exec.cluster);
        }
        let about = json!({ "apiVersion": exec.api_version, "kind": "ExecCredential", "spec": spec });
        let env = exec.env.iter().flatten().filter_map(|pair| Some((pair.get("name")?, pair.get("value")?)));
        let output = Command::new(program)
            .args(exec.args.iter().flatten())
            .envs(env)
            .env("KUBERNETES_EXEC_INFO", about.to_string())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| refuse(AuthError::AuthExecStart(error)))?;
        if !output.status.success() {
            return Err(refuse(AuthError::AuthExecRun { cmd: program.clone(), out: Box::new(output) }));
        }
        // Some plugins print YAML, which holds JSON. The parser's own words quote what it read.
        let printed: Printed = serde_saphyr::from_slice(&output.stdout)
            .map_err(|error| refuse(AuthError::AuthExecParse(Box::new(error))))?;
        let status = printed.status.unwrap_or_default();
        let expires = status.expiration_timestamp.and_then(|text| text.parse().ok());
        let (proof, own_end) = match (status.token, status.client_certificate_data, status.client_key_data) {
            (Some(token), _, _) => by_token(&token),
            (None, Some(certificate), Some(key)) => by_certificate(certificate, key),
            _ => return Err(refuse(AuthError::ExecPluginFailed)),
        };
        Ok((proof, expires.or(own_end)))
    }

    /// What is in the kubeconfig itself, else in the file that it names.
    fn pem(&self, what: &str, data: Option<&str>, file: Option<&str>) -> Result<Option<String>, EngineError> {
        match (data, file) {
            (Some(data), _) => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(data.trim()).ok();
                let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                text.map(Some).ok_or_else(|| self.incomplete(format!("its {what} is not base64 of PEM")))
            }
            (None, Some(file)) => self.file(what, file).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn file(&self, what: &str, path: &str) -> Result<String, EngineError> {
        std::fs::read_to_string(path)
            .map_err(|error| self.incomplete(format!("its {what} cannot be read from `{path}`: {error}")))
    }

    fn incomplete(&self, text: String) -> EngineError {
        said(DOING, self.target.as_str(), Kind::Credentials(CredentialProblem::Incomplete), text)
    }

    fn not_for_others(&self, text: &str) -> EngineError {
        said(DOING, self.target.as_str(), Kind::Credentials(CredentialProblem::NotForOthers), text)
    }
}

fn by_token(token: &str) -> Ending {
    (Proof::Token(SecretString::from(token)), Claims::of(token).expires())
}

fn by_certificate(certificate: String, key: String) -> Ending {
    let first = x509_parser::pem::Pem::iter_from_buffer(certificate.as_bytes()).find_map(Result::ok);
    let expires = first
        .as_ref()
        .and_then(|pem| pem.parse_x509().ok())
        .and_then(|parsed| Timestamp::from_second(parsed.validity().not_after.timestamp()).ok());
    (Proof::Certificate { certificate, key: SecretString::from(key) }, expires)
}

//! The one place where the words of Kubernetes, TLS, sockets and registries become kinds.

use std::error::Error as StdError;
use std::io;

pub(crate) use engines::error::said;
use engines::error::{CredentialProblem, EngineError, Kind};
use kube::client::AuthError;
use kube::config::{KubeconfigError, LoadDataError};
use oci_client::errors::{OciDistributionError, OciErrorCode};

/// An error of a Kubernetes client.
pub(crate) fn from_kube(doing: &'static str, target: &str, error: &kube::Error) -> EngineError {
    let (kind, text) = judge(error);
    said(doing, target, kind, text)
}

fn judge(error: &kube::Error) -> (Kind, String) {
    match error {
        // An object that does not fit its schema; API servers call that a mistake of their own (1.34, lab, 2026-11-21).
        kube::Error::Api(status) if status.message.starts_with("failed to create typed patch object") => {
            (Kind::Rejected, words_of_status(status))
        }
        kube::Error::Api(status) => (kind_of_status(status.code, &status.reason), words_of_status(status)),
        kube::Error::Auth(error) => judge_auth(error),
        kube::Error::InferKubeconfig(error) => judge_kubeconfig(error),
        kube::Error::RustlsTls(error) => (
            Kind::Credentials(CredentialProblem::Malformed),
            format!("its certificates or keys are unusable: {error}"),
        ),
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => (
            Kind::Credentials(CredentialProblem::Malformed),
            "its proxy is neither http, https nor socks5".to_owned(),
        ),
        kube::Error::SerdeError(error) => (Kind::Rejected, unreadable(error)),
        kube::Error::HyperError(error) => judge_transport(error),
        kube::Error::Service(error) => judge_transport(error.as_ref()),
        kube::Error::BuildRequest(error) => (Kind::Rejected, error.to_string()),
        kube::Error::HttpError(error) => (Kind::Rejected, error.to_string()),
        other => (Kind::Unreachable, innermost(other)),
    }
}

/// The kind of an answer by its code; `reason` tells the two sorts of 409 apart.
pub(crate) fn kind_of_status(code: u16, reason: &str) -> Kind {
    match (code, reason) {
        (401, _) => Kind::Unauthenticated,
        (403, _) => Kind::Denied,
        (404, _) => Kind::NotFound,
        (409, "AlreadyExists") => Kind::AlreadyExists,
        (409, _) => Kind::Conflict,
        (429, _) => Kind::Throttled,
        // 408 and 504: the API server gave up waiting; 410: a list went stale; 500: etcd without a leader, or a
        // webhook that did not answer; 502 and 503: nobody behind the load balancer.
        (408 | 410 | 500..=599, _) => Kind::Busy,
        _ => Kind::Rejected,
    }
}

fn words_of_status(status: &kube::core::Status) -> String {
    let message = if status.message.is_empty() { status.reason.as_str() } else { status.message.as_str() };
    // A proxy's error page can be long; its beginning says enough.
    let message: String = message.chars().take(600).collect();
    format!("the API server answered {}: {message}", status.code)
}

/// What is wrong with a body, without a word of it: it may hold a secret.
pub(crate) fn unreadable(error: &serde_json::Error) -> String {
    format!("the answer is not of the expected shape (line {}, column {})", error.line(), error.column())
}

/// What kube's reading of a kubeconfig met. The parser's own text quotes the file, so it is left out.
pub(crate) fn judge_kubeconfig(error: &KubeconfigError) -> (Kind, String) {
    use CredentialProblem::{Malformed, NoContext};
    let (problem, text) = match error {
        KubeconfigError::CurrentContextNotSet => (NoContext, "it names no current context".to_owned()),
        KubeconfigError::LoadContext(name) => (NoContext, format!("it has no context `{name}`")),
        KubeconfigError::LoadClusterOfContext(name) => {
            (Malformed, format!("its context names the cluster `{name}`, which it does not have"))
        }
        KubeconfigError::MissingClusterUrl => (Malformed, "its cluster has no server".to_owned()),
        KubeconfigError::ParseClusterUrl(_) => (Malformed, "its cluster's server is not a URL".to_owned()),
        KubeconfigError::ParseProxyUrl(_) => (Malformed, "its proxy is not a URL".to_owned()),
        KubeconfigError::LoadCertificateAuthority(error) => load("certificate authority", error),
        KubeconfigError::LoadClientCertificate(error) => load("client certificate", error),
        KubeconfigError::LoadClientKey(error) => load("client key", error),
        KubeconfigError::ParseCertificates(_) => {
            (Malformed, "its certificate authority is not PEM".to_owned())
        }
        _ => (Malformed, "it is not of a kubeconfig's shape".to_owned()),
    };
    (Kind::Credentials(problem), text)
}

fn load(what: &str, error: &LoadDataError) -> (CredentialProblem, String) {
    match error {
        LoadDataError::DecodeBase64(_) => (CredentialProblem::Malformed, format!("its {what} is not base64")),
        LoadDataError::ReadFile(error, path) => (
            CredentialProblem::Incomplete,
            format!("its {what} points to `{}`, which cannot be read: {error}", path.display()),
        ),
        LoadDataError::NoBase64DataOrFile => (CredentialProblem::Incomplete, format!("its {what} is empty")),
    }
}

/// What getting a credential met. What a plugin wrote to its standard output stays out: it may be a token.
fn judge_auth(error: &AuthError) -> (Kind, String) {
    let text = match error {
        AuthError::AuthExecStart(error) => format!("its exec plugin does not start: {error}"),
        AuthError::AuthExecRun { out, .. } => {
            let words = String::from_utf8_lossy(&out.stderr);
            let words: String = words.trim().chars().take(300).collect();
            format!("its exec plugin ended with {}: {words}", out.status)
        }
        AuthError::AuthExecParse(_) => "its exec plugin did not print an ExecCredential".to_owned(),
        AuthError::ReadTokenFile(error, path) => {
            format!("its token file `{}` cannot be read: {error}", path.display())
        }
        AuthError::InvalidBasicAuth(_) | AuthError::InvalidBearerToken(_) => {
            return (
                Kind::Credentials(CredentialProblem::Malformed),
                "its token or password holds characters that HTTP does not allow".to_owned(),
            );
        }
        AuthError::ExecPluginFailed | AuthError::UnrefreshableTokenResponse => {
            "its exec plugin gave no credential".to_owned()
        }
        AuthError::MissingCommand => "its exec plugin has no command".to_owned(),
        _ => "its way to get a credential did not work".to_owned(),
    };
    (Kind::Credentials(CredentialProblem::Incomplete), text)
}

/// What a connection met, by the deepest cause that says something definite.
pub(crate) fn judge_transport(error: &(dyn StdError + 'static)) -> (Kind, String) {
    let mut verdict = None;
    each_cause(error, &mut |cause| {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            verdict = Some((kind_of_tls(tls), tls.to_string()));
        } else if let Some(auth) = cause.downcast_ref::<AuthError>() {
            verdict = Some(judge_auth(auth));
        } else if let Some(error) = cause.downcast_ref::<io::Error>()
            && error.kind() == io::ErrorKind::TimedOut
            && verdict.is_none()
        {
            verdict = Some((Kind::Unreachable, "no answer in time".to_owned()));
        }
    });
    verdict.unwrap_or_else(|| (Kind::Unreachable, innermost(error)))
}

fn kind_of_tls(error: &rustls::Error) -> Kind {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::AlertReceived(
            Alert::BadCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::CertificateRequired
            | Alert::UnknownCA
            | Alert::AccessDenied,
        ) => Kind::Unauthenticated,
        _ => Kind::Untrusted,
    }
}

/// Visits `error` and what lies beneath. An I/O error's own source skips what it wraps, so that is looked into.
fn each_cause(error: &(dyn StdError + 'static), visit: &mut impl FnMut(&(dyn StdError + 'static))) {
    let mut next = Some(error);
    while let Some(cause) = next {
        visit(cause);
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    each_cause(error, &mut |cause| text = cause.to_string());
    text
}

/// What a registry answered, or what the way to it met.
pub(crate) fn from_oci(doing: &'static str, target: &str, error: &OciDistributionError) -> EngineError {
    let (kind, text) = match error {
        OciDistributionError::AuthenticationFailure(_) => {
            (Kind::Unauthenticated, "the registry wants a login".to_owned())
        }
        OciDistributionError::UnauthorizedError { .. } => {
            (Kind::Denied, "the registry does not give it to everybody".to_owned())
        }
        OciDistributionError::ImageManifestNotFoundError(_) => {
            (Kind::NotFound, "the registry does not have it".to_owned())
        }
        OciDistributionError::RegistryError { envelope, .. } => {
            let absent = envelope.errors.iter().any(|error| {
                matches!(
                    error.code,
                    OciErrorCode::ManifestUnknown
                        | OciErrorCode::NameUnknown
                        | OciErrorCode::BlobUnknown
                        | OciErrorCode::NotFound
                )
            });
            let kind = if absent { Kind::NotFound } else { Kind::Rejected };
            (kind, error.to_string())
        }
        OciDistributionError::ServerError { code, .. } => {
            (kind_of_status(*code, ""), format!("the registry answered {code}"))
        }
        OciDistributionError::RequestError(error) => judge_transport(error),
        OciDistributionError::IoError(error) => judge_transport(error),
        other => (Kind::Rejected, other.to_string()),
    };
    said(doing, target, kind, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;
    use rustls::CertificateError;

    fn api(code: u16, reason: &str) -> kube::Error {
        kube::Error::Api(Status { code, reason: reason.into(), ..Status::default() }.boxed())
    }

    fn connection(inner: impl Into<Box<dyn StdError + Send + Sync>>) -> kube::Error {
        // hyper-rustls hands its errors up inside an I/O error.
        kube::Error::Service(Box::new(io::Error::other(inner)))
    }

    fn refused(kind: io::ErrorKind) -> kube::Error {
        kube::Error::Service(Box::new(io::Error::new(kind, "os says so")))
    }

    #[test]
    fn every_trouble_has_its_kind() {
        use CredentialProblem::{Incomplete, Malformed, NoContext};
        let missing_file = || io::Error::new(io::ErrorKind::NotFound, "no such file");
        let table = [
            (api(400, "BadRequest"), Kind::Rejected),
            (api(401, "Unauthorized"), Kind::Unauthenticated),
            (api(403, "Forbidden"), Kind::Denied),
            (api(404, "NotFound"), Kind::NotFound),
            (api(409, "AlreadyExists"), Kind::AlreadyExists),
            (api(409, "Conflict"), Kind::Conflict),
            (api(410, "Expired"), Kind::Busy),
            (api(413, "RequestEntityTooLarge"), Kind::Rejected),
            (api(422, "Invalid"), Kind::Rejected),
            (api(429, "TooManyRequests"), Kind::Throttled),
            (api(500, "InternalError"), Kind::Busy),
            (api(503, "ServiceUnavailable"), Kind::Busy),
            (api(504, "Timeout"), Kind::Busy),
            (refused(io::ErrorKind::ConnectionRefused), Kind::Unreachable),
            (refused(io::ErrorKind::ConnectionReset), Kind::Unreachable),
            (refused(io::ErrorKind::HostUnreachable), Kind::Unreachable),
            (refused(io::ErrorKind::TimedOut), Kind::Unreachable),
            (connection(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)), Kind::Untrusted),
            (
                connection(rustls::Error::InvalidCertificate(CertificateError::NotValidForName)),
                Kind::Untrusted,
            ),
            (connection(rustls::Error::InvalidCertificate(CertificateError::Expired)), Kind::Untrusted),
            (
                connection(rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired)),
                Kind::Unauthenticated,
            ),
            (kube::Error::Auth(AuthError::AuthExecStart(missing_file())), Kind::Credentials(Incomplete)),
            (
                connection(AuthError::ReadTokenFile(missing_file(), "/t".into())),
                Kind::Credentials(Incomplete),
            ),
            (KubeconfigError::CurrentContextNotSet.into(), Kind::Credentials(NoContext)),
            (KubeconfigError::LoadContext("hub".into()).into(), Kind::Credentials(NoContext)),
            (KubeconfigError::MissingClusterUrl.into(), Kind::Credentials(Malformed)),
            (
                KubeconfigError::LoadClientKey(LoadDataError::ReadFile(missing_file(), "/k".into())).into(),
                Kind::Credentials(Incomplete),
            ),
        ];
        for (error, kind) in table {
            assert_eq!(judge(&error).0, kind, "{error}");
        }
    }

    #[test]
    fn a_conflict_names_who_manages_the_field() {
        let status = Status {
            code: 409,
            reason: "Conflict".into(),
            message: "Apply failed with 1 conflict: conflict with \"kubectl\": .spec.url".into(),
            ..Status::default()
        };
        let error = from_kube("applying", "GitRepository web", &kube::Error::Api(status.boxed()));
        assert_eq!(
            error.chain(),
            "applying GitRepository web: the API server answered 409: Apply failed with 1 conflict: conflict with \"kubectl\": .spec.url"
        );
    }

    #[test]
    fn an_object_of_another_shape_is_not_sent_again() {
        let status = Status {
            code: 500,
            message: "failed to create typed patch object (a/b; /v1, Kind=ConfigMap): .data: expected map"
                .into(),
            ..Status::default()
        };
        assert_eq!(judge(&kube::Error::Api(status.boxed())).0, Kind::Rejected);
    }

    #[test]
    fn a_plugins_output_and_command_stay_out_of_the_message() {
        let out = std::process::Command::new("sh")
            .args(["-c", "echo hunter2; echo log in first >&2; exit 3"])
            .output()
            .unwrap();
        let error = AuthError::AuthExecRun { cmd: "TOKEN=hunter2 plugin".into(), out: Box::new(out) };
        let text = from_kube("connecting to", "hub", &kube::Error::Auth(error)).chain();
        assert_eq!(text, "connecting to hub: its exec plugin ended with exit status: 3: log in first");
    }
}

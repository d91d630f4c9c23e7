//! The one file of this crate that reads the environment.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the caller tells us through environment variables. An empty variable counts as absent.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `TF_PLUGIN_MAGIC_COOKIE`: proof that Terraform started us, and not a person.
    pub magic_cookie: Option<String>,
    /// `PLUGIN_PROTOCOL_VERSIONS`: the major versions that the caller speaks, separated by commas.
    pub protocol_versions: Option<String>,
    /// `PLUGIN_CLIENT_CERT`: the caller's certificate as PEM. Absent: no TLS.
    pub client_cert: Option<String>,
    /// `PLUGIN_UNIX_SOCKET_DIR`: where the caller wants the socket.
    pub socket_dir: Option<PathBuf>,
    /// `PLUGIN_UNIX_SOCKET_GROUP`: a group, by name or number, that may use the socket.
    pub socket_group: Option<String>,
    /// `PLUGIN_MULTIPLEX_GRPC` is set: the caller wants to know whether we can share one connection.
    pub asks_for_multiplexing: bool,
    /// `PLUGIN_MIN_PORT`, for TCP only.
    pub min_port: Option<u16>,
    /// `PLUGIN_MAX_PORT`, for TCP only.
    pub max_port: Option<u16>,
}

impl Environment {
    /// Reads the variables of this process.
    pub fn read() -> Self {
        Self::from_lookup(variable)
    }

    /// Asks `lookup` for every variable.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let filled = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let text = |name: &str| filled(name).and_then(|value| value.into_string().ok());
        let port = |name: &str| text(name).and_then(|value| value.parse().ok());
        Self {
            magic_cookie: text("TF_PLUGIN_MAGIC_COOKIE"),
            protocol_versions: text("PLUGIN_PROTOCOL_VERSIONS"),
            client_cert: text("PLUGIN_CLIENT_CERT"),
            socket_dir: filled("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            socket_group: text("PLUGIN_UNIX_SOCKET_GROUP"),
            asks_for_multiplexing: filled("PLUGIN_MULTIPLEX_GRPC").is_some(),
            min_port: port("PLUGIN_MIN_PORT"),
            max_port: port("PLUGIN_MAX_PORT"),
        }
    }
}

/// The value that decides how much is logged by the provider called `provider`, for example `kurator`.
///
/// The most particular variable wins: `TF_LOG_PROVIDER_KURATOR`, `TF_LOG_PROVIDER`, `TF_LOG`.
pub(crate) fn log_level(provider: &str) -> Option<String> {
    log_level_from(provider, variable)
}

fn log_level_from(provider: &str, lookup: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let particular = format!("TF_LOG_PROVIDER_{}", provider.to_uppercase().replace('-', "_"));
    [particular.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
        .into_iter()
        .find_map(|name| lookup(name).filter(|value| !value.is_empty()))
        .map(|value| value.to_string_lossy().into_owned())
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup_in<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
    }

    #[test]
    fn an_empty_variable_counts_as_absent() {
        let read =
            Environment::from_lookup(lookup_in(&[("PLUGIN_CLIENT_CERT", ""), ("PLUGIN_MIN_PORT", "x")]));
        assert_eq!((read.client_cert, read.min_port), (None, None));
    }

    #[test]
    fn the_most_particular_log_variable_wins() {
        let all = [("TF_LOG", "WARN"), ("TF_LOG_PROVIDER", "INFO"), ("TF_LOG_PROVIDER_MY_CLOUD", "TRACE")];
        let levels = [3, 2, 1, 0].map(|count| log_level_from("my-cloud", lookup_in(&all[..count])));
        assert_eq!(levels, [Some("TRACE".into()), Some("INFO".into()), Some("WARN".into()), None]);
    }
}

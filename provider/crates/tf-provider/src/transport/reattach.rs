//! A provider that a person or a test started, and that Terraform is told to use.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio::task::JoinHandle;

use crate::proto::tfplugin6::provider_server::Provider;
use crate::transport::controller::OnShutdown;
#[cfg(not(unix))]
use crate::transport::environment::Environment;
use crate::transport::handshake::APP_PROTOCOL;
use crate::transport::lifecycle::Lifecycle;
use crate::transport::listener::Listener;
use crate::transport::serve::{Hooks, ServeError};
use crate::transport::server::answer_calls;

/// A provider under way in this process, on a private socket, without TLS.
///
/// Several runs of Terraform may use it one after the other; none of them ends it.
#[derive(Debug)]
pub struct Attachable {
    variable: String,
    lifecycle: Lifecycle,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Attachable {
    /// Starts to answer calls. Must be called within a tokio runtime.
    ///
    /// `address` is the provider's source address as users write it, such as `registry.terraform.io/kurator-dev/kurator`.
    ///
    /// # Errors
    ///
    /// [`ServeError::Listen`] if there is no place for a socket.
    #[expect(clippy::unused_async, reason = "needs a runtime, and says so by its type")]
    pub async fn start<P: Provider>(provider: P, address: &str, hooks: Hooks) -> Result<Self, ServeError> {
        #[cfg(unix)]
        let listener = Listener::private()?;
        #[cfg(not(unix))]
        let listener = Listener::open(&Environment::default())?;
        let variable = variable(address, listener.network(), &listener.address());
        let lifecycle = Lifecycle::new(hooks.stops, hooks.in_flight);
        let answering = answer_calls(provider, listener, None, lifecycle.clone(), OnShutdown::Stay);
        Ok(Self { variable, lifecycle, serving: tokio::spawn(answering) })
    }

    /// The value of `TF_REATTACH_PROVIDERS` that makes Terraform use this provider.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Tells handlers to stop, waits (bounded) for their answers, and removes the socket.
    ///
    /// # Errors
    ///
    /// [`ServeError::Server`] if the server had failed.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.wind_down().await;
        self.close().await
    }

    /// Tells handlers to stop and waits (bounded) for their answers.
    pub(crate) async fn wind_down(&self) {
        self.lifecycle.wind_down().await;
    }

    /// Waits for no handler.
    pub(crate) async fn close(self) -> Result<(), ServeError> {
        self.lifecycle.ending.cancel();
        match self.serving.await {
            Ok(served) => served.map_err(ServeError::Server),
            Err(_) => Err(ServeError::ServerPanicked),
        }
    }
}

/// What Terraform must know about a process it did not start.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reattach<'a> {
    protocol: &'static str,
    protocol_version: u8,
    pid: u32,
    /// Terraform then neither ends nor kills the process.
    test: bool,
    addr: Address<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Address<'a> {
    network: &'static str,
    string: &'a str,
}

fn variable(provider: &str, network: &'static str, address: &str) -> String {
    let reattach = Reattach {
        protocol: "grpc",
        protocol_version: APP_PROTOCOL,
        pid: std::process::id(),
        test: true,
        addr: Address { network, string: address },
    };
    let by_provider = BTreeMap::from([(provider, reattach)]);
    serde_json::to_string(&by_provider)
        .unwrap_or_else(|cause| unreachable!("strings and numbers only: {cause}"))
}

/// A line for the shell that sets `TF_REATTACH_PROVIDERS`.
pub(crate) fn export_line(variable: &str) -> String {
    format!("export TF_REATTACH_PROVIDERS='{}'", variable.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_has_the_names_that_terraform_reads() {
        let text = variable("example.com/a/b", "unix", "/tmp/it's");
        let pid = std::process::id();
        assert_eq!(
            text,
            format!(
                r#"{{"example.com/a/b":{{"Protocol":"grpc","ProtocolVersion":6,"Pid":{pid},"Test":true,"Addr":{{"Network":"unix","String":"/tmp/it's"}}}}}}"#
            )
        );
        assert!(export_line(&text).ends_with(r#""/tmp/it'\''s"}}}'"#));
    }
}

//! A provider on the wire: the server and the transport put together.

use crate::provider::Provider;
use crate::server::service::server;
use crate::transport::serve::{self as transport, Hooks, Mode, ServeError};

/// What a provider is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Its short name, as in `provider "NAME"`.
    pub name: &'static str,
    /// Its source address, such as `registry.terraform.io/acme/toy`.
    pub address: String,
    /// Its version.
    pub version: &'static str,
}

/// Serves `provider` to the Terraform that started this process, until that is done with it.
///
/// # Errors
///
/// [`ServeError`], whose text is for the person at the terminal.
pub async fn serve(provider: impl Provider, options: ServeOptions) -> Result<(), ServeError> {
    serve_as(provider, options, Mode::Plugin).await
}

/// Serves `provider` to any Terraform that is told to attach to this process, until Ctrl-C.
///
/// # Errors
///
/// As [`serve`].
pub async fn serve_attachable(provider: impl Provider, options: ServeOptions) -> Result<(), ServeError> {
    let mode = Mode::Reattach { address: options.address.clone() };
    serve_as(provider, options, mode).await
}

async fn serve_as(provider: impl Provider, options: ServeOptions, mode: Mode) -> Result<(), ServeError> {
    tracing::debug!(name = options.name, version = options.version, "serving");
    let hooks = Hooks::default();
    let server = server(provider).at(&options.address).hooked(hooks.clone());
    transport::serve(server, mode, hooks).await
}

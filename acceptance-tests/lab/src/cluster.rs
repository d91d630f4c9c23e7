//! Talking to the lab's clusters.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use http::Request;
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};

/// How long one request of a probe may take.
const PROBE: Duration = Duration::from_secs(3);

/// Makes a client for the current context of a kubeconfig file.
///
/// # Errors
///
/// The file cannot be read or is no kubeconfig.
pub async fn client(kubeconfig: &Path) -> anyhow::Result<Client> {
    build(kubeconfig, None).await
}

/// Makes a client whose requests end after a few seconds and are not repeated.
///
/// # Errors
///
/// As [`client`].
pub async fn probe_client(kubeconfig: &Path) -> anyhow::Result<Client> {
    build(kubeconfig, Some(PROBE)).await
}

async fn build(kubeconfig: &Path, patience: Option<Duration>) -> anyhow::Result<Client> {
    let doing = || format!("using {}", kubeconfig.display());
    let parsed = Kubeconfig::read_from(kubeconfig).with_context(doing)?;
    let mut config =
        Config::from_custom_kubeconfig(parsed, &KubeConfigOptions::default()).await.with_context(doing)?;
    config.connect_timeout = Some(PROBE);
    if patience.is_some() {
        config.read_timeout = patience;
        config.default_retry = false;
    }
    Client::try_from(config).with_context(doing)
}

/// GETs a path of the API and gives the text.
///
/// # Errors
///
/// The cluster does not answer, or not with success.
pub async fn get(client: &Client, path: &str) -> anyhow::Result<String> {
    let request = Request::get(path).body(Vec::new()).with_context(|| format!("asking for {path}"))?;
    client.request_text(request).await.with_context(|| format!("asking for {path}"))
}

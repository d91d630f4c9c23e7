//! Fetching Flux's manifests from an OCI registry.

use std::net::IpAddr;
use std::time::Duration;

use domain::fleet::FluxSpec;
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::manifest::OciDescriptor;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};

use crate::errors::{from_oci, said};

const DOING: &str = "fetching Flux's manifests from";

/// The largest layer we take, in bytes. Flux's own is under 200 KiB.
const LAYER_MOST: i64 = 16 << 20;

/// Fetches the one layer of the artifact: a gzipped tar.
///
/// Anonymous. Plain HTTP for registries on loopback, HTTPS for all others.
///
/// # Errors
///
/// - [`Kind::Rejected`] if it is not an artifact of manifests, or has another digest than the one asked for.
/// - [`Kind::NotFound`] if the registry has no such tag or digest.
/// - What the way there meets.
pub(crate) async fn fetch(spec: &FluxSpec, limits: &Limits) -> Result<Vec<u8>, EngineError> {
    let target = match &spec.digest {
        Some(digest) => format!("{}@{digest}", spec.source),
        None => format!("{}:{}", spec.source, spec.version),
    };
    let work = pull(spec, &target);
    tokio::select! {
        biased;
        () = limits.cancel.cancelled() => Err(EngineError::new(DOING, target.as_str(), Kind::Cancelled)),
        layer = work => layer,
        () = tokio::time::sleep_until(limits.deadline) => {
            Err(said(DOING, target.as_str(), Kind::TimedOut, "it was not fetched in time"))
        }
    }
}

async fn pull(spec: &FluxSpec, target: &str) -> Result<Vec<u8>, EngineError> {
    let rejected = |text: String| said(DOING, target, Kind::Rejected, text);
    let reference = reference(spec).map_err(&rejected)?;
    let registry = reference.resolve_registry().to_owned();
    let protocol = if is_loopback(&registry) { ClientProtocol::Http } else { ClientProtocol::Https };
    let client = Client::new(ClientConfig {
        protocol,
        connect_timeout: Some(Duration::from_secs(10)),
        read_timeout: Some(Duration::from_secs(30)),
        user_agent: "terraform-provider-kurator",
        ..ClientConfig::default()
    });
    let failed = |error| from_oci(DOING, target, &error);
    let (manifest, digest) =
        client.pull_image_manifest(&reference, &RegistryAuth::Anonymous).await.map_err(failed)?;
    // The client compares what it fetched by digest itself; this holds whatever it does.
    if let Some(wanted) = &spec.digest
        && *wanted != digest
    {
        return Err(rejected(format!("its digest is {digest}")));
    }
    let layer = choose(&manifest.layers).map_err(rejected)?;
    let mut bytes = Vec::new();
    client.pull_blob(&reference, layer, &mut bytes).await.map_err(failed)?;
    Ok(bytes)
}

fn reference(spec: &FluxSpec) -> Result<Reference, String> {
    let place = spec.source.strip_prefix("oci://").ok_or("its source does not begin with `oci://`")?;
    let text = match &spec.digest {
        Some(digest) => format!("{place}@{digest}"),
        None => format!("{place}:{}", spec.version),
    };
    text.parse::<Reference>().map_err(|error| format!("it is not the name of an artifact: {error}"))
}

fn choose(layers: &[OciDescriptor]) -> Result<&OciDescriptor, String> {
    let layer = layers
        .iter()
        .find(|layer| layer.media_type.ends_with("tar+gzip") || layer.media_type.ends_with("tar.gzip"))
        .ok_or("it has no layer of gzipped manifests")?;
    if layer.size > LAYER_MOST {
        return Err(format!("its layer has {} bytes, and {LAYER_MOST} is the most", layer.size));
    }
    Ok(layer)
}

fn is_loopback(registry: &str) -> bool {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_spoken_to_in_the_clear() {
        for (registry, loopback) in [
            ("127.0.0.1:5000", true),
            ("localhost:5000", true),
            ("[::1]:5000", true),
            ("ghcr.io", false),
            ("localhost.example:5000", false),
            ("10.0.0.1:5000", false),
        ] {
            assert_eq!(is_loopback(registry), loopback, "{registry}");
        }
    }

    #[test]
    fn a_digest_is_fetched_rather_than_the_tag() {
        let mut spec = FluxSpec {
            install: true,
            source: "oci://ghcr.io/fluxcd/flux-manifests".into(),
            version: "v2.8.0".into(),
            digest: None,
            registry: None,
            concurrency: 20,
        };
        assert_eq!(reference(&spec).unwrap().whole(), "ghcr.io/fluxcd/flux-manifests:v2.8.0");
        let digest = format!("sha256:{}", "a".repeat(64));
        spec.digest = Some(digest.clone());
        assert_eq!(reference(&spec).unwrap().digest(), Some(digest.as_str()));
        spec.source = "https://ghcr.io/x".into();
        assert!(reference(&spec).is_err());
    }
}

//! Artifacts for the OCI registry.

use std::net::SocketAddrV4;
use std::path::Path;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Method, Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::files::files_under;
use crate::http_client;
use crate::tools::recipe::hex;

/// What kind of artifact a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Manifests for Flux.
    Flux,
    /// A Helm chart.
    Chart,
}

impl Kind {
    /// The media types of its configuration and of its layer.
    pub(crate) fn media_types(self) -> (&'static str, &'static str) {
        match self {
            Self::Flux => {
                ("application/vnd.cncf.flux.config.v1+json", "application/vnd.cncf.flux.content.v1.tar+gzip")
            }
            Self::Chart => (
                "application/vnd.cncf.helm.config.v1+json",
                "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
            ),
        }
    }
}

/// The media type of a manifest.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Packs the files of a folder, under `prefix`, always to the same bytes for the same content.
pub(crate) fn pack(folder: &Path, prefix: &Path) -> anyhow::Result<Vec<u8>> {
    let files = files_under(folder)?
        .into_iter()
        .map(|path| {
            let content =
                std::fs::read(folder.join(&path)).with_context(|| format!("reading {}", path.display()))?;
            Ok((prefix.join(path), content))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    pack_files(files)
}

/// Packs files, given as path and content, in the order given.
pub(crate) fn pack_files(files: Vec<(impl AsRef<Path>, Vec<u8>)>) -> anyhow::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(6)));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len().try_into().context("a file's size")?);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, path, content.as_slice()).context("packing")?;
    }
    archive.into_inner().context("packing")?.finish().context("packing")
}

/// Pushes one layer as `repository:tag` to `registry`; gives the manifest's digest.
///
/// # Errors
///
/// The registry does not answer or refuses.
pub(crate) async fn push(
    registry: SocketAddrV4,
    repository: &str,
    tag: &str,
    layer: Vec<u8>,
    kind: Kind,
    config: Value,
) -> anyhow::Result<String> {
    let (config_type, layer_type) = kind.media_types();
    let config = blob(registry, repository, config_type, serde_json::to_vec(&config)?).await?;
    let layer = blob(registry, repository, layer_type, layer).await?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config,
        "layers": [layer],
        // Fixed, so that the same content has the same digest.
        "annotations": {"org.opencontainers.image.created": "2026-01-01T00:00:00Z"},
    });
    let manifest = serde_json::to_vec(&manifest)?;
    let digest = digest(&manifest);
    let path = format!("/v2/{repository}/manifests/{tag}");
    call(registry, Method::PUT, &path, MANIFEST, manifest).await?;
    Ok(digest)
}

/// Uploads a blob and gives its descriptor.
async fn blob(
    registry: SocketAddrV4,
    repository: &str,
    media_type: &str,
    content: Vec<u8>,
) -> anyhow::Result<Value> {
    let (digest, size) = (digest(&content), content.len());
    let begun =
        call(registry, Method::POST, &format!("/v2/{repository}/blobs/uploads/"), media_type, Vec::new())
            .await?;
    let location = begun.headers().get(LOCATION).context("beginning an upload: no location")?;
    let location: http::Uri = location.to_str()?.parse().context("beginning an upload")?;
    let target = location.path_and_query().context("beginning an upload: no path")?.as_str();
    let join = if target.contains('?') { '&' } else { '?' };
    let target = format!("{target}{join}digest={digest}");
    call(registry, Method::PUT, &target, "application/octet-stream", content).await?;
    Ok(json!({"mediaType": media_type, "digest": digest, "size": size}))
}

async fn call(
    registry: SocketAddrV4,
    method: Method,
    path: &str,
    content_type: &str,
    body: Vec<u8>,
) -> anyhow::Result<Response<Bytes>> {
    let request = Request::builder()
        .method(method.clone())
        .uri(path)
        .header(CONTENT_TYPE, content_type)
        .body(Full::new(Bytes::from(body)))?;
    let answer = http_client::send(registry, request).await?;
    if !answer.status().is_success() {
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        bail!("registry: {method} {path}: {} {text}", answer.status());
    }
    Ok(answer)
}

/// Gives the digest of content in the form `sha256:…`.
pub(crate) fn digest(content: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_pack_to_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        std::fs::write(dir.path().join("b/x"), "1").unwrap();
        std::fs::write(dir.path().join("a"), "2").unwrap();
        let once = pack(dir.path(), Path::new("")).unwrap();
        std::fs::write(dir.path().join("a"), "2").unwrap();
        assert_eq!(once, pack(dir.path(), Path::new("")).unwrap());
    }
}

//! Container images made by hand, straight into the folder that a registry serves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::oci::{Kind, MANIFEST};
use crate::tools::recipe::hex;

/// What stands at a path in a layer.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A copy of a file, which everybody may run.
    Program(PathBuf),
    /// A file with this content, which everybody may read.
    Text(String),
    /// A link.
    Link(String),
}

/// The files of a layer by their paths, without a slash in front.
pub(crate) type Files = BTreeMap<String, Entry>;

/// A layer that is in the registry's folder.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    digest: String,
    size: u64,
}

/// How a container of an image runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Process<'a> {
    /// What is always run.
    pub(crate) entrypoint: &'a [&'a str],
    /// What is run, or given to the entry point, unless something else is asked for.
    pub(crate) command: &'a [&'a str],
    /// The user, if it is not root.
    pub(crate) user: &'a str,
}

/// The folder of a registry, as the distribution project's registry lays it out.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    root: PathBuf,
}

impl Registry {
    /// The registry with its data under `root`.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.join("docker/registry/v2") }
    }

    fn blob(&self, digest: &str) -> PathBuf {
        self.root.join("blobs/sha256").join(&digest[..2]).join(digest).join("data")
    }

    /// Puts a layer in, always the same for the same files. Not compressed: making it and pulling it is quicker so.
    pub(crate) fn layer(&self, files: &Files) -> anyhow::Result<Layer> {
        let scratch = self.root.join("layer.new");
        fs::create_dir_all(&self.root).context("making the registry's folder")?;
        let mut archive = tar::Builder::new(Hashed { out: File::create(&scratch)?, hash: Sha256::new() });
        let mut folders = BTreeSet::new();
        for (path, entry) in files {
            let above = Path::new(path).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
            let mut above: Vec<_> = above.map(Path::to_owned).collect();
            above.reverse();
            for folder in above {
                if folders.insert(folder.clone()) {
                    let mode = if folder == Path::new("tmp") { 0o1777 } else { 0o755 };
                    archive.append_data(
                        &mut header(tar::EntryType::Directory, 0, mode),
                        folder,
                        io::empty(),
                    )?;
                }
            }
            append(&mut archive, path, entry).with_context(|| format!("packing {path}"))?;
        }
        let Hashed { mut out, hash } = archive.into_inner().context("packing a layer")?;
        out.flush().context("packing a layer")?;
        let size = out.metadata().context("packing a layer")?.len();
        let digest = hex(&hash.finalize());
        let blob = self.blob(&digest);
        fs::create_dir_all(blob.parent().unwrap_or(&self.root)).context("making a blob's folder")?;
        fs::rename(&scratch, &blob).context("putting a layer in place")?;
        Ok(Layer { digest, size })
    }

    fn put(&self, content: &[u8]) -> anyhow::Result<String> {
        let digest = hex(&Sha256::digest(content));
        write(&self.blob(&digest), content)?;
        Ok(digest)
    }

    /// Puts an image in, as `repository:tag`.
    pub(crate) fn image(
        &self,
        repository: &str,
        tag: &str,
        layers: &[Layer],
        process: Process<'_>,
    ) -> anyhow::Result<()> {
        let config = serde_json::to_vec(&config(layers, process))?;
        let config_digest = self.put(&config)?;
        let layer = |layer: &Layer| {
            let kind = "application/vnd.oci.image.layer.v1.tar";
            json!({"mediaType": kind, "digest": format!("sha256:{}", layer.digest), "size": layer.size})
        };
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": format!("sha256:{config_digest}"),
                "size": config.len(),
            },
            "layers": layers.iter().map(layer).collect::<Vec<_>>(),
        });
        let blobs = layers.iter().map(|layer| layer.digest.as_str()).chain([config_digest.as_str()]);
        self.tagged(repository, tag, &manifest, blobs)
    }

    /// Puts an artifact of one layer in, as `repository:tag`.
    pub(crate) fn artifact(
        &self,
        repository: &str,
        tag: &str,
        kind: Kind,
        config: &Value,
        layer: &[u8],
    ) -> anyhow::Result<()> {
        let config = serde_json::to_vec(config)?;
        let (config_type, layer_type) = kind.media_types();
        let (config_digest, layer_digest) = (self.put(&config)?, self.put(layer)?);
        let described = |kind: &str, digest: &str, size: usize| json!({"mediaType": kind, "digest": format!("sha256:{digest}"), "size": size});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described(config_type, &config_digest, config.len()),
            "layers": [described(layer_type, &layer_digest, layer.len())],
        });
        self.tagged(repository, tag, &manifest, [config_digest.as_str(), layer_digest.as_str()])
    }

    /// Puts a manifest in and makes it known, with its blobs, in a repository.
    fn tagged<'a>(
        &self,
        repository: &str,
        tag: &str,
        manifest: &Value,
        blobs: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<()> {
        let manifest = self.put(&serde_json::to_vec(manifest)?)?;
        let repository = self.root.join("repositories").join(repository);
        let link = |path: String, digest: &str| {
            write(&repository.join(path).join("link"), format!("sha256:{digest}").as_bytes())
        };
        for digest in blobs {
            link(format!("_layers/sha256/{digest}"), digest)?;
        }
        link(format!("_manifests/revisions/sha256/{manifest}"), &manifest)?;
        link(format!("_manifests/tags/{tag}/index/sha256/{manifest}"), &manifest)?;
        link(format!("_manifests/tags/{tag}/current"), &manifest)
    }
}

fn config(layers: &[Layer], process: Process<'_>) -> Value {
    let digests: Vec<_> = layers.iter().map(|layer| format!("sha256:{}", layer.digest)).collect();
    json!({
        "architecture": "amd64",
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": {
            "Env": ["PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin"],
            "Entrypoint": process.entrypoint,
            "Cmd": process.command,
            "User": process.user,
        },
        "rootfs": {"type": "layers", "diff_ids": digests},
    })
}

fn header(kind: tar::EntryType, size: u64, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(0);
    header
}

fn append<W: io::Write>(archive: &mut tar::Builder<W>, path: &str, entry: &Entry) -> anyhow::Result<()> {
    match entry {
        Entry::Program(from) => {
            let mut content = File::open(from).with_context(|| format!("opening {}", from.display()))?;
            let mut header = header(tar::EntryType::Regular, content.metadata()?.len(), 0o755);
            archive.append_data(&mut header, path, &mut content)?;
        }
        Entry::Text(text) => {
            let mut header = header(tar::EntryType::Regular, text.len().try_into()?, 0o644);
            archive.append_data(&mut header, path, text.as_bytes())?;
        }
        Entry::Link(target) => {
            archive.append_link(&mut header(tar::EntryType::Symlink, 0, 0o777), path, target)?;
        }
    }
    Ok(())
}

fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(file)).context("making a folder of the registry")?;
    fs::write(file, content).with_context(|| format!("writing {}", file.display()))
}

/// Copies the data of a registry. What is named by its own digest never changes: it is shared, where the file system can.
pub(crate) fn copy_registry(from: &Path, to: &Path) -> anyhow::Result<()> {
    for path in crate::files::files_under(from)? {
        let (source, target) = (from.join(&path), to.join(&path));
        if target.exists() {
            continue;
        }
        fs::create_dir_all(target.parent().unwrap_or(to)).context("making a folder of the registry")?;
        let is_blob = path.file_name().is_some_and(|name| name == "data");
        if !(is_blob && fs::hard_link(&source, &target).is_ok()) {
            fs::copy(&source, &target).with_context(|| format!("copying {}", source.display()))?;
        }
    }
    Ok(())
}

/// Passes bytes on and adds them up.
pub(crate) struct Hashed<W> {
    pub(crate) out: W,
    pub(crate) hash: Sha256,
}

impl<W: io::Write> io::Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_found_by_its_tag_and_is_the_same_each_time() {
        let manifest = || {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("program"), "x").unwrap();
            let files = Files::from([
                ("usr/bin/a".to_owned(), Entry::Program(dir.path().join("program"))),
                ("bin".to_owned(), Entry::Link("usr/bin".to_owned())),
                ("etc/b".to_owned(), Entry::Text("b".to_owned())),
            ]);
            let registry = Registry::new(dir.path());
            let layer = registry.layer(&files).unwrap();
            registry.image("lab/x", "1", &[layer], Process::default()).unwrap();
            let root = dir.path().join("docker/registry/v2");
            let link = root.join("repositories/lab/x/_manifests/tags/1/current/link");
            let digest = fs::read_to_string(link).unwrap();
            let digest = digest.trim_start_matches("sha256:");
            fs::read(root.join("blobs/sha256").join(&digest[..2]).join(digest).join("data")).unwrap()
        };
        let once = manifest();
        assert_eq!(once, manifest());
        let manifest: Value = serde_json::from_slice(&once).unwrap();
        assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    }
}

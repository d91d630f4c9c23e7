//! Charts for the chart server.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::files::{files_under, write_private};
use crate::oci::{digest, pack_files};

/// A packed chart.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// What `Chart.yaml` says.
    pub(crate) metadata: Value,
    /// The archive.
    pub(crate) archive: Vec<u8>,
}

/// Packs the chart in `folder`; `version` replaces the one in its `Chart.yaml`.
///
/// # Errors
///
/// There is no `Chart.yaml`, or it has no name or no version.
pub(crate) fn pack(folder: &Path, version: Option<&str>) -> anyhow::Result<Chart> {
    let doing = || format!("packing chart {}", folder.display());
    let text = fs::read_to_string(folder.join("Chart.yaml")).with_context(doing)?;
    let mut metadata: Value = serde_saphyr::from_str(&text).with_context(doing)?;
    if let Some(version) = version {
        metadata["version"] = json!(version);
    }
    let (name, version) = identity(&metadata).with_context(doing)?;
    let mut files = vec![(PathBuf::from(&name).join("Chart.yaml"), serde_json::to_vec(&metadata)?)];
    for path in files_under(folder)?.into_iter().filter(|path| path != Path::new("Chart.yaml")) {
        files.push((Path::new(&name).join(&path), fs::read(folder.join(&path)).with_context(doing)?));
    }
    Ok(Chart { name, version, metadata, archive: pack_files(files)? })
}

fn identity(metadata: &Value) -> anyhow::Result<(String, String)> {
    match (metadata["name"].as_str(), metadata["version"].as_str()) {
        (Some(name), Some(version)) => Ok((name.to_owned(), version.to_owned())),
        _ => bail!("Chart.yaml: name and version must be there, and be strings"),
    }
}

/// Puts a chart into the folder of the chart server and writes the index anew.
pub(crate) fn publish(root: &Path, chart: &Chart) -> anyhow::Result<()> {
    write_private(&root.join(format!("{}-{}.tgz", chart.name, chart.version)), &chart.archive)?;
    write_index(root)
}

fn write_index(root: &Path) -> anyhow::Result<()> {
    let mut entries: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for path in files_under(root)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "tgz"))
    {
        let mut entry =
            metadata_of(&root.join(&path)).with_context(|| format!("reading {}", path.display()))?;
        let content = fs::read(root.join(&path)).with_context(|| format!("reading {}", path.display()))?;
        entry["urls"] = json!([path]);
        entry["digest"] = json!(digest(&content).trim_start_matches("sha256:"));
        entry["created"] = json!("2026-01-01T00:00:00Z");
        let (name, _) = identity(&entry)?;
        entries.entry(name).or_default().push(entry);
    }
    let index = json!({"apiVersion": "v1", "generated": "2026-01-01T00:00:00Z", "entries": entries});
    write_private(&root.join("index.yaml"), serde_json::to_vec_pretty(&index)?)
}

/// Reads `Chart.yaml` out of an archive.
fn metadata_of(archive: &Path) -> anyhow::Result<Value> {
    for entry in tar::Archive::new(GzDecoder::new(File::open(archive)?)).entries()? {
        let mut entry = entry?;
        if entry.path()?.components().count() == 2 && entry.path()?.ends_with("Chart.yaml") {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            return Ok(serde_saphyr::from_str(&text)?);
        }
    }
    bail!("no Chart.yaml in it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_lists_every_version_that_was_published() {
        let dir = tempfile::tempdir().unwrap();
        let (source, root) = (dir.path().join("demo"), dir.path().join("root"));
        fs::create_dir(&source).unwrap();
        fs::create_dir(&root).unwrap();
        fs::write(source.join("Chart.yaml"), "apiVersion: v2\nname: demo\nversion: 1.0.0\n").unwrap();
        publish(&root, &pack(&source, None).unwrap()).unwrap();
        publish(&root, &pack(&source, Some("1.1.0")).unwrap()).unwrap();
        let index: Value = serde_json::from_slice(&fs::read(root.join("index.yaml")).unwrap()).unwrap();
        let versions: Vec<_> =
            index["entries"]["demo"].as_array().unwrap().iter().map(|e| &e["version"]).collect();
        assert_eq!(versions, ["1.0.0", "1.1.0"]);
    }
}

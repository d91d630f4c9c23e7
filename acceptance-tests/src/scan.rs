//! Looking for secrets in what a run left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::forms::{self, Needle};
use crate::site::Site;
use crate::zip;

/// The shortest text that counts as a secret: anything shorter is found everywhere by chance.
const SHORTEST: usize = 12;

/// Something that must not be found, with a name that tells nothing.
#[derive(Clone)]
pub struct Secret {
    /// What it is.
    pub what: String,
    needles: Vec<Needle>,
}

/// One file, or one entry of an archive, that is looked through.
#[derive(Clone)]
pub struct Artifact {
    /// What it is.
    pub what: String,
    content: Vec<u8>,
}

impl Secret {
    /// Takes a secret.
    pub fn new(what: impl Into<String>, secret: &[u8]) -> Self {
        Self { what: what.into(), needles: forms::of(secret) }
    }

    /// Every token and key of the lab: of its administrators, of its authorities, and of the service accounts that
    /// are on its clusters now.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or a cluster does not answer.
    pub fn of_the_lab(site: &Site) -> anyhow::Result<Vec<Self>> {
        let mut secrets = Vec::new();
        for cluster in site.clusters() {
            let token = site.lab.token(&cluster.name)?;
            secrets.push(Self::new(format!("administrator's token of {}", cluster.name), token.as_bytes()));
            secrets.extend(Self::in_secrets(cluster)?);
        }
        keys(&site.environment.dir.join("pki"), &mut secrets)?;
        ensure!(secrets.iter().any(|it| it.what.contains("key")), "the lab's keys were not found");
        ensure!(secrets.iter().any(|it| it.what.contains("Secret")), "no Secret was found on the clusters");
        Ok(secrets)
    }

    /// The tokens and kubeconfigs in the Secrets of a cluster.
    fn in_secrets(cluster: &Cluster) -> anyhow::Result<Vec<Self>> {
        let mut secrets = Vec::new();
        for object in cluster.list("/api/v1/secrets")? {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            for (key, value) in object["data"].as_object().into_iter().flatten() {
                let value = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default();
                // Certificates and names of namespaces are no secrets.
                if matches!(key.as_str(), "ca.crt" | "namespace") || value.len() < SHORTEST {
                    continue;
                }
                let what = format!("{key} of Secret {name} on {}", cluster.name);
                secrets.push(Self::new(what, &value));
            }
        }
        Ok(secrets)
    }
}

/// Adds the private keys in a folder: whole, and line by line, for an encoder may break them anew.
fn keys(folder: &Path, secrets: &mut Vec<Secret>) -> anyhow::Result<()> {
    let doing = || format!("reading {}", folder.display());
    for entry in fs::read_dir(folder).with_context(doing)? {
        let path = entry.with_context(doing)?.path();
        if path.is_dir() {
            keys(&path, secrets)?;
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if !text.contains("PRIVATE KEY") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        if let Ok(der) = STANDARD.decode(&body) {
            secrets.push(Secret::new(format!("key {name}, its bytes"), &der));
        }
        for line in text.lines().filter(|line| !line.starts_with("-----") && line.len() > SHORTEST) {
            secrets.push(Secret::new(format!("key {name}, a line of it"), line.as_bytes()));
        }
        secrets.push(Secret::new(format!("key {name}"), text.as_bytes()));
    }
    Ok(())
}

impl Artifact {
    /// Takes a text.
    pub fn of(what: impl Into<String>, content: &str) -> Self {
        Self { what: what.into(), content: content.as_bytes().to_vec() }
    }

    /// Reads a file. A zip archive becomes its entries; of JSON, every text that is base64 is added in decoded form.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is a damaged archive.
    pub fn read(what: &str, file: &Path) -> anyhow::Result<Vec<Self>> {
        let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let mut artifacts = vec![Self { what: what.to_owned(), content: content.clone() }];
        if content.starts_with(b"PK") {
            let entries = zip::entries(&content).with_context(|| format!("reading {}", file.display()))?;
            artifacts.extend(
                entries.into_iter().map(|(name, content)| Self { what: format!("{what}, {name}"), content }),
            );
        }
        let decoded: Vec<Self> = artifacts.iter().flat_map(Self::decoded).collect();
        artifacts.extend(decoded);
        Ok(artifacts)
    }

    fn decoded(&self) -> Vec<Self> {
        let Ok(document) = serde_json::from_slice::<Value>(&self.content) else { return Vec::new() };
        let mut texts = Vec::new();
        collect(&document, &mut texts);
        texts
            .into_iter()
            .filter_map(|text| STANDARD.decode(text).ok())
            .map(|content| Self { what: format!("{}, decoded", self.what), content })
            .collect()
    }
}

fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.len() >= SHORTEST => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(entries) => entries.values().for_each(|item| collect(item, texts)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Where the secrets are found, a line each.
///
/// Each artifact is gone through once, whatever the number of secrets: logs are some ten megabytes, and there are
/// hundreds of forms.
pub fn findings(artifacts: &[Artifact], secrets: &[Secret]) -> Vec<String> {
    let mut begins_one = vec![false; 1 << 16];
    let mut by_head: BTreeMap<&[u8], Vec<(&Secret, &Needle)>> = BTreeMap::new();
    for secret in secrets {
        for needle in secret.needles.iter().filter(|needle| needle.bytes.len() >= SHORTEST) {
            begins_one[pair(&needle.bytes)] = true;
            by_head.entry(&needle.bytes[..SHORTEST]).or_default().push((secret, needle));
        }
    }
    let mut findings = BTreeSet::new();
    for artifact in artifacts {
        for (at, head) in artifact.content.windows(SHORTEST).enumerate() {
            if !begins_one[pair(head)] {
                continue;
            }
            for (secret, needle) in by_head.get(head).into_iter().flatten() {
                if artifact.content[at..].starts_with(&needle.bytes) {
                    findings.insert(format!("{} is in {}, {}", secret.what, artifact.what, needle.form));
                }
            }
        }
    }
    findings.into_iter().collect()
}

/// The first two bytes as a number.
fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_whole_and_not_in_part() {
        let artifact = |text: &str| Artifact { what: "log".to_owned(), content: text.into() };
        let secret = Secret::new("token", b"0123456789abcdef");
        let found = findings(&[artifact("x0123456789abcdefx")], std::slice::from_ref(&secret));
        assert_eq!(found, ["token is in log, raw"]);
        assert!(findings(&[artifact("x0123456789abcdeX")], &[secret]).is_empty());
    }
}

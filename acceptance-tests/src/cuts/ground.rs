//! What the cut operations stand on, and what they leave on it.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::site::Site;
use crate::snapshot::Snapshot;
use crate::workspace::Workspace;

/// Two attached clusters and a fleet of both.
#[derive(Clone, Debug)]
pub struct Ground {
    hub: String,
    edge: String,
    target: Value,
}

impl Ground {
    /// Makes the ground in a workspace.
    ///
    /// # Errors
    ///
    /// The apply fails.
    pub fn make(site: &Site, workspace: &Workspace, name: &str) -> anyhow::Result<Self> {
        workspace.take("cuts_ground")?;
        workspace.variables(&json!({"kubeconfig": site.environment.kubeconfig, "name": name}))?;
        workspace.apply()?;
        let reference = |address: &str| -> anyhow::Result<String> {
            let instance = workspace.instance(address)?;
            Ok(instance["attributes"]["ref"]
                .as_str()
                .with_context(|| format!("{address} has no ref"))?
                .to_owned())
        };
        Ok(Self {
            hub: reference("kurator_attached_cluster.hub")?,
            edge: reference("kurator_attached_cluster.edge")?,
            target: workspace.instance("kurator_fleet.ground")?["attributes"]["target"].clone(),
        })
    }

    /// The values of the variables of `cases/cuts`.
    pub(super) fn variables(&self, site: &Site, git_url: &str) -> Value {
        json!({
            "kubeconfig": site.environment.kubeconfig,
            "hub": self.hub,
            "edge": self.edge,
            "target": self.target,
            "git_url": git_url,
        })
    }
}

/// What is left on the clusters of each of `names`, all of which begin with `prefix`.
pub(super) fn left_over(
    site: &Site,
    prefix: &str,
    names: &[&str],
) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut left: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for cluster in site.clusters() {
        let is_left = |key: &str| names.iter().any(|name| key.contains(name));
        for key in Snapshot::settled(cluster, |key| key.contains(prefix) && is_left(key))? {
            for name in names.iter().filter(|name| key.contains(**name)) {
                left.entry((*name).to_owned()).or_default().push(format!("{}: {key}", cluster.name));
            }
        }
    }
    Ok(left)
}

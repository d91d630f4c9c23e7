//! On a host without Flux, a fleet installs it and removes it again.

use anyhow::ensure;
use serde_json::json;

use crate::case::Case;

/// The controllers that the artifact of the lab holds.
const CONTROLLERS: [&str; 3] = ["source-controller", "kustomize-controller", "helm-controller"];

/// The claim. In this tier of the lab no image runs, so that Flux's objects are all that can be seen of it.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    let manifests = case.site.lab.flux_manifests()?;
    let workspace = case.workspace()?;
    workspace.take("flux_install")?;
    workspace.variables(&json!({
        "kubeconfig": case.site.environment.kubeconfig,
        "name": case.name,
        "source_url": manifests.url,
        "tag": manifests.tag,
        "digest": manifests.digest,
    }))?;
    workspace.apply()?;
    let edge = case.site.edge()?;
    for name in CONTROLLERS {
        let deployment = edge.get(&format!("/apis/apps/v1/namespaces/flux-system/deployments/{name}"))?;
        let containers = deployment["spec"]["template"]["spec"]["containers"].to_string();
        ensure!(containers.contains("--concurrent=7"), "{name} has another concurrency: {containers}");
    }
    workspace.plans_nothing()?;
    workspace.destroy()?;
    case.is_as_it_was(&before)
}

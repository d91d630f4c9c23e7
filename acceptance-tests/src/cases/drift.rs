//! What is changed by hand is planned and mended.

use std::time::Duration;

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use super::workloads::Workloads;
use crate::case::Case;
use crate::wait::until;

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.fleet_workspace()?;
    workspace.apply()?;
    let hub = case.site.hub()?;

    let kustomizations = case.flux_objects("kustomizations");
    let is_for_edge = |it: &&Value| it["metadata"]["labels"]["kurator.dev/member"] == "edge";
    let found = hub.list(&kustomizations)?;
    let Some(one) = found.iter().find(is_for_edge) else { bail!("no Kustomization is for edge") };
    let one = format!("{kustomizations}/{}", one["metadata"]["name"].as_str().unwrap_or_default());
    hub.delete(&one)?;
    until("the Kustomization goes", Duration::from_secs(30), || Ok(hub.find(&one)?.is_none().then_some(())))?;
    // Of one member the kubeconfig, of the other the whole Secret.
    let secret = format!("{}/secrets/member-hub", case.fleet_namespace());
    hub.patch(&secret, &json!({"data": {"value": null}}))?;
    let other_secret = format!("{}/secrets/member-edge", case.fleet_namespace());
    hub.delete(&other_secret)?;

    let planned = workspace.plans_changes()?;
    let changes = planned.changes().join("\n");
    for address in ["kurator_fleet.demo", "kurator_application.podinfo"] {
        ensure!(changes.contains(address), "{address} is not planned\n{}", planned.in_words());
    }
    workspace.apply()?;
    for secret in [secret, other_secret] {
        let mended = hub.get(&secret)?;
        ensure!(mended["data"]["value"].is_string(), "{secret} has no kubeconfig");
    }
    Workloads::of(case).are(case, "edge")?;
    workspace.plans_nothing()?;
    workspace.refreshes_nothing().map(drop)
}

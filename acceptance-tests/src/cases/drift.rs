//! What is changed by hand is planned and mended.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::workloads::Workloads;
use crate::case::Case;
use crate::cluster::Cluster;
use crate::wait::until;
use crate::workspace::Workspace;

/// How long something that was deleted by hand may take to go.
const PATIENCE: Duration = Duration::from_mins(1);

/// Part of the fleet's and the application's objects are removed.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.fleet_workspace()?;
    workspace.apply()?;
    let hub = case.site.hub()?;

    let kustomizations = case.flux_objects("kustomizations");
    let found = hub.list(&kustomizations)?;
    let of_member = |member: &str| {
        let is_its = |it: &&Value| it["metadata"]["labels"]["kurator.dev/member"] == member;
        let one = found.iter().find(is_its).with_context(|| format!("no Kustomization is for {member}"))?;
        anyhow::Ok(format!("{kustomizations}/{}", name(one)))
    };
    removed(hub, &of_member("edge")?)?;
    let suspended = of_member("hub")?;
    hub.patch(&suspended, &json!({"spec": {"suspend": true}}))?;
    // Of one member the kubeconfig, of the other the whole Secret.
    let secret = format!("{}/secrets/member-hub", case.fleet_namespace());
    hub.patch(&secret, &json!({"data": {"value": null}}))?;
    let other_secret = format!("{}/secrets/member-edge", case.fleet_namespace());
    removed(hub, &other_secret)?;

    let planned = workspace.plans_changes()?;
    let changes = planned.changes().join("\n");
    for address in ["kurator_fleet.demo", "kurator_application.podinfo"] {
        ensure!(changes.contains(&format!("{address}: Plan to update")), "{address}\n{}", planned.in_words());
    }
    workspace.apply()?;
    ensure!(hub.get(&suspended)?["spec"]["suspend"] != true, "{suspended} is still suspended");
    for secret in [secret, other_secret] {
        ensure!(hub.get(&secret)?["data"]["value"].is_string(), "{secret} has no kubeconfig");
    }
    is_in_order(case, &workspace)
}

/// The whole fleet is removed from its host: told to an application that does not know, and made whole again.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn gone(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.fleet_workspace()?;
    workspace.apply()?;
    let hub = case.site.hub()?;
    // In this order: Flux cannot take anything from a member whose Secret went with the namespace.
    for kind in ["kustomizations", "gitrepositories"] {
        let collection = case.flux_objects(kind);
        for object in hub.list(&collection)? {
            removed(hub, &format!("{collection}/{}", name(&object)))?;
        }
    }
    removed(hub, &case.fleet_namespace())?;

    let text = workspace.read("main.tf")?;
    let (before, after) =
        ("path = \"./base\", prune = true", "path = \"./base\", prune = true, interval = \"5m\"");
    ensure!(text.contains(before), "the configuration has no `{before}`");
    workspace.write("main.tf", &text.replace(before, after))?;
    let applied = workspace.run(&["apply", "-json", "-auto-approve", "-refresh=false"])?.ended_with(1)?;
    applied.says("error", &["kurator_application.podinfo", "Fleet is gone"])?;

    let planned = workspace.plans_changes()?;
    let changes = planned.changes().join("\n");
    // The fleet stays in state: what it has on its members is still there, and a destroy has to find it.
    for change in ["kurator_fleet.demo: Plan to update", "kurator_application.podinfo: Plan to create"] {
        ensure!(changes.contains(change), "{change}\n{}", planned.in_words());
    }
    workspace.apply()?;
    is_in_order(case, &workspace)
}

fn is_in_order(case: &Case<'_>, workspace: &Workspace) -> anyhow::Result<()> {
    Workloads::of(case).are(case, "edge")?;
    workspace.plans_nothing()?;
    workspace.refreshes_nothing().map(drop)
}

/// Deletes an object and waits until it is gone.
fn removed(cluster: &Cluster, path: &str) -> anyhow::Result<()> {
    cluster.delete(path)?;
    until(&format!("{path} goes"), PATIENCE, || Ok(cluster.find(path)?.is_none().then_some(())))
        .with_context(|| format!("removing it from {} by hand", cluster.name))
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

//! Apply, move by a label, destroy: what a user does first.

use anyhow::ensure;
use serde_json::json;

use crate::case::Case;
use crate::cluster::Cluster;

/// Where the workload of the policy `base` is.
fn base(case: &Case<'_>) -> String {
    format!("/apis/apps/v1/namespaces/{}/deployments/web", case.name)
}

/// Where the workload of the policy `edge` is.
fn edge(case: &Case<'_>) -> String {
    format!("/apis/apps/v1/namespaces/default/deployments/{}-cache", case.name)
}

fn runs(cluster: &Cluster, deployment: &str) -> anyhow::Result<bool> {
    let found = cluster.find(deployment)?.unwrap_or_default();
    Ok(found["status"]["availableReplicas"] == 1)
}

/// Checks that `base` runs everywhere and `edge` on the named cluster alone.
pub(crate) fn workloads_are(case: &Case<'_>, edge_is_on: &str) -> anyhow::Result<()> {
    for cluster in case.site.clusters() {
        ensure!(runs(cluster, &base(case))?, "`base` does not run on {}", cluster.name);
        if cluster.name == edge_is_on {
            ensure!(runs(cluster, &edge(case))?, "`edge` does not run on {}", cluster.name);
        } else {
            ensure!(cluster.find(&edge(case))?.is_none(), "`edge` is on {}", cluster.name);
        }
    }
    Ok(())
}

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    let workspace = case.fleet_workspace()?;
    workspace.apply()?;
    workloads_are(case, "edge")?;
    workspace.plans_nothing()?;
    workspace.refreshes_nothing()?;

    let mut variables = case.variables();
    variables["hub_labels"] = json!({"env": "edge"});
    variables["edge_labels"] = json!({});
    workspace.variables(&variables)?;
    workspace.apply()?;
    workloads_are(case, "hub")?;
    workspace.plans_nothing()?;
    workspace.refreshes_nothing()?;

    workspace.destroy()?;
    case.is_as_it_was(&before)
}

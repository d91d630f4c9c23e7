//! A chart of a git repository: installed on the chosen cluster, upgraded by a value, uninstalled.

use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::apps;
use crate::case::Case;
use crate::workspace;

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    apps::seed(case.site, &workspace::case_folder("helm").join("apps"), &case.name)?;
    let workspace = case.workspace()?;
    workspace.take("helm")?;
    let values = |values: &str| {
        let mut variables = case.variables();
        variables["values"] = json!(values);
        workspace.variables(&variables)
    };
    values("replicas: 1\n")?;
    workspace.apply()?;
    runs(case, 1)?;
    workspace.plans_nothing()?;
    workspace.refreshes_nothing()?;

    values("{\"replicas\": 1}")?;
    workspace.plans_nothing().context("the same values in other words")?;

    values("replicas: 2\n")?;
    workspace.apply()?;
    runs(case, 2)?;
    workspace.plans_nothing()?;
    workspace.refreshes_nothing()?;

    values("replicas: many\n")?;
    let refused = ["kurator_application.web", "Policy cannot be applied to a cluster", "`chart`", "`edge`"];
    let by_helm = ["UpgradeFailed", "schema", "replicas"];
    workspace.try_apply()?.ended_with(1)?.says("error", &[&refused[..], &by_helm].concat())?;
    runs(case, 2).context("what was refused")?;

    values("replicas: 1\n")?;
    workspace.apply()?;
    runs(case, 1)?;
    workspace.plans_nothing()?;

    workspace.destroy()?;
    case.is_as_it_was(&before)
}

/// Checks that the chart's deployment runs on `edge` alone, with so many replicas.
fn runs(case: &Case<'_>, replicas: u64) -> anyhow::Result<()> {
    let path = format!("/apis/apps/v1/namespaces/default/deployments/{}", case.name);
    let deployment = case.site.edge()?.get(&path)?;
    for count in [&deployment["spec"]["replicas"], &deployment["status"]["availableReplicas"]] {
        ensure!(*count == json!(replicas), "not {replicas} replicas: {deployment}");
    }
    ensure!(case.site.hub()?.find(&path)?.is_none(), "the chart is on hub too");
    Ok(())
}

//! `examples/quickstart`: apply, move by a label, destroy. What a user does first.

use std::path::Path;

use anyhow::ensure;
use serde_json::json;

use super::workloads::Workloads;
use crate::apps;
use crate::case::Case;

/// The members as the example has them, and with the label on the other one.
const AS_IT_IS: [&str; 2] = [
    "hub  = { ref = kurator_attached_cluster.hub.ref }",
    "edge = { ref = kurator_attached_cluster.edge.ref, labels = { env = \"edge\" } }",
];
const MOVED: [&str; 2] = [
    "hub  = { ref = kurator_attached_cluster.hub.ref, labels = { env = \"edge\" } }",
    "edge = { ref = kurator_attached_cluster.edge.ref }",
];

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
    let git_url = apps::seed(case.site, &example.join("apps"), &case.name)?;
    let workloads = Workloads::of_the_example();
    let workspace = case.workspace()?;
    workspace.take_from(&example)?;
    workspace.variables(&json!({"kubeconfig": case.site.environment.kubeconfig, "git_url": git_url}))?;
    workspace.apply()?;
    workloads.are(case, "edge")?;
    workspace.plans_nothing()?;
    workspace.refreshes_nothing()?;

    let mut text = workspace.read("main.tf")?;
    for (now, moved) in AS_IT_IS.into_iter().zip(MOVED) {
        ensure!(text.contains(now), "the example has no line `{now}`");
        text = text.replace(now, moved);
    }
    workspace.write("main.tf", &text)?;
    workspace.apply()?;
    workloads.are(case, "hub")?;
    workspace.plans_nothing()?;
    workspace.refreshes_nothing()?;

    workspace.destroy()?;
    case.is_as_it_was(&before)
}

//! A member that does not answer is a warning, and nothing is forgotten.

use anyhow::{Context as _, ensure};
use lab::fault::Fault;
use serde_json::Value;

use super::workloads::Workloads;
use crate::case::Case;
use crate::workspace::Workspace;

/// The claim, for an API server that is dead and for one that accepts connections and does not answer.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    let workspace = case.fleet_workspace()?;
    workspace.apply()?;
    for fault in [Fault::Kill, Fault::Freeze] {
        is_kept(case, &workspace, fault.clone()).with_context(|| format!("{fault:?}"))?;
    }
    workspace.destroy()?;
    case.is_as_it_was(&before)
}

fn is_kept(case: &Case<'_>, workspace: &Workspace, fault: Fault) -> anyhow::Result<()> {
    let stored = stored(workspace)?;
    case.site.lab.fault("edge", fault)?;
    workspace.plans_nothing()?.says("warning", &["`edge`"])?;
    workspace.apply()?.says("warning", &["`edge`"])?;
    let kept = self::stored(workspace)?;
    ensure!(stored == kept, "state changed from\n{stored:#}\nto\n{kept:#}");

    case.site.lab.fault("edge", Fault::Heal)?;
    let healed = workspace.plans_nothing()?;
    ensure!(healed.warnings().is_empty(), "there is still a warning\n{}", healed.in_words());
    workspace.refreshes_nothing()?;
    Workloads::of(case).are(case, "edge")
}

/// The state but for its serial number and the results of checks, which every run may write.
fn stored(workspace: &Workspace) -> anyhow::Result<Value> {
    let mut state = workspace.state()?;
    if let Some(state) = state.as_object_mut() {
        state.remove("serial");
        state.remove("check_results");
    }
    Ok(state)
}

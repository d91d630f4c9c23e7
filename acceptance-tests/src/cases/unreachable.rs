//! A member that does not answer is a warning, and nothing is forgotten.

use anyhow::ensure;
use lab::fault::Fault;
use serde_json::Value;

use super::quickstart::workloads_are;
use crate::case::Case;
use crate::workspace::Workspace;

/// The member's API server is dead.
///
/// # Errors
///
/// The claim does not hold.
pub fn down(case: &Case<'_>) -> anyhow::Result<()> {
    check(case, Fault::Kill)
}

/// The member's API server accepts connections and does not answer.
///
/// # Errors
///
/// The claim does not hold.
pub fn hangs(case: &Case<'_>) -> anyhow::Result<()> {
    check(case, Fault::Freeze)
}

fn check(case: &Case<'_>, fault: Fault) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    let workspace = case.fleet_workspace()?;
    workspace.apply()?;
    let stored = stored(&workspace)?;

    case.site.lab.fault("edge", fault)?;
    workspace.plans_nothing()?.says("warning", &["`edge`"])?;
    workspace.apply()?.says("warning", &["`edge`"])?;
    let kept = self::stored(&workspace)?;
    ensure!(stored == kept, "state changed from\n{stored:#}\nto\n{kept:#}");

    case.site.lab.fault("edge", Fault::Heal)?;
    let healed = workspace.plans_nothing()?;
    ensure!(healed.warnings().is_empty(), "there is still a warning\n{}", healed.in_words());
    workspace.refreshes_nothing()?;
    workspace.apply()?;
    workloads_are(case, "edge")?;
    workspace.destroy()?;
    case.is_as_it_was(&before)
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

//! No token, key or kubeconfig of the lab is in what a run leaves behind.

use anyhow::ensure;
use serde_json::json;

use crate::case::Case;
use crate::scan::{Artifact, Secret, findings};

/// What is planted in state, plan and logs, raw and in base64, so that a scan that finds nothing is known to look.
const MARKER: &str = "planted-marker-73c1f0-planted-marker";

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.fleet_workspace()?;
    workspace.take("secrets")?;
    let mut variables = case.variables();
    variables["marker"] = json!(MARKER);
    workspace.variables(&variables)?;
    // Hosts log their arguments: this is how the marker gets into the logs.
    let marker = format!("-var=marker={MARKER}");
    workspace.run_traced(&["plan", "-json", "-out=first.plan", &marker])?.ended_with(0)?;
    workspace.run_traced(&["apply", "-json", "first.plan"])?.ended_with(0)?;
    // The second apply makes a backup of the first one's state; its plan holds the state, too.
    variables["edge_labels"] = json!({"env": "edge", "tier": "far"});
    workspace.variables(&variables)?;
    workspace.run_traced(&["plan", "-json", "-out=second.plan", &marker])?.ended_with(0)?;
    workspace.run_traced(&["apply", "-json", "second.plan"])?.ended_with(0)?;
    let secrets = Secret::of_the_lab(case.site)?;

    let mut artifacts = Vec::new();
    let files = ["terraform.tfstate", "terraform.tfstate.backup", "first.plan", "second.plan"];
    let files = files.map(|name| (name, workspace.path(name)));
    for (what, file) in files.into_iter().chain([("trace log", workspace.log())]) {
        let found = Artifact::read(what, &file)?;
        let planted = findings(&found, &[Secret::new("marker", MARKER.as_bytes())]);
        ensure!(planted.iter().any(|it| it.ends_with("raw")), "the planted marker is not found in {what}");
        if what.starts_with("terraform.tfstate") {
            ensure!(planted.iter().any(|it| it.ends_with("base64")), "nor in base64 in {what}: {planted:?}");
            ensure!(planted.iter().any(|it| it.contains("decoded")), "nor decoded in {what}: {planted:?}");
        }
        artifacts.extend(found);
    }
    let found = findings(&artifacts, &secrets);
    ensure!(found.is_empty(), "{} of {} secrets:\n{}", found.len(), secrets.len(), found.join("\n"));
    Ok(())
}

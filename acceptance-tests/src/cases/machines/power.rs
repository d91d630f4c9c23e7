//! Machines lose their power: what is stored stays, whoever is away is named, and all converges afterwards.

use anyhow::{Context as _, ensure};
use lab::machines::fault::MachineFault;
use serde_json::Value;

use super::MADE;
use crate::case::Case;
use crate::machines::footprint::Footprint;
use crate::machines::ground::{CONTROL_PLANE, Ground, WORKERS, on_fresh_machines};
use crate::wait::until;

/// How long the API may take to answer again once the control plane is on.
const BACK: std::time::Duration = std::time::Duration::from_mins(2);

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    on_fresh_machines(case, 3, |ground| {
        let before = Footprint::of(ground, WORKERS[1].1)?;
        ground.configure(&WORKERS)?;
        ground.workspace.apply()?;
        ground.serves()?;
        control_plane(ground).context("the control plane loses its power")?;
        worker(ground, &before).context("a worker loses its power")?;
        ground.workspace.destroy().map(drop)
    })
}

fn control_plane(ground: &Ground<'_>) -> anyhow::Result<()> {
    let (node, machine) = CONTROL_PLANE;
    let stored = stored(ground)?;
    ground.fault(machine, MachineFault::PowerOff)?;
    is_named(ground, node, &stored)?;
    ground.fault(machine, MachineFault::PowerOn)?;
    until("the API answers again", BACK, || Ok(ground.kubectl("get --raw /readyz").is_ok().then_some(())))?;
    ground.nodes_are(&WORKERS)?;
    ground.is_in_order().context("the control plane is back")?;
    ground.serves().context("the control plane is back")?;
    ensure!(self::stored(ground)? == stored, "the state is another one than before");
    Ok(())
}

fn worker(ground: &Ground<'_>, before: &Footprint) -> anyhow::Result<()> {
    let (node, machine) = WORKERS[1];
    let stored = stored(ground)?;
    ground.fault(machine, MachineFault::PowerOff)?;
    is_named(ground, node, &stored)?;

    // Without it, while it is dead: that is wanted, and so is said.
    let mut variables = ground.variables(&WORKERS[..1])?;
    variables["on_unreachable"] = "forget".into();
    ground.workspace.variables(&variables)?;
    let applied = ground.workspace.apply().context("the configuration without it")?;
    applied.says("warning", &[node])?;
    ground.nodes_are(&WORKERS[..1])?;
    ground.workspace.run(&["plan", "-json", "-detailed-exitcode"])?.ended_with(0)?;

    // It comes back with all that was on it, and an apply of the same configuration clears it.
    ground.fault(machine, MachineFault::PowerOn)?;
    ground.workspace.apply().context("it has come back")?;
    before.holds(ground).context("it has come back, and was applied")?;
    ground.is_in_order()?;
    ground.nodes_are(&WORKERS[..1])
}

/// A refresh names the machine in a warning and forgets nothing.
fn is_named(ground: &Ground<'_>, node: &str, stored: &Value) -> anyhow::Result<()> {
    ground.workspace.plans_nothing()?.says("warning", &[node])?;
    let refreshed =
        ground.workspace.run(&["apply", "-json", "-refresh-only", "-auto-approve"])?.ended_with(0)?;
    refreshed.says("warning", &[node])?;
    let kept = self::stored(ground)?;
    for attribute in ["ref", "machines", "host_keys", "phase"] {
        let (was, is) = (&stored[attribute], &kept[attribute]);
        ensure!(was == is, "{attribute} was {was:#} and is {is:#}");
    }
    Ok(())
}

/// What is stored of the cluster.
fn stored(ground: &Ground<'_>) -> anyhow::Result<Value> {
    let attributes = ground.workspace.instance(MADE)?["attributes"].clone();
    ensure!(attributes.is_object(), "the cluster is not in state");
    Ok(attributes)
}

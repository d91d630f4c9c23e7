//! A cluster is made, grows, shrinks, gets another machine in a worker's place, and goes without a trace.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::MADE;
use crate::case::Case;
use crate::machines::footprint::Footprint;
use crate::machines::ground::{CONTROL_PLANE, Ground, Place, WORKERS, on_fresh_machines};
use crate::process::Finished;
use crate::workspace::Workspace;

/// The machines of the claim: the usual ones, one that joins, and one that takes a worker's place.
const MACHINES: [&str; 5] = ["m1", "m2", "m3", "m4", "m5"];

/// A worker that is added.
const ADDED: Place = ("w3", "m4");

/// Another machine under the name of the second worker.
const REPLACED: Place = ("w2", "m5");

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    on_fresh_machines(case, 5, |ground| {
        let before: Vec<_> =
            MACHINES.iter().map(|machine| Footprint::of(ground, machine)).collect::<anyhow::Result<_>>()?;
        let took = |what: &str, finished: &Finished| ground.took(what, finished.took);
        ground.configure(&WORKERS)?;
        let created = ground.workspace.apply().context("1 + 2 are made")?;
        took("1 + 2 made, downloads included", &created);
        ground.is_in_order().context("1 + 2 were made")?;
        ground.nodes_are(&WORKERS)?;
        ground.serves()?;
        tells(ground, &["cp1", "w1", "w2"])?;
        ensure!(
            ground.starts(CONTROL_PLANE.1, "kurator-init.service")? == 1,
            "kubeadm init did not run once"
        );

        nobody_takes_its_nodes(ground)?;

        let three = [WORKERS[0], WORKERS[1], ADDED];
        ground.configure(&three)?;
        took("a worker added, downloads included", &ground.workspace.apply().context("a worker is added")?);
        ground.is_in_order().context("a worker was added")?;
        ground.nodes_are(&three)?;
        ground.serves()?;

        let two = [WORKERS[1], ADDED];
        ground.configure(&two)?;
        took("a worker removed", &ground.workspace.apply().context("a worker is removed")?);
        ground.is_in_order().context("a worker was removed")?;
        ground.nodes_are(&two)?;
        ground.serves()?;
        before[1].holds(ground).context("the worker was removed")?;

        let other = [REPLACED, ADDED];
        ground.configure(&other)?;
        took(
            "a worker replaced, downloads included",
            &ground.workspace.apply().context("a worker is replaced")?,
        );
        ground.is_in_order().context("a worker was replaced")?;
        ground.nodes_are(&other)?;
        ground.serves()?;
        before[2].holds(ground).context("another machine took its place")?;

        took("destroyed", &ground.workspace.destroy()?);
        all_hold(ground, &before).context("the cluster was destroyed")?;

        ground.configure(&WORKERS)?;
        took(
            "1 + 2 made on machines that had been one",
            &ground.workspace.apply().context("a second create")?,
        );
        ground.is_in_order().context("a second create")?;
        ground.nodes_are(&WORKERS)?;
        ground.serves()?;
        ground.workspace.destroy().context("a second destroy")?;
        all_hold(ground, &before).context("the second cluster was destroyed")
    })
}

/// Another configuration of the same name and owner, whose control plane is elsewhere, does not get a node of the cluster.
fn nobody_takes_its_nodes(ground: &Ground<'_>) -> anyhow::Result<()> {
    let case = ground.case;
    let twin =
        Workspace::new(case.host, case.site.scratch(), &format!("{}-twin", case.name), &case.site.provider)?;
    twin.take("custom_cluster")?;
    let mut variables = ground.variables(&WORKERS[..1])?;
    variables["machines"][CONTROL_PLANE.0]["address"] = json!(ground.address(ADDED.1)?);
    twin.variables(&variables)?;
    let before = Footprint::of(ground, ADDED.1)?;
    let refused = twin.try_apply()?.ended_with(1).context("a node of a cluster that answers is taken")?;
    refused.says("error", &["a node of another cluster of this name and owner, which answers"])?;
    ensure!(twin.addresses()?.is_empty(), "what was refused is in state");
    before.holds(ground).context("nothing is touched by what is refused")?;
    ground.nodes_are(&WORKERS)
}

/// Every machine is as it was, with all that is not in one error.
fn all_hold(ground: &Ground<'_>, before: &[Footprint]) -> anyhow::Result<()> {
    let wrong: Vec<String> =
        before.iter().filter_map(|it| it.holds(ground).err()).map(|error| format!("{error:#}")).collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// The resource tells of these nodes that they are ready, and of the machines' host keys.
fn tells(ground: &Ground<'_>, names: &[&str]) -> anyhow::Result<()> {
    let attributes = ground.workspace.instance(MADE)?["attributes"].clone();
    ensure!(attributes["phase"] == "ready", "it is {}", attributes["phase"]);
    ensure!(
        attributes["ref"].is_string() && attributes["endpoint"].is_string(),
        "no reference: {attributes:#}"
    );
    for attribute in ["nodes", "host_keys"] {
        let keys: Vec<&String> = attributes[attribute].as_object().context("no mapping")?.keys().collect();
        ensure!(keys == names, "{attribute} tells of {keys:?}");
    }
    let ready = |node: &Value| node["ready"] == true && node["version"].is_string();
    ensure!(attributes["nodes"].as_object().is_some_and(|nodes| nodes.values().all(ready)), "{attributes:#}");
    Ok(())
}

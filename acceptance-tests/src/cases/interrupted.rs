//! A create that ends in the middle is carried on by the next apply, and nothing of it is destroyed.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use lab::fault::Fault;
use rustix::process::Signal;
use serde_json::Value;

use super::workloads::Workloads;
use crate::case::Case;
use crate::process::{Finished, Running};
use crate::wait::until;
use crate::workspace::{Logs, Workspace};

/// How long an apply may take to get to the moment that is waited for, and to end after it.
const PATIENCE: Duration = Duration::from_mins(1);

/// How slow the member is while the fleet is made, so that its making can be met.
const SLOW: Duration = Duration::from_millis(500);

/// How a create is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The provider is killed.
    Kill,
    /// Ctrl-C, which reaches all processes.
    Interrupt,
}

/// `kill -9` of the provider: nothing of what was begun is in state, and it is found by its mark.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn killed(case: &Case<'_>) -> anyhow::Result<()> {
    check(case, End::Kill)
}

/// Ctrl-C: what was begun is in state, tainted.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn stopped(case: &Case<'_>) -> anyhow::Result<()> {
    check(case, End::Interrupt)
}

fn check(case: &Case<'_>, end: End) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    let workspace = case.fleet_workspace()?;

    // First the fleet: its namespace is there, and a slow member has not joined yet.
    case.site.lab.fault("edge", Fault::Slow(SLOW))?;
    let namespace = case.fleet_namespace();
    ended_in_mid_create(case, &workspace, end, &namespace, &[])?;
    case.site.lab.fault("edge", Fault::Heal)?;
    is_unfinished(&workspace, "kurator_fleet.demo", end)?;
    let fleet = uids(case)?;
    ensure!(!fleet.is_empty(), "the fleet's namespace is gone");

    // Then the application, in the apply that carries on with the fleet: a Flux object is there.
    let objects = case.flux_objects("kustomizations");
    ended_in_mid_create(case, &workspace, end, &objects, &["kurator_fleet.demo"])?;
    is_kept(&fleet, &uids(case)?)?;
    is_unfinished(&workspace, "kurator_application.podinfo", end)?;
    let application = uids(case)?;
    ensure!(application.len() > fleet.len(), "no object of the application is left: {application:?}");

    let finished = workspace.apply()?;
    is_kept(&application, &uids(case)?).with_context(|| finished.in_words())?;
    for address in ["kurator_fleet.demo", "kurator_application.podinfo"] {
        let phase = workspace.instance(address)?["attributes"]["phase"].clone();
        ensure!(phase == "ready", "{address} is {phase}");
    }
    Workloads::of(case).are(case, "edge")?;
    workspace.plans_nothing()?;
    workspace.destroy()?;
    case.is_as_it_was(&before)
}

/// Applies, ends it as soon as there is something at `path` on the host, and checks that the apply failed.
fn ended_in_mid_create(
    case: &Case<'_>,
    workspace: &Workspace,
    end: End,
    path: &str,
    done_before: &[&str],
) -> anyhow::Result<Finished> {
    let mut running = workspace.start(&["apply", "-json", "-auto-approve"], Logs::Off)?;
    let hub = case.site.hub()?;
    let met = until(&format!("{path} appears"), PATIENCE, || {
        if !running.is_alive()? {
            return Ok(Some(false));
        }
        let found = hub.find(path)?;
        Ok(found
            .is_some_and(|it| it["items"].as_array().is_none_or(|items| !items.is_empty()))
            .then_some(true))
    })?;
    if !met {
        let finished = running.wait(PATIENCE)?;
        bail!("the apply was over before {path} was seen\n{}", finished.in_words());
    }
    end_it(&running, end, workspace)?;
    let finished = running.wait(PATIENCE)?;
    ensure!(finished.code == Some(1), "the apply did not fail\n{}", finished.in_words());
    for address in done_before {
        let phase = workspace.instance(address)?["attributes"]["phase"].clone();
        ensure!(phase == "ready", "{address} is {phase}\n{}", finished.in_words());
    }
    Ok(finished)
}

fn end_it(running: &Running, end: End, workspace: &Workspace) -> anyhow::Result<()> {
    match end {
        End::Kill => {
            let killed = running.kill_descendants(workspace.provider())?;
            ensure!(killed > 0, "no provider ran");
            Ok(())
        }
        End::Interrupt => running.signal_group(Signal::INT),
    }
}

/// Checks what state says of an object whose create was ended.
fn is_unfinished(workspace: &Workspace, address: &str, end: End) -> anyhow::Result<()> {
    let instance = workspace.instance(address)?;
    match end {
        // Terraform got no answer, so it knows of no object.
        End::Kill => ensure!(instance.is_null(), "{address} is in state: {instance}"),
        End::Interrupt => {
            ensure!(instance["status"] == "tainted", "{address} is not tainted: {instance}");
            ensure!(instance["attributes"]["phase"] == "creating", "{address} is not `creating`: {instance}");
        }
    }
    Ok(())
}

/// The UIDs of the fleet's namespace and of the Flux objects in it, by name: another one in its place has another.
fn uids(case: &Case<'_>) -> anyhow::Result<BTreeMap<String, String>> {
    let hub = case.site.hub()?;
    let mut uids = BTreeMap::new();
    let mut add = |kind: &str, object: &Value| {
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
        uids.insert(format!("{kind} {}", text("name")), text("uid"));
    };
    if let Some(namespace) = hub.find(&case.fleet_namespace())? {
        add("namespace", &namespace);
    }
    for kind in ["gitrepositories", "kustomizations"] {
        for object in hub.list(&case.flux_objects(kind))? {
            add(kind, &object);
        }
    }
    Ok(uids)
}

/// Checks that every object that was there is the very same now.
fn is_kept(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> anyhow::Result<()> {
    for (name, uid) in before {
        ensure!(after.get(name) == Some(uid), "{name} was {uid} and is {:?}", after.get(name));
    }
    Ok(())
}

//! Everything can be imported, by id and by identity, and plans empty then.

use std::fmt::Write as _;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::case::Case;
use crate::workspace::Workspace;

/// Every resource of `cases/fleet`.
const ADDRESSES: [&str; 4] = [
    "kurator_attached_cluster.hub",
    "kurator_attached_cluster.edge",
    "kurator_fleet.demo",
    "kurator_application.podinfo",
];

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let origin = case.fleet_workspace()?;
    origin.apply()?;

    let by_id = case.workspace()?;
    by_id.take("fleet")?;
    by_id.variables(&case.variables())?;
    for address in ADDRESSES {
        by_id.run(&["import", address, &id(&origin, address)?])?.ended_with(0)?;
    }
    by_id.settles()?;
    for address in ADDRESSES {
        same(&origin.instance(address)?, &by_id.instance(address)?).with_context(|| address.to_owned())?;
    }

    if case.host.imports_by_identity() {
        let by_identity = case.workspace()?;
        by_identity.take("fleet")?;
        by_identity.variables(&case.variables())?;
        let mut blocks = String::new();
        for address in ADDRESSES {
            let id = id(&origin, address)?;
            writeln!(blocks, "import {{\n  to       = {address}\n  identity = {{ ref = {id:?} }}\n}}")?;
        }
        by_identity.write("imports.tf", &blocks)?;
        let planned = by_identity.plans_imports_only()?;
        by_identity.apply().with_context(|| planned.in_words())?;
        by_identity.plans_nothing()?;
        by_identity.forget()?;
    }
    // All know the same objects; if a claim fails, only the first destroys them.
    by_id.forget()
}

/// The import id of a resource: its `ref`, and for an application one that is made from its fleet's.
fn id(origin: &Workspace, address: &str) -> anyhow::Result<String> {
    let attributes = &origin.instance(address)?["attributes"];
    if !address.starts_with("kurator_application.") {
        return Ok(attributes["ref"].as_str().context("it has no `ref`")?.to_owned());
    }
    // A value of any type is stored together with its type.
    let fleet = attributes["fleet"]["value"]["ref"].as_str().context("its fleet has no `ref`")?;
    let name = attributes["name"].as_str().context("it has no `name`")?;
    Ok(fleet.replacen('?', &format!("/{name}?"), 1))
}

/// Checks that what was imported equals what was made, but for the words of the last change, which no API stores.
fn same(made: &Value, imported: &Value) -> anyhow::Result<()> {
    let attributes = |instance: &Value| {
        let mut attributes = instance["attributes"].clone();
        if let Some(attributes) = attributes.as_object_mut() {
            attributes.remove("last_change");
            // An attached cluster bears no mark, so each state has an incarnation of its own.
            if !attributes.contains_key("clusters") && !attributes.contains_key("sync_policies") {
                attributes.remove("incarnation");
            }
        }
        attributes
    };
    let (made, imported) = (attributes(made), attributes(imported));
    ensure!(made == imported, "made:\n{made:#}\nimported:\n{imported:#}");
    Ok(())
}

impl Workspace {
    /// Plans, and checks that there is nothing but imports.
    fn plans_imports_only(&self) -> anyhow::Result<crate::process::Finished> {
        let planned = self.run(&["plan", "-json"])?.ended_with(0)?;
        let summary =
            planned.messages().into_iter().find(|it| it["type"] == "change_summary").unwrap_or_default();
        let changes = &summary["changes"];
        let counts = |key: &str| changes[key].as_u64().unwrap_or(0);
        ensure!(
            counts("import") == 4 && counts("add") + counts("change") + counts("remove") == 0,
            "not only imports: {changes}\n{}",
            planned.in_words()
        );
        Ok(planned)
    }

    /// Removes the state: what is in it is another state's, too.
    fn forget(&self) -> anyhow::Result<()> {
        std::fs::remove_file(self.path("terraform.tfstate")).context("removing a state")
    }
}

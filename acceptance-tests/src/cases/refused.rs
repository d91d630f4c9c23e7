//! Bad input gets a diagnostic at its attribute, with what was seen and what to do, at the right time.

use std::fs;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::apps;
use crate::case::Case;
use crate::process::Finished;
use crate::workspace;

/// What is expected of one resource: its address, and texts of the summary, of the detail and of the line it is at.
type Expected = (&'static str, &'static [&'static str]);

const BY_VALIDATE: &[Expected] = &[
    ("kurator_attached_cluster.two_places", &["Kubeconfig needs one place", "Both `path` and `env`"]),
    ("kurator_attached_cluster.no_place", &["Kubeconfig needs one place", "Neither `path` nor `env`"]),
    ("kurator_fleet.name", &["is not a DNS-1123 label", "`Not_A_Name`", "name     ="]),
    ("kurator_fleet.key", &["is not a DNS-1123 label", "`Not A Name`"]),
    ("kurator_fleet.host", &["Not a cluster's reference", "`10.0.0.1:6443`", "host     ="]),
    ("kurator_fleet.twice", &["One cluster is a member twice", "`one` and `two`"]),
    ("kurator_application.name", &["is not a DNS-1123 label", "`Not_A_Name`", "name          ="]),
    (
        "kurator_application.ref",
        &["A fleet's target belongs here", "kurator_fleet.NAME.target", "fleet         ="],
    ),
    ("kurator_application.source", &["Git URL cannot be used"]),
    ("kurator_application.source", &["Revision is ambiguous"]),
    ("kurator_application.source", &["Not a duration", "`soon`"]),
    ("kurator_application.contents", &["Policy needs one content", "Both `kustomization` and `helm`"]),
    ("kurator_application.contents", &["Policy needs one content", "Neither `kustomization` nor `helm`"]),
    ("kurator_application.contents", &["Not a mapping in YAML", "a list"]),
];

const BY_APPLY: &[Expected] = &[
    ("kurator_attached_cluster.missing", &["Kubeconfig is missing", "kubeconfig ="]),
    ("kurator_attached_cluster.unset", &["Kubeconfig is missing", "KURATOR_ACCEPTANCE_UNSET"]),
    ("kurator_attached_cluster.not_yaml", &["Kubeconfig cannot be read", "kubeconfig ="]),
    ("kurator_attached_cluster.no_context", &["Context is not in the kubeconfig", "`moon`"]),
    ("kurator_attached_cluster.wrong_ca", &["Cluster's certificate is not trusted", "kubeconfig ="]),
    ("kurator_attached_cluster.bad_token", &["Cluster does not accept the credentials", "kubeconfig ="]),
    ("kurator_attached_cluster.nobody", &["Cluster cannot be reached", "kubeconfig ="]),
];

const OTHERS: &[Expected] = &[
    ("kurator_fleet.host_is_another", &["Another cluster answers", "host "]),
    ("kurator_fleet.member_is_another", &["Another cluster answers", "`edge`"]),
    ("kurator_fleet.twice", &["One cluster is a member twice", "`one` and `two`"]),
    ("kurator_application.no_fleet", &["Fleet is gone", "fleet "]),
];

const BY_FLUX: &[Expected] = &[
    ("kurator_application.no_repository", &["Source cannot be fetched", "GitOperationFailed", "not found"]),
    (
        "kurator_application.broken_image",
        &["Policy cannot be applied to a cluster", "`image`", "`edge`", "HealthCheckFailed", "Deployment/"],
    ),
    (
        "kurator_application.broken_manifest",
        &["Policy cannot be applied to a cluster", "`manifest`", "`edge`", "BuildFailed", "not-there.yaml"],
    ),
];

fn errors(finished: &Finished, expected: &[Expected]) -> anyhow::Result<()> {
    for (address, texts) in expected {
        // `validate` names the resource in the form of the block's first line.
        let block = address.replacen('.', "\" \"", 1);
        let with = |address: &str| finished.says("error", &[&[address], *texts].concat());
        if let Err(error) = with(address) {
            with(&block).map_err(|_| error)?;
        }
    }
    Ok(())
}

/// What validate refuses, all at once.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn by_validate(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.workspace()?;
    workspace.take("invalid")?;
    errors(&workspace.run(&["validate", "-json"])?.ended_with(1)?, BY_VALIDATE)
}

/// What plan refuses and warns of.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn by_plan(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.workspace()?;
    workspace.take("unplanned")?;
    let planned = workspace.run(&["plan", "-json"])?.ended_with(1)?;
    errors(
        &planned,
        &[("kurator_application.ref", &["A fleet's target belongs here", "kurator_fleet.demo.ref"])],
    )?;
    let warned = ["kurator_application.nowhere", "Policy chooses no cluster", "`env = moon`", "`hub`"];
    planned.says("warning", &warned)
}

/// Kubeconfigs that cannot be used: told at apply, each at its own resource; the one that can be used is applied.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn by_apply(case: &Case<'_>) -> anyhow::Result<()> {
    let folder = kubeconfigs(case)?;
    let workspace = case.workspace()?;
    workspace.take("kubeconfigs")?;
    workspace.variables(&json!({"folder": folder.path()}))?;
    workspace.run(&["validate", "-json"])?.ended_with(0)?;
    workspace.run(&["plan", "-json"])?.ended_with(0)?;
    let applied = workspace.try_apply()?.ended_with(1)?;
    errors(&applied, BY_APPLY)?;
    let stored = workspace.addresses()?;
    ensure!(stored == ["kurator_attached_cluster.good"], "in state: {stored:?}");
    workspace.destroy().map(drop)
}

/// Writes the lab's kubeconfig of `hub`, good and spoilt in several ways.
fn kubeconfigs(case: &Case<'_>) -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir_in(case.site.scratch()).context("making a scratch folder")?;
    let read = |name: &str| -> anyhow::Result<Value> {
        let text = fs::read(case.site.lab.kubeconfig(Some(name))?).context("reading a kubeconfig")?;
        serde_json::from_slice(&text).context("reading a kubeconfig")
    };
    let write =
        |name: &str, text: String| fs::write(folder.path().join(name), text).context("writing a kubeconfig");
    let (good, other) = (read("hub")?, read("edge")?);
    write("good", good.to_string())?;
    write("not_yaml", "{ this: [is no YAML".to_owned())?;
    let mut wrong_ca = good.clone();
    wrong_ca["clusters"][0]["cluster"]["certificate-authority-data"] =
        other["clusters"][0]["cluster"]["certificate-authority-data"].clone();
    write("wrong_ca", wrong_ca.to_string())?;
    let mut bad_token = good.clone();
    bad_token["users"][0]["user"]["token"] = json!("a-token-that-has-expired");
    write("bad_token", bad_token.to_string())?;
    let mut nobody = good;
    // The port of discard: nobody serves an API there.
    nobody["clusters"][0]["cluster"]["server"] = json!("https://127.0.0.1:9");
    write("nobody", nobody.to_string())?;
    Ok(folder)
}

/// References that lead elsewhere.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn others(case: &Case<'_>) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    let workspace = case.workspace()?;
    workspace.take("others")?;
    workspace.variables(&json!({"kubeconfig": case.site.environment.kubeconfig, "name": case.name}))?;
    let applied = workspace.try_apply()?.ended_with(1)?;
    errors(&applied, OTHERS)?;
    // Both uids are named: whom it should have been and who it was.
    for cluster in ["hub", "edge"] {
        let attributes = &workspace.instance(&format!("kurator_attached_cluster.{cluster}"))?["attributes"];
        let uid = attributes["uid"].as_str().context("it has no uid")?;
        applied.says("error", &["kurator_fleet.host_is_another", uid])?;
    }
    // A destroy would refuse the same configuration again. The attached clusters alone are in state, and they made
    // nothing.
    let stored = workspace.addresses()?;
    ensure!(
        stored == ["kurator_attached_cluster.edge", "kurator_attached_cluster.hub"],
        "in state: {stored:?}"
    );
    fs::remove_file(workspace.path("terraform.tfstate")).context("removing a state")?;
    case.is_as_it_was(&before)
}

/// What Flux does not manage is told with its own words, and what was begun can be destroyed.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn by_flux(case: &Case<'_>) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    apps::seed(case.site, &workspace::case_folder("broken").join("apps"), &case.name)?;
    let workspace = case.workspace()?;
    workspace.take("broken")?;
    workspace.variables(&case.variables())?;
    errors(&workspace.try_apply()?.ended_with(1)?, BY_FLUX)?;
    workspace.destroy()?;
    case.is_as_it_was(&before)
}

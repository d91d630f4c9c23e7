//! Credentials for other programs: they open the cluster, and they are stored nowhere.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::case::Case;
use crate::scan::{Artifact, Secret, findings};
use crate::tools;

const ACCOUNT: &str = "system:serviceaccount:default:default";

/// The ephemeral resource, opened for a cluster that is made known in the same apply and again in the plan of the
/// next: another program opens the cluster with it, as the account that was asked for, and no token is found in what
/// the runs leave behind.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn ephemeral(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.workspace()?;
    workspace.take("credentials")?;
    let answers = scratch(case)?;
    // What the kubeconfig itself holds is passed on, too.
    let mut secrets = vec![Secret::new("administrator's token", case.site.lab.token("edge")?.as_bytes())];
    for turn in ["first", "second"] {
        workspace.variables(&json!({
            "kubeconfig": case.site.environment.kubeconfig,
            "kubectl": tools::kubectl()?,
            "answers": answers.path(),
            "turn": turn,
        }))?;
        let plan = format!("{turn}.plan");
        workspace.run_traced(&["plan", "-json", &format!("-out={plan}")])?.ended_with(0)?;
        workspace.run_traced(&["apply", "-json", &plan])?.ended_with(0)?;
        ensure!(who(answers.path(), &format!("minted-{turn}"))? == ACCOUNT, "another account was given");
        let own = who(answers.path(), &format!("own-{turn}"))?;
        ensure!(!own.starts_with("system:serviceaccount:"), "{own} is not who the kubeconfig makes us");
        let token = minted(answers.path(), &format!("minted-{turn}"))?;
        let lasts = lifetime(&token)?;
        ensure!((590..=610).contains(&lasts), "a token for 10 minutes lasts {lasts} s");
        // Two tokens of one cluster begin alike, so this finds those of the plans too, which nobody has seen.
        let beginning = token.split('.').next().unwrap_or_default();
        secrets.push(Secret::new("any minted token", beginning.as_bytes()));
        secrets.push(Secret::new(format!("minted token of the {turn} apply"), token.as_bytes()));
    }
    workspace.plans_nothing()?;

    let control = Artifact::read("given kubeconfig", &answers.path().join("minted-first"))?;
    ensure!(findings(&control, &secrets).len() > 1, "the scan does not find a minted token where one is");
    let mut artifacts = Artifact::read("trace log", &workspace.log())?;
    for name in ["terraform.tfstate", "terraform.tfstate.backup", "first.plan", "second.plan"] {
        artifacts.extend(Artifact::read(name, &workspace.path(name))?);
    }
    let found = findings(&artifacts, &secrets);
    ensure!(found.is_empty(), "{} of {} secrets:\n{}", found.len(), secrets.len(), found.join("\n"));
    workspace.destroy().map(drop)
}

/// The data source gives the same and stores it, as its page says; of a cluster that does not answer it gives nulls
/// and a warning, also in a destroy.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn stored(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.workspace()?;
    workspace.take("stored_credentials")?;
    let folder = scratch(case)?;
    let text = fs::read(case.site.lab.kubeconfig(Some("hub"))?).context("reading a kubeconfig")?;
    let mut nobody: Value = serde_json::from_slice(&text).context("reading a kubeconfig")?;
    // The port of discard: nobody serves an API there.
    nobody["clusters"][0]["cluster"]["server"] = json!("https://127.0.0.1:9");
    let file = folder.path().join("nobody");
    fs::write(&file, nobody.to_string()).context("writing a kubeconfig")?;
    workspace.variables(&json!({"kubeconfig": case.site.environment.kubeconfig, "nobody": file}))?;
    workspace.apply()?.says("warning", &["Cluster cannot be reached", "every result is null"])?;

    let attributes = |name: &str| -> anyhow::Result<Value> {
        Ok(workspace.instance(&format!("kurator_kubeconfig.{name}"))?["attributes"].clone())
    };
    let gone = attributes("nobody")?;
    ensure!(gone["host"].is_null() && gone["token"].is_null(), "something is known of nobody");
    let edge = attributes("edge")?;
    ensure!(edge["expires_at"].is_string(), "the token does not say when it ends");
    let kubeconfig = edge["kubeconfig"].as_str().context("no kubeconfig is stored")?;
    let file = folder.path().join("edge");
    fs::write(&file, kubeconfig).context("writing a kubeconfig")?;
    let said = Command::new(tools::kubectl()?)
        .arg("--kubeconfig")
        .arg(&file)
        .args(["auth", "whoami", "-o", "json"])
        .output()
        .context("starting kubectl")?;
    fs::write(folder.path().join("edge.json"), said.stdout).context("writing an answer")?;
    ensure!(who(folder.path(), "edge")? == ACCOUNT, "another account was given");
    workspace.plans_nothing()?;
    workspace.destroy().map(drop)
}

/// What has no credentials is refused by validate, with what belongs there.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn refused(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.workspace()?;
    workspace.take("no_credentials")?;
    let validated = workspace.run(&["validate", "-json"])?.ended_with(1)?;
    let summary = "A cluster's reference belongs here";
    for (address, texts) in [
        ("ephemeral.kurator_cluster_credentials.fleet", [summary, "the reference of a fleet"]),
        ("ephemeral.kurator_cluster_credentials.target", [summary, "A fleet's target is given"]),
        ("ephemeral.kurator_cluster_credentials.lifetime", ["Lifetime is too short", "ten minutes"]),
        ("data.kurator_kubeconfig.fleet", [summary, "the reference of a fleet"]),
        ("data.kurator_kubeconfig.target", [summary, "A fleet's target is given"]),
    ] {
        validated.says("error", &[address, texts[0], texts[1]])?;
    }
    Ok(())
}

fn scratch(case: &Case<'_>) -> anyhow::Result<TempDir> {
    tempfile::tempdir_in(case.site.scratch()).context("making a scratch folder")
}

/// Whom the cluster takes the bearer of a kubeconfig for.
fn who(folder: &Path, name: &str) -> anyhow::Result<String> {
    let doing = || format!("reading who {name} is");
    let answer = fs::read(folder.join(format!("{name}.json"))).with_context(doing)?;
    let answer: Value = serde_json::from_slice(&answer).with_context(doing)?;
    Ok(answer["status"]["userInfo"]["username"].as_str().with_context(doing)?.to_owned())
}

/// The token in a kubeconfig that was given.
fn minted(folder: &Path, name: &str) -> anyhow::Result<String> {
    let text = fs::read(folder.join(name)).with_context(|| format!("reading {name}"))?;
    let kubeconfig: Value = serde_json::from_slice(&text).with_context(|| format!("reading {name}"))?;
    let token = kubeconfig["users"][0]["user"]["token"].as_str();
    Ok(token.with_context(|| format!("{name} holds no token"))?.to_owned())
}

/// How long a token lasts, in seconds.
fn lifetime(token: &str) -> anyhow::Result<i64> {
    let payload = token.split('.').nth(1).context("the token is no JWT")?;
    let claims = URL_SAFE_NO_PAD.decode(payload).context("reading a token's claims")?;
    let claims: Value = serde_json::from_slice(&claims).context("reading a token's claims")?;
    let time = |name: &str| claims[name].as_i64().with_context(|| format!("the token has no {name}"));
    Ok(time("exp")? - time("iat")?)
}

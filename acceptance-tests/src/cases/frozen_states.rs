//! State that an earlier build wrote is read by this one, and plans empty.
//!
//! `states/TYPE-vN.tfstate` holds what the first build with schema version N of a resource wrote for `cases/fleet`.
//! What depends on the run (paths, ports, uids) is a placeholder `{{NAME}}` there. The files of a version are written
//! once, with `KURATOR_WRITE_STATES=1`, and then never changed; how is in `states/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::case::Case;
use crate::environment;
use crate::workspace::Workspace;

/// The placeholder of the kubeconfig's path.
const KUBECONFIG: &str = "kubeconfig";

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.fleet_workspace()?;
    workspace.apply()?;
    let state = workspace.state()?;
    let placeholders = placeholders(case, &workspace)?;
    if environment::writes_states() {
        write(&state, &placeholders)?;
    }
    let files = files()?;
    let mut tried = 0;
    for file in &files {
        let replayed = case.workspace()?;
        replayed.take("fleet")?;
        replayed.variables(&case.variables())?;
        // Only the resources of the file are old; the others are as this build writes them.
        let old = with_values(file, &placeholders)?;
        replayed.write("terraform.tfstate", &merged(&state, &old)?.to_string())?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        replayed.settles().with_context(|| name)?;
        // Its objects are the first workspace's.
        fs::remove_file(replayed.path("terraform.tfstate")).context("removing a state")?;
        tried += 1;
    }
    for kind in ["kurator_attached_cluster", "kurator_fleet", "kurator_application"] {
        let is_one =
            |file: &&PathBuf| file.file_name().is_some_and(|it| it.to_string_lossy().starts_with(kind));
        ensure!(files.iter().any(|file| is_one(&file)), "there is no frozen state of a {kind}");
    }
    ensure!(tried == files.len());
    Ok(())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("states")
}

fn files() -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder()).context("reading the frozen states")? {
        let file = entry.context("reading the frozen states")?.path();
        if file.extension().is_some_and(|extension| extension == "tfstate") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// What depends on the run, with what stands for it, the longer texts first.
fn placeholders(case: &Case<'_>, workspace: &Workspace) -> anyhow::Result<Vec<(String, String)>> {
    let mut pairs = vec![
        ("name".to_owned(), case.name.clone()),
        ("git_url".to_owned(), case.git_url()),
        ("registry".to_owned(), case.host.kind.registry().to_owned()),
    ];
    let kubeconfig = case.site.environment.kubeconfig.display().to_string();
    pairs.push((KUBECONFIG.to_owned(), kubeconfig));
    for address in [
        "kurator_attached_cluster.hub",
        "kurator_attached_cluster.edge",
        "kurator_fleet.demo",
        "kurator_application.podinfo",
    ] {
        let attributes = &workspace.instance(address)?["attributes"];
        let short = address.rsplit_once('.').map_or(address, |(_, name)| name);
        for key in ["uid", "endpoint", "incarnation", "version"] {
            if let Some(value) = attributes[key].as_str() {
                let name = if key == "version" { "version".to_owned() } else { format!("{short}_{key}") };
                pairs.push((name, value.to_owned()));
            }
        }
    }
    pairs.sort();
    pairs.dedup();
    pairs.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    Ok(pairs)
}

/// Writes the states of this build, where there is none yet of this version.
fn write(state: &Value, placeholders: &[(String, String)]) -> anyhow::Result<()> {
    for kind in ["kurator_attached_cluster", "kurator_fleet", "kurator_application"] {
        let of_kind = resources(state).into_iter().filter(|it| it["type"] == kind).map(|mut resource| {
            for instance in resource["instances"].as_array_mut().into_iter().flatten() {
                // Hints may be missing, so a frozen state has none.
                instance["private"] = json!("");
            }
            resource
        });
        let of_kind: Vec<Value> = of_kind.collect();
        let version =
            of_kind.first().context("it is not in state")?["instances"][0]["schema_version"].clone();
        let file = folder().join(format!("{kind}-v{version}.tfstate"));
        if file.exists() {
            continue;
        }
        let frozen = json!({"version": 4, "terraform_version": state["terraform_version"], "serial": 1,
            "lineage": "frozen", "outputs": {}, "resources": of_kind});
        let mut text = format!("{frozen:#}\n");
        for (name, value) in placeholders {
            for (placeholder, value) in forms(name, value) {
                text = text.replace(&value, &placeholder);
            }
        }
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

/// A placeholder and what stands for it, for each form in which the value stands in a state: a path also inside a
/// reference, percent-encoded, and inside the reference of a fleet, encoded once more. The other values need none.
fn forms(name: &str, value: &str) -> Vec<(String, String)> {
    let plain = (format!("{{{{{name}}}}}"), value.to_owned());
    if name != KUBECONFIG {
        return vec![plain];
    }
    let (once, twice) = (encoded(value), encoded(&encoded(value)));
    vec![
        (format!("file%3A{{{{{name}, encoded twice}}}}"), format!("file%3A{twice}")),
        (format!("file:{{{{{name}, encoded}}}}"), format!("file:{once}")),
        plain,
    ]
}

/// As in the value of a reference's parameter.
fn encoded(value: &str) -> String {
    const SET: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
    utf8_percent_encode(value, SET).to_string()
}

fn with_values(file: &Path, placeholders: &[(String, String)]) -> anyhow::Result<Value> {
    let doing = || format!("reading {}", file.display());
    let mut text = fs::read_to_string(file).with_context(doing)?;
    for (name, value) in placeholders {
        for (placeholder, value) in forms(name, value) {
            text = text.replace(&placeholder, &value);
        }
    }
    ensure!(!text.contains("{{"), "{} has a placeholder that nobody knows", file.display());
    serde_json::from_str(&text).with_context(doing)
}

/// The state with the resources of `old` in the place of those of the same address.
fn merged(state: &Value, old: &Value) -> anyhow::Result<Value> {
    let mut merged = state.clone();
    let address = |it: &Value| (it["type"].clone(), it["name"].clone());
    let old = resources(old);
    let kept = resources(state).into_iter().filter(|it| !old.iter().any(|old| address(old) == address(it)));
    let all: Vec<Value> = kept.chain(old.iter().cloned()).collect();
    ensure!(all.len() == resources(state).len(), "the file has resources that `cases/fleet` has not");
    merged["resources"] = Value::Array(all);
    Ok(merged)
}

fn resources(state: &Value) -> Vec<Value> {
    state["resources"].as_array().cloned().unwrap_or_default()
}

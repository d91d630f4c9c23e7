//! The golden schema: what a real host reads from the built binary.

use std::fs;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::build::Built;
use crate::host::{Host, SOURCE, Workplace};
use crate::repository::Repository;
use crate::run;

/// Where it is kept.
pub(crate) const GOLDEN: &str = "schemas/golden/provider.json";

/// A configuration that uses the provider and nothing else.
const CONFIGURATION: &str =
    "terraform {\n  required_providers {\n    kurator = { source = \"kurator-dev/kurator\" }\n  }\n}\n";

/// Asks the host for the schemas of the built provider. The registry in the provider's address is Terraform's,
/// whoever is asked.
pub(crate) fn ask(host: &Host, built: &Built) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let workplace = Workplace::furnish(folder.path(), &built.provider)?;
    let config = folder.path().join("config");
    fs::create_dir(&config)
        .and_then(|()| fs::write(config.join("main.tf"), CONFIGURATION))
        .context("writing a configuration")?;
    let text = run::output(&mut workplace.command(host, &config, &["providers", "schema", "-json"]))?;
    let mut answer: Value = serde_json::from_str(&text).context("reading the host's answer")?;
    let address = |registry: &str| format!("{registry}/{SOURCE}");
    let schemas = answer["provider_schemas"].as_object_mut().context("the host's answer has no schemas")?;
    let ours = ["registry.terraform.io", "registry.opentofu.org"]
        .iter()
        .find_map(|registry| schemas.remove(&address(registry)));
    let ours = ours.with_context(|| format!("{} gave no schema of {SOURCE}", host.name))?;
    answer["provider_schemas"] = json!({ address("registry.terraform.io"): ours });
    Ok(answer)
}

/// Writes the golden file, as OpenTofu reads it: it is there on every machine in one version, which knows all that the
/// file holds.
///
/// # Errors
///
/// The host refuses the provider; the file cannot be written.
pub(crate) fn write(repository: &Repository, built: &Built) -> anyhow::Result<()> {
    let schema = ask(&Host::tofu(built)?, built)?;
    repository.write(GOLDEN, &format!("{}\n", serde_json::to_string_pretty(&schema)?))
}

/// Compares the golden file with what every host reads.
///
/// # Errors
///
/// They differ; then the first places are named.
pub(crate) fn check(repository: &Repository, built: &Built) -> anyhow::Result<()> {
    let golden: Value =
        serde_json::from_str(&repository.read(GOLDEN)?).with_context(|| format!("reading {GOLDEN}"))?;
    for host in Host::all(built)? {
        let mut golden = golden.clone();
        let found = ask(&host, built)?;
        if !host.knows_identity()? {
            without_identities(&mut golden);
        }
        let mut differences = Vec::new();
        compare("", &golden, &found, &mut differences);
        if !differences.is_empty() {
            let shown = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n  ");
            bail!("{} reads other schemas than {GOLDEN} has, run `make generate`:\n  {shown}", host.name);
        }
    }
    Ok(())
}

/// Leaves out what hosts that do not know identities cannot tell.
fn without_identities(schema: &mut Value) {
    for provider in
        schema["provider_schemas"].as_object_mut().into_iter().flat_map(|schemas| schemas.values_mut())
    {
        if let Some(provider) = provider.as_object_mut() {
            provider.remove("resource_identity_schemas");
        }
    }
}

/// Lists the places in which two documents differ.
fn compare(at: &str, golden: &Value, found: &Value, differences: &mut Vec<String>) {
    match (golden, found) {
        (Value::Object(golden), Value::Object(found)) => {
            let keys: std::collections::BTreeSet<&String> = golden.keys().chain(found.keys()).collect();
            for key in keys {
                let (golden, found) =
                    (golden.get(key).unwrap_or(&Value::Null), found.get(key).unwrap_or(&Value::Null));
                compare(&format!("{at}/{key}"), golden, found, differences);
            }
        }
        _ if golden == found => {}
        _ => differences.push(format!("{at}: golden {golden}, found {found}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named_with_its_place() {
        let mut differences = Vec::new();
        compare(
            "",
            &json!({ "a": { "b": 1, "c": 2 } }),
            &json!({ "a": { "b": 3, "c": 2 }, "d": true }),
            &mut differences,
        );
        assert_eq!(differences, ["/a/b: golden 1, found 3", "/d: golden null, found true"]);
    }
}

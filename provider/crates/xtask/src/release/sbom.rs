//! The bill of materials: every crate that is linked into the provider, as `CycloneDX` 1.5.
//!
//! Made here because cargo-cyclonedx (0.5.9) draws a random serial number for each file and lists what is needed to
//! build and to test as well. Without time and serial number, which the format leaves open, the same commit gives the
//! same bytes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::build::Platform;
use crate::repository::Repository;
use crate::run;

/// A crate as `cargo tree` prints it, and as the lock file names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
}

/// The bill of `package`.
pub(super) fn document(
    repository: &Repository,
    platform: &Platform,
    package: &str,
) -> anyhow::Result<String> {
    let tree = run::output(&mut repository.cargo(&[
        "tree",
        "--locked",
        "--package",
        package,
        "--target",
        &platform.target,
        // What is linked: neither what builds it nor what only the compiler runs.
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "depth",
        "--format",
        "\t{p}\t{l}",
    ]))?;
    let tree = Tree::read(&tree)?;
    let sums = checksums(&repository.read("Cargo.lock")?);
    Ok(format!("{:#}\n", bill(&tree, &sums)))
}

/// Crates with their licences, and who needs whom.
#[derive(Debug, Default)]
struct Tree {
    root: Option<Crate>,
    licences: BTreeMap<Crate, String>,
    needs: BTreeMap<Crate, BTreeSet<Crate>>,
}

impl Tree {
    /// Reads lines of `DEPTH TAB NAME vVERSION … TAB LICENCE`.
    fn read(text: &str) -> anyhow::Result<Self> {
        let mut tree = Self::default();
        let mut above: Vec<Crate> = Vec::new();
        // A crate that was shown before has a mark behind it, and what it needs stands there.
        for line in text.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty()) {
            let doing = || format!("reading `{line}` of cargo tree");
            let mut fields = line.split('\t');
            let depth: usize = fields.next().unwrap_or_default().parse().with_context(doing)?;
            let mut words = fields.next().unwrap_or_default().split(' ');
            let name = words.next().with_context(doing)?.to_owned();
            let version =
                words.next().and_then(|word| word.strip_prefix('v')).with_context(doing)?.to_owned();
            let this = Crate { name, version };
            let licence = fields.next().unwrap_or_default().replace('/', " OR ");
            tree.licences.insert(this.clone(), licence);
            above.truncate(depth);
            match above.last() {
                Some(parent) => {
                    tree.needs.entry(parent.clone()).or_default().insert(this.clone());
                }
                None => tree.root = Some(this.clone()),
            }
            above.push(this);
        }
        Ok(tree)
    }
}

/// The SHA-256 of each crate that comes from a registry, from the lock file.
fn checksums(lock: &str) -> BTreeMap<Crate, String> {
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    lock.split("[[package]]")
        .filter_map(|block| {
            let this = Crate { name: field(block, "name")?, version: field(block, "version")? };
            Some((this, field(block, "checksum")?))
        })
        .collect()
}

fn bill(tree: &Tree, sums: &BTreeMap<Crate, String>) -> Value {
    let reference = |it: &Crate| format!("pkg:cargo/{}@{}", it.name, it.version.replace('+', "%2B"));
    let component = |it: &Crate| {
        let is_root = tree.root.as_ref() == Some(it);
        let mut component = json!({
            "type": if is_root { "application" } else { "library" },
            "bom-ref": reference(it),
            "name": it.name,
            "version": it.version,
            "purl": reference(it),
        });
        if let Some(licence) = tree.licences.get(it).filter(|licence| !licence.is_empty()) {
            component["licenses"] = json!([{ "expression": licence }]);
        }
        if let Some(sum) = sums.get(it) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
        }
        component
    };
    let all = tree.licences.keys();
    let needs = |it: &Crate| tree.needs.get(it).into_iter().flatten().map(reference).collect::<Vec<_>>();
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": tree.root.as_ref().map(component) },
        "components": all.clone().filter(|it| tree.root.as_ref() != Some(it)).map(component).collect::<Vec<_>>(),
        "dependencies": all.map(|it| json!({ "ref": reference(it), "dependsOn": needs(it) })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0\tours v0.1.0 (/somewhere)\tApache-2.0\n1\ta v1.0.0+x\tMIT/Apache-2.0\n2\tb v2.0.0\tMIT\n1\tb v2.0.0\tMIT (*)\n";
    const LOCK: &str = "[[package]]\nname = \"a\"\nversion = \"1.0.0+x\"\nchecksum = \"aa\"\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";

    #[test]
    fn a_bill_names_every_crate_with_licence_sum_and_needs() {
        let bill = bill(&Tree::read(TREE).unwrap(), &checksums(LOCK));
        assert_eq!(bill["metadata"]["component"]["name"], "ours");
        assert_eq!(bill["components"].as_array().map(Vec::len), Some(2));
        let a = &bill["components"][0];
        assert_eq!(a["purl"], "pkg:cargo/a@1.0.0%2Bx");
        assert_eq!(a["licenses"], json!([{ "expression": "MIT OR Apache-2.0" }]));
        assert_eq!(a["hashes"], json!([{ "alg": "SHA-256", "content": "aa" }]));
        assert_eq!(
            bill["dependencies"][2]["dependsOn"],
            json!(["pkg:cargo/a@1.0.0%2Bx", "pkg:cargo/b@2.0.0"])
        );
        assert!(!bill.to_string().contains("somewhere"), "a path of the machine is in it");
    }
}

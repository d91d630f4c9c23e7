//! The reference in `docs/`, written by `HashiCorp`'s tfplugindocs from schemas, templates and examples.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::build::Built;
use crate::repository::Repository;
use crate::schema::GOLDEN;
use crate::{diagnostics, files, run};

/// What in `docs/` is generated. The rest is written by hand.
const GENERATED: &[&str] = &[
    "index.md",
    "resources",
    "data-sources",
    "functions",
    "ephemeral-resources",
    "list-resources",
    "actions",
    "guides",
];

/// The template that takes the tables of diagnostics, below `docs/templates`, and what stands in their place.
const DIAGNOSTICS: &str = "guides/diagnostics.md.tmpl";
const TABLES: &str = "<!-- tables -->";

/// A copy of what the tool reads, because it empties folders, and what it wrote.
struct Generation {
    folder: TempDir,
    tool: PathBuf,
}

/// Writes the reference anew.
///
/// # Errors
///
/// The tool refuses; files cannot be written.
pub(crate) fn write(repository: &Repository, built: &Built) -> anyhow::Result<()> {
    let generation = Generation::new(repository, built)?;
    for name in GENERATED {
        let (from, to) = (generation.docs().join(name), repository.path("docs").join(name));
        files::remove(&to)?;
        files::copy(&from, &to)?;
    }
    Ok(())
}

/// Compares the reference with what the tool writes, and lets the tool validate it.
///
/// # Errors
///
/// Pages differ, then they are named; or the tool finds something.
pub(crate) fn check(repository: &Repository, built: &Built) -> anyhow::Result<()> {
    let generation = Generation::new(repository, built)?;
    let (new, old) = (pages(&generation.docs())?, pages(&repository.path("docs"))?);
    let differing: Vec<&str> = new
        .keys()
        .chain(old.keys().filter(|page| !new.contains_key(*page)))
        .filter(|page| new.get(*page) != old.get(*page))
        .map(String::as_str)
        .collect();
    if !differing.is_empty() {
        bail!("docs are not up to date, run `make generate`: {}", differing.join(", "));
    }
    generation.validate()
}

fn pages(docs: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut pages = BTreeMap::new();
    for name in GENERATED {
        for file in files::below(&docs.join(name))? {
            let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            pages.insert(file.strip_prefix(docs).unwrap_or(&file).display().to_string(), text);
        }
    }
    Ok(pages)
}

impl Generation {
    fn new(repository: &Repository, built: &Built) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("making a temporary folder")?;
        files::copy(&repository.path("docs/templates"), &folder.path().join("templates"))?;
        files::copy(&repository.path("examples"), &folder.path().join("examples"))?;
        let tables = folder.path().join("templates").join(DIAGNOSTICS);
        let template = fs::read_to_string(&tables).with_context(|| format!("reading {DIAGNOSTICS}"))?;
        if !template.contains(TABLES) {
            bail!("{DIAGNOSTICS} has no line `{TABLES}`");
        }
        fs::write(&tables, template.replace(TABLES, &diagnostics::tables(repository)?))
            .with_context(|| format!("writing {DIAGNOSTICS}"))?;
        let golden: Value =
            serde_json::from_str(&repository.read(GOLDEN)?).with_context(|| format!("reading {GOLDEN}"))?;
        let schemas = golden["provider_schemas"].as_object().and_then(|schemas| schemas.values().next());
        let schemas = schemas.with_context(|| format!("{GOLDEN} has no schema"))?;
        // The tool looks for the provider under its short name.
        let short = json!({ "format_version": "1.0", "provider_schemas": { "kurator": schemas } });
        fs::write(folder.path().join("schema.json"), short.to_string())
            .context("writing the schema for the tool")?;
        let generation = Self { folder, tool: built.tool("tfplugindocs")? };
        run::output(generation.command("generate").args(["--rendered-provider-name", "Kurator"]))?;
        Ok(generation)
    }

    fn docs(&self) -> PathBuf {
        self.folder.path().join("docs")
    }

    fn validate(&self) -> anyhow::Result<()> {
        run::output(&mut self.command("validate")).map(drop)
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.tool);
        command
            .arg(verb)
            .args(["--provider-name", "kurator", "--providers-schema", "schema.json", "--provider-dir"])
            .arg(self.folder.path())
            .current_dir(self.folder.path());
        command
    }
}

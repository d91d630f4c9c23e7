//! Every example, validated by real hosts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::build::Built;
use crate::host::{Host, Workplace};
use crate::repository::Repository;
use crate::{files, run};

/// Says where the provider comes from, in examples that do not say it themselves.
const REQUIREMENT: &str =
    "terraform {\n  required_providers {\n    kurator = { source = \"kurator-dev/kurator\" }\n  }\n}\n";

/// One configuration: files that are valid together.
#[derive(Debug, PartialEq, Eq)]
struct Configuration {
    name: String,
    files: Vec<PathBuf>,
}

/// Validates every example with every host and gives a line for each that a host is too old for.
///
/// # Errors
///
/// A host finds something; all findings are given.
pub(crate) fn check(repository: &Repository, built: &Built) -> anyhow::Result<Vec<String>> {
    let root = repository.path("examples");
    let configurations = configurations(&root, &files::below(&root)?);
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let workplace = Workplace::furnish(folder.path(), &built.provider)?;
    let (mut skipped, mut wrong) = (Vec::new(), Vec::new());
    for host in Host::all(built)? {
        run::output(&mut workplace.command(&host, &root, &["fmt", "-check", "-diff", "-recursive", "."]))?;
        let knows_identity = host.knows_identity()?;
        for configuration in &configurations {
            if configuration.name.contains("identity") && !knows_identity {
                let version = host.version()?;
                skipped.push(format!(
                    "skipped: {}: {} {version} has no import by identity",
                    configuration.name, host.name
                ));
                continue;
            }
            let copy = tempfile::tempdir_in(folder.path()).context("making a temporary folder")?;
            lay_out(configuration, copy.path())?;
            if let Err(error) =
                run::output(&mut workplace.command(&host, copy.path(), &["validate", "-no-color"]))
            {
                wrong.push(format!("{}, {}: {error:#}", configuration.name, host.name));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("examples:\n{}", wrong.join("\n"));
    }
    Ok(skipped)
}

fn lay_out(configuration: &Configuration, folder: &Path) -> anyhow::Result<()> {
    let mut says_where_from = false;
    for file in &configuration.files {
        let doing = || format!("copying {}", file.display());
        let text = fs::read_to_string(file).with_context(doing)?;
        says_where_from |= text.contains("required_providers");
        fs::write(folder.join(file.file_name().with_context(doing)?), text).with_context(doing)?;
    }
    if !says_where_from {
        fs::write(folder.join("requirement.tf"), REQUIREMENT).context("writing a configuration")?;
    }
    Ok(())
}

/// The configurations among `files`: each folder, and for each of its import files the rest with that file alone,
/// because two imports of one object exclude each other.
fn configurations(root: &Path, files: &[PathBuf]) -> Vec<Configuration> {
    let mut folders: BTreeMap<&Path, (Vec<PathBuf>, Vec<PathBuf>)> = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "tf")) {
        let Some(folder) = file.parent() else { continue };
        let (rest, imports) = folders.entry(folder).or_default();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("import") { imports.push(file.clone()) } else { rest.push(file.clone()) }
    }
    let mut configurations = Vec::new();
    for (folder, (rest, imports)) in folders {
        let name = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
        configurations.push(Configuration { name: name(folder), files: rest.clone() });
        configurations.extend(imports.iter().map(|import| Configuration {
            name: name(import),
            files: rest.iter().chain([import]).cloned().collect(),
        }));
    }
    configurations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_import_file_is_tried_with_the_rest_of_its_folder() {
        let files =
            ["/e/a/resource.tf", "/e/a/import-by-id.tf", "/e/a/import-by-identity.tf", "/e/a/import.sh"];
        let found = configurations(Path::new("/e"), &files.map(PathBuf::from));
        let names: Vec<&str> = found.iter().map(|configuration| configuration.name.as_str()).collect();
        assert_eq!(names, ["a", "a/import-by-id.tf", "a/import-by-identity.tf"]);
        assert_eq!(found[1].files, ["/e/a/resource.tf", "/e/a/import-by-id.tf"].map(PathBuf::from));
    }
}

//! Content for the lab's git server, made from templates.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use lab::lab::Lab;

use crate::site::Site;

/// What stands for the name of the case in a template.
const PLACEHOLDER: &str = "CASE";

/// Makes the content of `folder`, with the case's name put in, the content of the repository `name`. Gives its URL.
///
/// # Errors
///
/// A template cannot be read, or git refuses.
pub fn seed(site: &Site, folder: &Path, name: &str) -> anyhow::Result<String> {
    seed_in(&site.lab, site.scratch(), folder, name)
}

/// The same in the git server of another lab than the one that all cases share.
///
/// # Errors
///
/// As [`seed`].
pub fn seed_in(lab: &Lab, scratch: &Path, folder: &Path, name: &str) -> anyhow::Result<String> {
    let rendered = tempfile::tempdir_in(scratch).context("making a scratch folder")?;
    render(folder, rendered.path(), name)?;
    lab.seed_git(name, rendered.path())?;
    Ok(format!("{}/{name}.git", lab.environment()?.git_url))
}

fn render(from: &Path, to: &Path, name: &str) -> anyhow::Result<()> {
    let doing = || format!("copying {}", from.display());
    fs::create_dir_all(to).with_context(doing)?;
    for entry in fs::read_dir(from).with_context(doing)? {
        let entry = entry.with_context(doing)?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            render(&entry.path(), &target, name)?;
        } else {
            let text = fs::read_to_string(entry.path()).with_context(doing)?;
            fs::write(target, text.replace(PLACEHOLDER, name)).with_context(doing)?;
        }
    }
    Ok(())
}

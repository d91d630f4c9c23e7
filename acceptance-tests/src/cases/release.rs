//! The provider as users get it: from a mirror, with a lock file and checksums, without development overrides.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::workloads::Workloads;
use crate::account::Account;
use crate::apps;
use crate::case::Case;
use crate::mirror::Package;
use crate::workspace::Workspace;

/// How long one command of the clean account may take before it counts as hung.
const PATIENCE: Duration = Duration::from_mins(3);

/// Installed from a mirror: the lock file holds its checksum, an apply works, an archive that differs is refused, and
/// one that is locked is taken again.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn mirrored(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.workspace()?;
    let (package, archive) = from_mirror(case, &workspace)?;
    workspace.take("mirrored")?;
    workspace.variables(&json!({"kubeconfig": case.site.environment.kubeconfig}))?;
    workspace.run(&["init"])?.ended_with(0)?;
    let lock = workspace.read(".terraform.lock.hcl")?;
    let address = format!("{}/kurator-dev/kurator", case.host.kind.registry());
    for text in [address.as_str(), &package.version, "\"h1:"] {
        ensure!(lock.contains(text), "the lock file lacks `{text}`:\n{lock}");
    }
    workspace.apply()?;
    workspace.plans_nothing()?;
    let overridden = workspace.run(&["plan", "-no-color"])?.ended_with(0)?;
    let said = format!("{}{}", overridden.stdout, overridden.stderr);
    ensure!(!said.contains("overrides are in effect"), "a development override is in effect:\n{said}");
    workspace.destroy()?;

    // Another content under the locked version: first as a whole archive, then as one that was damaged on its way.
    let good = fs::read(&archive).context("reading an archive")?;
    let other = archive.with_extension("other");
    crate::zip::pack(
        Path::new("/bin/true"),
        &format!("terraform-provider-kurator_v{}", package.version),
        &other,
    )?;
    fs::rename(&other, &archive).context("exchanging an archive")?;
    is_refused(&workspace, "checksums")?;
    let mut damaged = good.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&archive, damaged).context("damaging an archive")?;
    is_refused(&workspace, "kurator-dev/kurator")?;
    fs::write(&archive, good).context("mending an archive")?;
    uninstall(&workspace)?;
    workspace.run(&["init", "-lockfile=readonly"])?.ended_with(0).map(drop)
}

/// Removes what a host installed; one that refused a provider may have left nothing.
fn uninstall(workspace: &Workspace) -> anyhow::Result<()> {
    match fs::remove_dir_all(workspace.path(".terraform")) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(cause).context("removing what was installed")
        }
        _ => Ok(()),
    }
}

fn is_refused(workspace: &Workspace, word: &str) -> anyhow::Result<()> {
    uninstall(workspace)?;
    let refused = workspace.run(&["init", "-no-color"])?.ended_with(1)?;
    ensure!(refused.stderr.contains(word), "`{word}` is not in why it was refused:\n{}", refused.in_words());
    Ok(())
}

/// A module's own tests with a mocked provider need no cluster.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn mocked(case: &Case<'_>) -> anyhow::Result<()> {
    let workspace = case.workspace()?;
    from_mirror(case, &workspace)?;
    workspace.take("mocked")?;
    let tests = workspace.path("tests");
    fs::create_dir(&tests).context("making a folder")?;
    let from = crate::workspace::case_folder("mocked").join("tests/module.tftest.hcl");
    fs::copy(from, tests.join("module.tftest.hcl")).context("copying a test")?;
    workspace.run(&["init"])?.ended_with(0)?;
    let tested = workspace.run(&["test", "-no-color"])?.ended_with(0)?;
    ensure!(tested.stdout.contains("1 passed, 0 failed"), "{}", tested.in_words());
    Ok(())
}

/// Makes the workspace install the provider from a mirror, and from nowhere else.
fn from_mirror(case: &Case<'_>, workspace: &Rc<Workspace>) -> anyhow::Result<(Package, PathBuf)> {
    let folder = workspace.beside("mirror")?;
    let package = Package::of(&case.site.provider, &workspace.beside("packed")?)?;
    let archive = package.into_mirror(&folder, case.host.kind)?;
    workspace.settings(&format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
        folder.display().to_string()
    ))?;
    Ok((package, archive))
}

/// An account that has nothing but the unpacked archive in its folder of plugins runs the example.
///
/// # Errors
///
/// The claim does not hold.
pub(crate) fn clean_account(case: &Case<'_>) -> anyhow::Result<()> {
    let before = case.snapshots()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
    let git_url = apps::seed(case.site, &example.join("apps"), &case.name)?;
    let account = Account::make(&format!("kurator-{}", case.host.kind.name()))?;
    let packed = tempfile::tempdir_in(case.site.scratch()).context("making a scratch folder")?;
    Package::of(&case.site.provider, packed.path())?.into_home(&account.home, case.host.kind)?;
    let config = account.home.join("config");
    fs::create_dir(&config).context("making a folder")?;
    fs::copy(example.join("main.tf"), config.join("main.tf")).context("copying the example")?;
    let kubeconfig = account.home.join("kubeconfig");
    fs::copy(&case.site.environment.kubeconfig, &kubeconfig).context("copying a kubeconfig")?;
    let variables = json!({"kubeconfig": kubeconfig, "git_url": git_url});
    fs::write(config.join("terraform.tfvars.json"), variables.to_string()).context("writing variables")?;
    let host = account.home.join(case.host.kind.name());
    fs::copy(&case.host.binary, &host).context("copying the host")?;
    fs::set_permissions(&host, fs::Permissions::from_mode(0o755)).context("copying the host")?;
    account.owns(&account.home)?;

    let run = |args: &[&str]| account.run(&host, args, &config, &packed.path().join("output"), PATIENCE);
    run(&["init", "-no-color"])?.ended_with(0)?;
    let applied = run(&["apply", "-json", "-auto-approve"]).and_then(|it| it.ended_with(0));
    let checked = applied.and_then(|_| {
        Workloads::of_the_example().are(case, "edge")?;
        run(&["plan", "-json", "-detailed-exitcode"])?.ended_with(0)
    });
    let destroyed = run(&["destroy", "-json", "-auto-approve"])?.ended_with(0);
    checked?;
    destroyed?;
    case.is_as_it_was(&before)
}

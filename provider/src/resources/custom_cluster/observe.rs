//! What is found of a custom cluster: configuration read, machines looked at, the API asked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use apply::custom_cluster::{Ground, Observed, await_api, observe as observe_cluster};
use domain::custom_cluster::{CustomClusterSetup, MachineId};
use domain::machine_address::MachineAddress;
use schemas::resources::custom_cluster::CustomClusterModel;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;

use super::login::{KnownHosts, known_hosts_paths};
use super::{convert, told};
use crate::environment::variable;
use crate::lifecycle::managed::Work;

/// What `model` asks for, with the files read that it names. `stored` has the host keys that were accepted before.
///
/// # Errors
///
/// Diagnostics at the attributes that cannot be used, and for files that cannot be read.
pub(super) async fn setup(
    model: &CustomClusterModel,
    stored: Option<&CustomClusterModel>,
    work: &Work,
) -> Result<CustomClusterSetup, Diagnostics> {
    let known_hosts = known_hosts(model).await?;
    convert::setup(model, stored, &work.context.mirrors, &known_hosts)
}

/// The `known_hosts` files that a model names.
///
/// # Errors
///
/// Diagnostics for files that cannot be read.
pub(super) async fn known_hosts(model: &CustomClusterModel) -> Result<KnownHosts, Diagnostics> {
    let home = variable("HOME").map(PathBuf::from);
    let mut read = BTreeMap::new();
    let mut problems = Diagnostics::none();
    for path in known_hosts_paths(model) {
        match tokio::fs::read_to_string(place(&path, home.as_deref())).await {
            Ok(text) => {
                read.insert(path, text);
            }
            Err(error) => problems.push(
                Diagnostic::error(
                    "known_hosts cannot be read",
                    format!(
                        "`{path}`: {error}.\n\nCheck the path; a relative one starts where Terraform runs. \
                         `ssh-keyscan HOST` writes such a file: compare its keys with the machines' own before you use it."
                    ),
                )
                .at(Path::to("ssh").attribute("known_hosts")),
            ),
        }
    }
    if problems.has_error() { Err(problems) } else { Ok(KnownHosts(read)) }
}

/// Where a file is; `~/` at its beginning is the home directory of whoever runs Terraform.
fn place(path: &str, home: Option<&std::path::Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// How the machines of a setup are reached.
pub(super) fn addresses(setup: &CustomClusterSetup) -> BTreeMap<MachineId, MachineAddress> {
    setup.machines.iter().map(|(name, machine)| (machine.id(name), machine.login.clone())).collect()
}

/// Looks at the machines of `setup`, at those that are `stored` beside them, and at the API.
///
/// # Errors
///
/// The control plane's, if it answers and does not give its record.
pub(super) async fn observe(
    setup: &CustomClusterSetup,
    stored: &BTreeMap<MachineId, MachineAddress>,
    work: &Work,
) -> Result<Observed, Diagnostics> {
    let ground = ground(setup, stored, work);
    match observe_cluster(&ground, &work.limits).await {
        Ok(Some(observed)) => Ok(observed),
        Ok(None) => Err(told::no_control_plane().into()),
        Err(error) => {
            let name =
                apply::custom_cluster::carrier(setup).map(|id| id.name.to_string()).unwrap_or_default();
            Err(told::trouble(&error, &name).into())
        }
    }
}

/// The same before something is changed: an API that does not answer yet is waited for.
///
/// # Errors
///
/// As [`observe`].
pub(super) async fn observe_for_a_change(
    setup: &CustomClusterSetup,
    stored: &BTreeMap<MachineId, MachineAddress>,
    work: &Work,
) -> Result<Observed, Diagnostics> {
    let mut observed = observe(setup, stored, work).await?;
    await_api(&ground(setup, stored, work), &mut observed, &work.limits).await;
    Ok(observed)
}

fn ground<'a>(
    setup: &'a CustomClusterSetup,
    stored: &'a BTreeMap<MachineId, MachineAddress>,
    work: &'a Work,
) -> Ground<'a> {
    Ground {
        machines: &*work.context.machines,
        clusters: &*work.context.clusters,
        setup,
        stored,
        at_a_time: work.context.at_a_time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_directory() {
        let home = PathBuf::from("/home/anna");
        assert_eq!(place("~/.ssh/known_hosts", Some(&home)), PathBuf::from("/home/anna/.ssh/known_hosts"));
        assert_eq!(place("known_hosts", Some(&home)), PathBuf::from("known_hosts"));
        assert_eq!(place("~/x", None), PathBuf::from("~/x"));
    }
}

//! Checks of a cluster that need more than one attribute.

use std::collections::{BTreeMap, BTreeSet};

use domain::mirrors::Mirrors;
use domain::node::TaintEffect;
use domain::node_setup::ArtifactName;
use nodes::artifacts;
use schemas::resources::custom_cluster::CustomClusterModel;
use schemas::resources::custom_cluster::machines::{MachineModel, SshModel};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::model::write;
use tf_value::path::Path;
use tf_value::value::Value;

use super::node_setup::node_setup;
use super::problem::told;
use super::reader::{Reader, entries};

mod network;

pub(super) fn validate(config: &CustomClusterModel) -> Diagnostics {
    let mut problems = of_machines(config);
    problems.extend(control_planes(config));
    problems.extend(network::cni(config));
    problems
}

/// The checks that machines have to pass before they are looked at, whether they are a whole cluster or not.
pub(crate) fn of_machines(config: &CustomClusterModel) -> Diagnostics {
    let mut problems = Diagnostics::none();
    problems.extend(login(&config.ssh, &Path::to("ssh")));
    problems.extend(addresses(config));
    for (name, machine) in entries(&config.machines) {
        let at = Path::to("machines").key(name.clone());
        problems.extend(login(&machine.ssh, &at.attribute("ssh")));
        problems.extend(taints(machine, &at));
    }
    problems.extend(network::ranges(config));
    problems.extend(version(config));
    problems
}

/// Known host keys are in one place. What is unknown may yet turn out null.
fn login(ssh: &Value<SshModel>, at: &Path) -> Option<Diagnostic> {
    let known_hosts = ssh.known()?.known_hosts.known()?;
    let saw = match (&known_hosts.path, &known_hosts.content) {
        (Value::Null, Value::Null) => "Neither `path` nor `content` is set.",
        (Value::Known(_), Value::Known(_)) => "Both `path` and `content` are set.",
        _ => return None,
    };
    let detail = format!("{saw}\n\nSet one of them.");
    Some(Diagnostic::error("Known hosts need one place", detail).at(at.attribute("known_hosts")))
}

/// One machine carries the cluster.
fn control_planes(config: &CustomClusterModel) -> Vec<Diagnostic> {
    let Value::Known(machines) = &config.machines else { return Vec::new() };
    let role = |machine: &Value<MachineModel>| match machine {
        Value::Known(machine) => machine.role.clone(),
        Value::Null | Value::Unknown => Value::Unknown,
    };
    let is_carrier = |machine| matches!(role(machine), Value::Known(role) if role == "control_plane");
    let found: Vec<&String> =
        machines.iter().filter(|(_, machine)| is_carrier(machine)).map(|(name, _)| name).collect();
    let may_come = machines.values().any(|machine| role(machine).is_unknown());
    let at = Path::to("machines");
    match found.as_slice() {
        [] if machines.is_empty() || may_come => Vec::new(),
        [] => vec![
            Diagnostic::error(
                "Cluster has no control plane",
                "Every machine is a `worker`.\n\nGive one machine `role = \"control_plane\"`: it carries the cluster's API.",
            )
            .at(at),
        ],
        [_] => Vec::new(),
        [first, others @ ..] => {
            let another = |name: &&String| {
                Diagnostic::error(
                    "Cluster has more than one control plane",
                    format!(
                        "`{name}` is a `control_plane`, and `{first}` is one, too. Several control planes are not possible \
                         yet.\n\nMake it a `worker`. The API has a name of its own, so that control planes can be added once \
                         that is there."
                    ),
                )
                .at(at.key((*name).clone()).attribute("role"))
            };
            others.iter().map(another).collect()
        }
    }
}

/// No two machines are at one address.
fn addresses(config: &CustomClusterModel) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<String, (&String, &'static str)> = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, machine) in entries(&config.machines) {
        for (attribute, address) in [("address", &machine.address), ("private_ip", &machine.private_ip)] {
            let Some(text) = address.known() else { continue };
            let address = text
                .parse::<std::net::IpAddr>()
                .map_or_else(|_| text.to_ascii_lowercase(), |ip| ip.to_string());
            match seen.get(&address) {
                Some((other, of)) if *other != name => problems.push(
                    Diagnostic::error(
                        "Two machines have one address",
                        format!(
                            "`{text}` is the `{attribute}` of `{name}` and the `{of}` of `{other}`.\n\nCorrect one of them: \
                             two names of one machine would become two nodes on it."
                        ),
                    )
                    .at(Path::to("machines").key(name.clone()).attribute(attribute)),
                ),
                Some(_) => {}
                None => {
                    seen.insert(address, (name, attribute));
                }
            }
        }
    }
    problems
}

/// A node has each pair of key and effect once.
fn taints(machine: &MachineModel, at: &Path) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let taints = machine.taints.known().into_iter().flatten().filter_map(Value::known);
    let mut problems = Vec::new();
    for taint in taints {
        let (Some(key), Some(effect)) = (taint.key.known(), taint.effect.known()) else { continue };
        let Some(effect) = TaintEffect::parse(effect) else { continue };
        if !seen.insert((key, effect)) {
            problems.push(
                Diagnostic::error(
                    "Taint is given twice",
                    format!(
                        "`{key}` with `{}` is given twice, and a node has it once.\n\nKeep one of the two values.",
                        effect.as_str()
                    ),
                )
                .at(at.attribute("taints")),
            );
        }
    }
    problems
}

/// What goes with the version is known, or said.
fn version(config: &CustomClusterModel) -> Option<Diagnostic> {
    let is_known = match &config.artifacts {
        Value::Unknown => false,
        Value::Null => true,
        Value::Known(artifacts) => write(&artifacts.versions).is_wholly_known(),
    };
    let alone = CustomClusterModel {
        // Any name will do.
        name: Value::Known("x".to_owned()),
        version: config.version.clone(),
        artifacts: config.artifacts.clone(),
        ..CustomClusterModel::default()
    };
    let setup = node_setup(&alone, &Mirrors::default(), &mut Reader::default()).filter(|_| is_known)?;
    ArtifactName::ALL
        .into_iter()
        .find_map(|name| artifacts::version(&setup, name).err())
        .map(|problem| told(&problem))
}

#[cfg(test)]
mod tests;

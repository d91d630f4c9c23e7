//! What of a cluster is known at plan: everything that configuration says, without asking anybody.

use std::collections::BTreeMap;

use domain::mirrors::Mirrors;
use domain::name::Name;
use domain::node_setup::ArtifactName;
use nodes::artifacts;
use planning::custom_cluster::{CustomClusterShape, last_change};
use schemas::resources::custom_cluster::machines::MachineModel;
use schemas::resources::custom_cluster::{CustomClusterModel, NodeModel};
use tf_value::value::Value;

use super::login::{host_key_text, login_text};
use super::reader::Reader;
use super::refusals::refusals;
use super::shape::shape;
use super::{node_setup, refusals};
use crate::lifecycle::managed::OwnPlan;

pub(super) fn plan(plan: &mut OwnPlan<'_, CustomClusterModel>) {
    refuse(plan);
    // What is only spelt anew is planned as it is stored, so the words are of the plan, not of the configuration.
    let wanted = plan.planned.clone();
    let after = shape(&wanted);
    let before = plan.prior.and_then(shape);
    plan.planned.endpoint = endpoint(&wanted);
    plan.planned.r#ref = reference(plan.prior, &wanted);
    plan.planned.host_keys = host_keys(plan, &wanted);
    plan.planned.nodes = nodes(plan, &wanted, before.as_ref(), after.as_ref());
    plan.last_change = match after {
        Some(after) => Value::Known(last_change(before.as_ref(), &after)),
        None => Value::Unknown,
    };
}

fn refuse(plan: &mut OwnPlan<'_, CustomClusterModel>) {
    let Some(prior) = plan.prior else { return };
    for refused in refusals(prior, plan.planned) {
        match refused.path {
            Some(path) if plan.allow_replacement => plan.replace.push(path),
            path => plan.diagnostics.push(tf_value::diagnostic::Diagnostic { path, ..refused }),
        }
    }
}

/// The API's URL: configuration says it.
fn endpoint(model: &CustomClusterModel) -> Value<String> {
    let is_known = match &model.control_plane {
        Value::Unknown => false,
        Value::Null => true,
        Value::Known(control_plane) => {
            !control_plane.endpoint.is_unknown() && !control_plane.port.is_unknown()
        }
    };
    let name = model.name.known().filter(|_| is_known).and_then(|name| Name::parse(name).ok());
    let endpoint = name.and_then(|name| node_setup::endpoint(model, &name, &mut Reader::default()));
    endpoint.map_or(Value::Unknown, |endpoint| Value::Known(format!("https://{}", endpoint.authority())))
}

/// The reference holds how the control plane is logged in to; while that stays, it stays.
fn reference(prior: Option<&CustomClusterModel>, wanted: &CustomClusterModel) -> Value<String> {
    let stays = |prior: &CustomClusterModel| {
        let (name, _) = refusals::carrier(prior.machines.known()?)?;
        let (before, after) = (login_text(prior, name)?, login_text(wanted, name)?);
        prior.r#ref.known().filter(|_| before == after).cloned()
    };
    prior.and_then(stays).map_or(Value::Unknown, Value::Known)
}

/// A machine's entry in a map by machines.
fn machine<'a>(model: &'a CustomClusterModel, name: &str) -> Option<&'a MachineModel> {
    model.machines.known()?.get(name)?.known()
}

/// Whether a machine is where it was.
fn stays(prior: &CustomClusterModel, name: &str, wanted: &MachineModel) -> bool {
    wanted.address.known().is_some()
        && machine(prior, name).is_some_and(|before| before.address == wanted.address)
}

/// Keys of machines that stay where they are; nothing is known while one is new, for it may yet prove none.
fn host_keys(
    plan: &OwnPlan<'_, CustomClusterModel>,
    wanted: &CustomClusterModel,
) -> Value<BTreeMap<String, Value<String>>> {
    let (Some(prior), Value::Known(machines)) = (plan.prior, &wanted.machines) else { return Value::Unknown };
    let carrier = prior.machines.known().and_then(refusals::carrier).map(|(name, _)| name);
    let mut keys = BTreeMap::new();
    for (name, machine) in machines {
        let Some(_) = machine.known().filter(|machine| stays(prior, name, machine)) else {
            return Value::Unknown;
        };
        let stored = prior.host_keys.known().and_then(|keys| keys.get(name)?.known());
        let texts = (host_key_text(prior, name), host_key_text(wanted, name));
        let is_same = matches!(texts, (Some(before), Some(after)) if before == after);
        // A machine that was installed anew proves another key, and is mended. The control plane is what the reference
        // says that it is.
        let is_mended = plan.mends && carrier != Some(name);
        let key = stored.filter(|_| is_same && !is_mended);
        keys.insert(name.clone(), key.map_or(Value::Unknown, |key| Value::Known(key.clone())));
    }
    Value::Known(keys)
}

/// The keys are the machines'. A machine that no step touches keeps what it was.
fn nodes(
    plan: &OwnPlan<'_, CustomClusterModel>,
    wanted: &CustomClusterModel,
    before: Option<&CustomClusterShape>,
    after: Option<&CustomClusterShape>,
) -> Value<BTreeMap<String, Value<NodeModel>>> {
    let version = kubelet_version(wanted);
    let shape_of = |shape: Option<&CustomClusterShape>, name: &str| shape?.machines.get(name).cloned();
    let has_same_network = matches!((before, after), (Some(before), Some(after)) if before.cni == after.cni);
    wanted.machines.clone().map(|machines| {
        let node = |(name, machine): (String, Value<MachineModel>)| {
            let Value::Known(machine) = machine else { return (name, Value::Unknown) };
            let stored = plan.prior.filter(|prior| stays(prior, &name, &machine));
            let stored = stored.and_then(|prior| prior.nodes.known()?.get(&name)?.known());
            let is_touched = plan.mends
                || !has_same_network
                || shape_of(before, &name).is_none()
                || shape_of(before, &name) != shape_of(after, &name);
            let version = match stored {
                // It may join anew, and does so in the configured version.
                Some(stored) if !is_touched || stored.version == version => stored.version.clone(),
                Some(_) => Value::Unknown,
                None => version.clone(),
            };
            let ready = match stored {
                Some(stored) if !is_touched => stored.ready.clone(),
                _ => Value::Unknown,
            };
            let node = NodeModel { role: machine.role, address: machine.address, version, ready };
            (name, Value::Known(node))
        };
        machines.into_iter().map(node).collect()
    })
}

/// The version of the kubelet that a machine gets.
fn kubelet_version(model: &CustomClusterModel) -> Value<String> {
    let is_known = match &model.artifacts {
        Value::Unknown => false,
        Value::Null => true,
        Value::Known(artifacts) => tf_value::model::write(&artifacts.versions).is_wholly_known(),
    };
    // Whatever else is unknown has no say in it.
    let alone = CustomClusterModel {
        name: model.name.clone(),
        version: model.version.clone(),
        artifacts: model.artifacts.clone(),
        ..CustomClusterModel::default()
    };
    let setup =
        node_setup::node_setup(&alone, &Mirrors::default(), &mut Reader::default()).filter(|_| is_known);
    let version = setup.and_then(|setup| artifacts::version(&setup, ArtifactName::Kubelet).ok());
    version.map_or(Value::Unknown, Value::Known)
}

#[cfg(test)]
mod tests;

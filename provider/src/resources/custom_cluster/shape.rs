//! A cluster as the words of a change need it: from configuration alone.

use domain::custom_cluster::CniSpec;
use domain::mirrors::Mirrors;
use domain::node::Role;
use domain::node_setup::NodeSetup;
use nodes::bootstrap::charts::Cni;
use nodes::digest;
use planning::custom_cluster::{CustomClusterShape, MachineShape};
use schemas::resources::custom_cluster::CustomClusterModel;
use schemas::resources::custom_cluster::machines::MachineModel;
use tf_value::model::ToRaw as _;
use tf_value::path::Path;
use tf_value::value::Value;

use super::convert::{cni, role, taints};
use super::node_setup::{labels, node_setup};
use super::reader::{Reader, entries};

/// What the words of a change are made of; none while something of it is unknown. Mirrors are the provider's, not the
/// cluster's, and are left out.
pub(super) fn shape(model: &CustomClusterModel) -> Option<CustomClusterShape> {
    if !is_settled(model) {
        return None;
    }
    let mut reader = Reader::default();
    let setup = node_setup(model, &Mirrors::default(), &mut reader)?;
    let machines = entries(&model.machines)
        .map(|(name, model)| Some((name.clone(), machine(model, &setup, &mut reader)?)))
        .collect::<Option<_>>()?;
    let cni = cni(model.network.known().and_then(|network| network.cni.known()));
    let shape = CustomClusterShape { version: setup.version.to_string(), machines, cni: cni_in_words(&cni) };
    reader.done(Some(shape)).ok()
}

/// Whether everything is known that words are made of. How machines are logged in to is not in them.
fn is_settled(model: &CustomClusterModel) -> bool {
    let Value::Known(machines) = &model.machines else { return false };
    let without_login = machines.iter().map(|(name, machine)| {
        (name.clone(), machine.clone().map(|machine| MachineModel { ssh: Value::Null, ..machine }))
    });
    let words = CustomClusterModel {
        ssh: Value::Null,
        machines: Value::Known(without_login.collect()),
        r#ref: Value::Null,
        endpoint: Value::Null,
        host_keys: Value::Null,
        nodes: Value::Null,
        ..model.clone()
    };
    words.to_raw().is_wholly_known()
}

fn machine(model: &MachineModel, setup: &NodeSetup, reader: &mut Reader) -> Option<MachineShape> {
    let at = Path::root();
    let role = role(model, &at, reader)?;
    let labels: Vec<String> =
        labels(&model.labels).into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    // What is not given is the role's own, so writing that down is no change.
    let taints = match model.taints.known() {
        Some(given) => taints(given, &at, reader)?,
        None => role.own_taints(),
    };
    let taints: Vec<String> = taints.iter().map(ToString::to_string).collect();
    Some(MachineShape {
        is_control_plane: role == Role::ControlPlane,
        address: model.address.known()?.clone(),
        node: format!("{} {}", labels.join(","), taints.join(",")),
        preparation: preparation(setup, role),
    })
}

/// Everything that is put on a machine of this role, in a form that can be compared.
fn preparation(setup: &NodeSetup, role: Role) -> String {
    let mut setup = setup.clone();
    if setup.proxy.is_none() {
        // They are told to nobody but proxies' users.
        setup.machine_addresses.clear();
    }
    if role == Role::Worker {
        setup.extra_sans.clear();
        setup.arguments.api_server.clear();
        setup.arguments.controller_manager.clear();
        setup.arguments.scheduler.clear();
        setup.arguments.etcd.clear();
        setup.patches.retain(|file, _| file.starts_with("kubelet"));
        setup.audit_policy = None;
        setup.encryption_at_rest = false;
        setup.renew_certificates = false;
        setup.kube_proxy.config = None;
        setup.kube_proxy.enabled = true;
    }
    format!("{setup:?}")
}

fn cni_in_words(cni: &CniSpec) -> String {
    match cni {
        CniSpec::Manifests(manifests) if manifests.is_empty() => String::new(),
        CniSpec::Manifests(manifests) => {
            let digest = digest::of(manifests.iter().map(|manifest| manifest.0.as_str()), 4);
            format!("own manifests {digest}")
        }
        CniSpec::Chart(chart) => {
            let default = || Cni::parse(&chart.network).ok()?.default_version().map(str::to_owned);
            let version = chart.version.clone().or_else(default).unwrap_or_default();
            let rest = [&chart.source, &chart.digest, &chart.values.as_ref().map(|values| values.0.clone())];
            let words = format!("{} {version}", chart.network);
            if rest.iter().all(|part| part.is_none()) {
                return words;
            }
            let digest = digest::of(rest.map(|part| part.as_deref().unwrap_or_default()), 4);
            format!("{words} with settings {digest}")
        }
    }
}

#[cfg(test)]
mod tests;

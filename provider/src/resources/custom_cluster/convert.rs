//! Model to what is carried out.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use domain::custom_cluster::{
    ChartSpec, CniSpec, CustomClusterSetup, DrainSpec, MachineSetup, WorkersStrategy,
};
use domain::duration;
use domain::mirrors::Mirrors;
use domain::name::Name;
use domain::node::{Role, Taint, TaintEffect};
use domain::node_setup::YamlText;
use schemas::resources::custom_cluster::CustomClusterModel;
use schemas::resources::custom_cluster::machines::{MachineModel, TaintModel};
use schemas::resources::custom_cluster::network::{CniModel, DEFAULT_CNI};
use schemas::resources::custom_cluster::node::{
    DEFAULT_DRAIN_TIMEOUT, DEFAULT_MAX_UNAVAILABLE, DrainModel, WorkersStrategyModel,
};
use tf_value::diagnostic::Diagnostics;
use tf_value::path::Path;
use tf_value::value::Value;

use super::login::{KnownHosts, Logins};
use super::node_setup::{labels, node_setup};
use super::reader::{Reader, document, texts};

/// A wholly known model as what is carried out.
///
/// `stored` is what is in state, if anything is: it has the host keys that were accepted before. For a read it is the
/// model itself.
///
/// # Errors
///
/// Diagnostics at the attributes that cannot be used.
pub(super) fn setup(
    model: &CustomClusterModel,
    stored: Option<&CustomClusterModel>,
    mirrors: &Mirrors,
    known_hosts: &KnownHosts,
) -> Result<CustomClusterSetup, Diagnostics> {
    let mut reader = Reader::default();
    let nodes = node_setup(model, mirrors, &mut reader);
    let logins = Logins { model, stored, known_hosts };
    let machines: Vec<_> = super::reader::entries(&model.machines)
        .map(|(key, machine)| {
            let name = reader.of(key, &Path::to("machines").key(key), Name::parse(key));
            let setup = self::machine(key, machine, &logins, &mut reader);
            Some((name?, setup?))
        })
        .collect();
    let workers = workers(model.workers_strategy.known(), &mut reader);
    let setup = || {
        Some(CustomClusterSetup {
            nodes: nodes?,
            machines: machines.into_iter().collect::<Option<_>>()?,
            cni: cni(model.network.known().and_then(|network| network.cni.known())),
            workers: workers?,
        })
    };
    let setup = setup();
    reader.done(setup)
}

fn machine(
    key: &str,
    model: &MachineModel,
    logins: &Logins<'_>,
    reader: &mut Reader,
) -> Option<MachineSetup> {
    let at = Path::to("machines").key(key);
    let role = role(model, &at, reader);
    let login = logins.address(key, model, reader);
    let private_ip = reader.parsed(&model.private_ip, &at.attribute("private_ip"), str::parse::<IpAddr>);
    let taints = model.taints.known().map(|given| taints(given, &at, reader));
    let taints = match taints {
        Some(taints) => taints.map(Some),
        None => Some(None),
    };
    Some(MachineSetup {
        role: role?,
        login: login?,
        private_ip,
        labels: labels(&model.labels),
        taints: taints?,
    })
}

/// What a machine does.
pub(super) fn role(model: &MachineModel, at: &Path, reader: &mut Reader) -> Option<Role> {
    reader.required(&model.role, &at.attribute("role"), |text| {
        Role::parse(text).ok_or("it is neither `control_plane` nor `worker`")
    })
}

/// The taints that are given to a machine's node.
pub(super) fn taints(given: &[Value<TaintModel>], at: &Path, reader: &mut Reader) -> Option<BTreeSet<Taint>> {
    given.iter().filter_map(Value::known).map(|given| taint(given, at, reader)).collect()
}

fn taint(model: &TaintModel, at: &Path, reader: &mut Reader) -> Option<Taint> {
    let at = at.attribute("taints");
    let key = reader.required(&model.key, &at, |text| Ok::<_, Infallible>(text.to_owned()));
    let effect =
        reader.required(&model.effect, &at, |text| TaintEffect::parse(text).ok_or("there is no such effect"));
    Some(Taint { key: key?, effect: effect?, value: model.value.known().cloned().unwrap_or_default() })
}

/// Where the pods' network comes from.
pub(super) fn cni(model: Option<&CniModel>) -> CniSpec {
    let empty = CniModel::default();
    let model = model.unwrap_or(&empty);
    match model.r#type.known().map_or(DEFAULT_CNI, String::as_str) {
        "none" => CniSpec::Manifests(texts(&model.manifests).cloned().map(YamlText).collect()),
        network => CniSpec::Chart(ChartSpec {
            network: network.to_owned(),
            version: model.version.known().cloned(),
            source: model.source.known().cloned(),
            digest: model.digest.known().cloned(),
            values: document(&model.values),
            helm_image: model.helm_image.known().cloned(),
        }),
    }
}

fn workers(model: Option<&WorkersStrategyModel>, reader: &mut Reader) -> Option<WorkersStrategy> {
    let empty = WorkersStrategyModel::default();
    let model = model.unwrap_or(&empty);
    let at = Path::to("workers_strategy");
    let max_unavailable = match model.max_unavailable.known() {
        None => Some(DEFAULT_MAX_UNAVAILABLE),
        Some(count) => {
            reader.of(&count.to_string(), &at.attribute("max_unavailable"), usize::try_from(*count))
        }
    };
    let drain = drain(model.drain.known(), &at.attribute("drain"), reader);
    Some(WorkersStrategy { max_unavailable: max_unavailable?.max(1), drain: drain? })
}

fn drain(model: Option<&DrainModel>, at: &Path, reader: &mut Reader) -> Option<DrainSpec> {
    let empty = DrainModel::default();
    let model = model.unwrap_or(&empty);
    let timeout = model.timeout.known().map_or(DEFAULT_DRAIN_TIMEOUT, String::as_str);
    let timeout: Option<Duration> = reader.of(timeout, &at.attribute("timeout"), duration::parse(timeout));
    Some(DrainSpec {
        timeout: timeout?,
        delete_emptydir: model.delete_emptydir.known().copied().unwrap_or(true),
        force: model.force.known().copied().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;

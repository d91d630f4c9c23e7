//! Looking at a custom cluster.

use std::collections::BTreeMap;

use apply::custom_cluster::{Api, Observed, reference};
use domain::cluster_ref::ClusterRef;
use domain::custom_cluster::{Kubeadm, NodeState, RunningFacts};
use planning::custom_cluster::drift;
use schemas::resources::custom_cluster::{CustomClusterModel, NodeModel};
use tf_value::diagnostic::{Diagnostics, Severity};
use tf_value::value::Value;

use super::observe::{observe, setup};
use super::told;
use crate::lifecycle::managed::{Sighting, Work};
use crate::report;

pub(super) async fn read(stored: CustomClusterModel, work: &Work) -> Sighting<CustomClusterModel> {
    let asked = match setup(&stored, Some(&stored), work).await {
        Ok(asked) => asked,
        Err(problems) => return Sighting::OutOfReach(as_warnings(problems)),
    };
    let observed = match observe(&asked, &BTreeMap::new(), work).await {
        Ok(observed) => observed,
        Err(problems) => return Sighting::OutOfReach(as_warnings(problems)),
    };
    let mut warnings: Diagnostics = observed
        .met
        .iter()
        .filter_map(|(id, met)| Some(told::trouble_in_read(met.as_ref().err()?, id.name.as_str())))
        .collect();
    let Some(Ok(carrier)) = observed.met.get(&observed.carrier) else {
        return Sighting::OutOfReach(warnings);
    };
    let mark = carrier.facts.mark.as_ref().map(|found| &found.mark);
    if mark.is_none() && carrier.facts.kubeadm() == Kubeadm::Nothing {
        // The machine that proves the stored key has nothing of a cluster: what was there is gone for good.
        return Sighting::Gone;
    }
    let name = asked.nodes.cluster.as_str();
    if let Api::OutOfReach(error) = &observed.api {
        let at = told::at_machine(observed.carrier.name.as_str());
        warnings.push(report::trouble_in_read(error, name, at));
        return Sighting::OutOfReach(warnings);
    }
    let mut found = drift_of(&observed);
    if mark.is_none_or(|mark| mark.incarnation != work.incarnation) {
        found.push(format!("{}: the machine bears another mark", observed.carrier.name));
    }
    if let Some(before) = stored.r#ref.known().and_then(|text| ClusterRef::parse(text).ok())
        && let (Some(before), Api::There(cluster, _)) = (before.uid, &observed.api)
        && before != cluster.facts().uid
    {
        found.push(format!("the cluster is another one: {before} → {}", cluster.facts().uid));
    }
    Sighting::There {
        object: as_found(stored, &observed),
        drift: found,
        leftovers: Vec::new(),
        diagnostics: warnings,
    }
}

/// What differs from what should be and has no attribute of its own.
pub(super) fn drift_of(observed: &Observed) -> Vec<String> {
    match observed.wanted() {
        Ok(wanted) => drift(&wanted, &observed.found()),
        Err(problem) => vec![problem.to_string()],
    }
}

/// The model with what was seen of the cluster.
pub(super) fn as_found(model: CustomClusterModel, observed: &Observed) -> CustomClusterModel {
    with_running(model, observed, Some(&observed.api))
}

/// The model with what `api` says; without it, what was planned or stored stays as far as it is known.
pub(super) fn with_running(
    model: CustomClusterModel,
    observed: &Observed,
    api: Option<&Api>,
) -> CustomClusterModel {
    let mut host_keys = known(model.host_keys.known().cloned().unwrap_or_default());
    for (name, machine) in &observed.setup.machines {
        if let Some(Ok(met)) = observed.met.get(&machine.id(name)) {
            host_keys.insert(name.to_string(), Value::Known(met.machine.host_key().to_string()));
        }
    }
    host_keys.retain(|name, _| observed.setup.machines.keys().any(|machine| machine.as_str() == name));
    let running = match api {
        Some(Api::There(cluster, running)) => Some((cluster.facts(), running)),
        Some(Api::Absent | Api::OutOfReach(_)) | None => None,
    };
    let nodes = nodes(&model, observed, running.map(|(_, running)| running));
    let r#ref = match running {
        Some((facts, _)) => {
            let key = observed.met.get(&observed.carrier).and_then(|met| met.as_ref().ok());
            let reference = key.and_then(|met| reference(&observed.setup, &*met.machine));
            reference.map(|reference| reference.with_uid(facts.uid.clone()).to_string()).into()
        }
        None => settled(model.r#ref),
    };
    let setup = &observed.setup.nodes;
    CustomClusterModel {
        r#ref,
        endpoint: Value::Known(format!("https://{}", setup.endpoint.authority())),
        host_keys: Value::Known(host_keys),
        nodes: Value::Known(nodes),
        ..model
    }
}

/// What can be stored: nothing in the place of what is not known.
fn settled(value: Value<String>) -> Value<String> {
    match value {
        Value::Unknown => Value::Null,
        other => other,
    }
}

fn known(map: BTreeMap<String, Value<String>>) -> BTreeMap<String, Value<String>> {
    map.into_iter().filter(|(_, value)| value.known().is_some()).collect()
}

fn nodes(
    model: &CustomClusterModel,
    observed: &Observed,
    running: Option<&RunningFacts>,
) -> BTreeMap<String, Value<NodeModel>> {
    let machines = observed.setup.machines.iter();
    machines
        .map(|(name, machine)| {
            let before = model.nodes.known().and_then(|nodes| nodes.get(name.as_str())?.known().cloned());
            let before = before.unwrap_or_default();
            let state = running.map(|running| running.nodes.get(name).cloned().unwrap_or_default());
            let NodeState { ready, version, .. } = state.clone().unwrap_or_default();
            let version = Some(version).filter(|version| !version.is_empty());
            let node = NodeModel {
                role: Value::Known(machine.role.as_str().to_owned()),
                address: Value::Known(machine.id(name).address),
                version: match (version, state.is_some()) {
                    (Some(version), _) => Value::Known(version),
                    (None, true) => Value::Null,
                    (None, false) => settled(before.version),
                },
                ready: match (state.is_some(), before.ready) {
                    (true, _) => Value::Known(ready),
                    (false, Value::Known(before)) => Value::Known(before),
                    (false, Value::Null | Value::Unknown) => Value::Known(false),
                },
            };
            (name.to_string(), Value::Known(node))
        })
        .collect()
}

fn as_warnings(problems: Diagnostics) -> Diagnostics {
    problems
        .into_iter()
        .map(|mut problem| {
            problem.severity = Severity::Warning;
            problem
        })
        .collect()
}

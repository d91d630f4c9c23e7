//! Looking at a fleet.

use std::collections::BTreeMap;

use domain::cluster_ref::ClusterRef;
use domain::fleet::FleetSpec;
use domain::mark::Phase;
use domain::name::Name;
use planning::fleet::{AccessFacts, drift};
use schemas::resources::fleet::FleetModel;
use tf_value::diagnostic::Diagnostics;
use tf_value::path::Path;
use tf_value::value::Value;

use super::convert;
use super::observe::{Flux, Observed, observe};
use crate::lifecycle::managed::{Sighting, Work};
use crate::report;

pub(super) async fn read(stored: FleetModel, work: &Work) -> Sighting<FleetModel> {
    let spec = match convert::spec(&stored) {
        Ok(spec) => spec,
        Err(problems) => return Sighting::OutOfReach(as_warnings(problems)),
    };
    let host = match work.context.clusters.connect(&spec.host, &work.limits).await {
        Ok(host) => host,
        Err(error) => {
            return Sighting::OutOfReach(
                report::trouble_in_read(&error, spec.host.place.called(), Path::to("host")).into(),
            );
        }
    };
    let observed =
        match observe(&spec.name, &host, &references(&spec), &spec.member_role, Flux::Look, work).await {
            Ok(observed) => observed,
            Err(error) => {
                return Sighting::OutOfReach(
                    report::trouble_in_read(&error, spec.host.place.called(), Path::to("host")).into(),
                );
            }
        };
    let namespace = observed.host.namespace.as_ref();
    // The namespace was taken away by hand. What the fleet has elsewhere only this state still names: the accounts on
    // its members, and Flux. So the state is kept: a destroy takes them away, and an update makes the namespace anew
    // and gives the host its way to the members back. A state that went with the namespace would leak them silently.
    // A create makes the namespace before all else: an unfinished one without it has accounts only where they are seen.
    let may_have_access = observed.members.values().any(|met| met.access != AccessFacts::Missing);
    let has_access = if work.phase == Phase::Creating { may_have_access } else { !spec.members.is_empty() };
    if namespace.is_none() && !has_access && observed.flux.installed_by() != Some(spec.name.as_str()) {
        return Sighting::Gone;
    }
    let mut drift = drift(&spec, &observed.found());
    let mark = namespace.map(|namespace| namespace.mark.as_ref());
    if mark.is_some_and(|mark| mark.is_none_or(|mark| mark.incarnation != work.incarnation)) {
        drift.push("host: the fleet's namespace bears another mark".to_owned());
    }
    Sighting::There {
        diagnostics: unreachable(&observed),
        object: with_status(stored, &observed),
        drift,
        leftovers: Vec::new(),
    }
}

/// The members' references by name.
pub(super) fn references(spec: &FleetSpec) -> BTreeMap<Name, ClusterRef> {
    spec.members.iter().map(|(name, member)| (name.clone(), member.cluster.clone())).collect()
}

/// The model with the status of every member that answered; the others keep theirs.
pub(super) fn with_status(mut model: FleetModel, observed: &Observed) -> FleetModel {
    let mut status = model.status.into_known().unwrap_or_default();
    status.retain(|name, _| observed.members.keys().any(|member| member.as_str() == name));
    for (name, met) in &observed.members {
        let recorded = observed.host.members.get(name).is_some_and(|member| member.has_kubeconfig);
        match &met.cluster {
            Ok(cluster) => {
                let ready = recorded && met.access == AccessFacts::Whole;
                status.insert(name.to_string(), convert::status(ready, Some(cluster.facts())));
            }
            Err(_) => {
                let entry = status.entry(name.to_string()).or_default();
                if !matches!(entry, Value::Known(known) if known.ready.known().is_some()) {
                    *entry = convert::status(false, None);
                }
            }
        }
    }
    model.status = Value::Known(status);
    model
}

/// The model with the status that a change has which was carried out: a member whose status was to change is ready.
pub(super) fn assumed(mut model: FleetModel, spec: &FleetSpec) -> FleetModel {
    let mut status = model.status.into_known().unwrap_or_default();
    for name in spec.members.keys() {
        let entry = status.entry(name.to_string()).or_default();
        if !matches!(entry, Value::Known(known) if known.ready.known().is_some()) {
            *entry = convert::status(true, None);
        }
    }
    model.status = Value::Known(status);
    model
}

/// A warning per member that could not be asked.
pub(super) fn unreachable(observed: &Observed) -> Diagnostics {
    observed
        .members
        .iter()
        .filter_map(|(name, met)| {
            let path = Path::to("clusters").key(name.to_string());
            met.cluster.as_ref().err().map(|error| report::trouble_in_read(error, name.as_str(), path))
        })
        .collect()
}

fn as_warnings(problems: Diagnostics) -> Diagnostics {
    problems
        .into_iter()
        .map(|mut problem| {
            problem.severity = tf_value::diagnostic::Severity::Warning;
            problem
        })
        .collect()
}

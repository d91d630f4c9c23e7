//! What stands in the way of machines becoming nodes, without changing anything: an apply's first look, by itself.

use std::collections::BTreeMap;

use apply::custom_cluster::carrier;
use apply::machines::{AllMet, Met, inspect, is_member, look_at, node};
use domain::custom_cluster::CustomClusterSetup;
use domain::finding::{Check, Finding};
use domain::mark::{Incarnation, Mark, Phase};
use domain::name::Name;
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use nodes::alive::Authority;
use schemas::resources::custom_cluster::CustomClusterModel;
use tf_value::diagnostic::Diagnostics;

use super::{TYPE, convert, observe, told};
use crate::context::Context;

/// What was found.
pub(crate) struct Checked {
    /// Errors first.
    pub(crate) findings: Vec<Finding>,
    /// The machines that answered, by name.
    pub(crate) met: BTreeMap<Name, Met>,
}

/// Looks at the machines of a wholly known model, all at a time.
///
/// # Errors
///
/// Diagnostics at the attributes that cannot be used, and for a machine that was there a moment ago and cannot be asked
/// for the others.
pub(crate) async fn check(
    model: &CustomClusterModel,
    context: &Context,
    limits: &Limits,
) -> Result<Checked, Diagnostics> {
    let known_hosts = observe::known_hosts(model).await?;
    let setup = convert::setup(model, None, &context.mirrors, &known_hosts)?;
    let mark = Mark {
        kind: TYPE.to_owned(),
        name: setup.nodes.cluster.to_string(),
        owner: context.owner.clone(),
        // Which making it is makes no difference to whose it is.
        incarnation: Incarnation::new(""),
        phase: Phase::Ready,
    };
    let all = look_at(&*context.machines, &observe::addresses(&setup), context.at_a_time, limits).await;
    let (met, mut findings) = apart(&setup, all);
    let facts = |name: &Name| met.get(name).map(|met| &met.facts);
    let machines = setup.machines.iter();
    let nodes = machines
        .filter_map(|(name, machine)| Some((name.clone(), node(name, machine, facts(name))?)))
        .collect();
    let first = carrier(&setup).map(|id| id.name);
    let authority = Authority::of(first.as_ref().and_then(facts));
    let asked = met.iter().filter(|(_, met)| !is_member(met, &mark, authority));
    let asked: BTreeMap<Name, &Met> = asked.map(|(name, met)| (name.clone(), met)).collect();
    match inspect(&asked, &nodes, &setup.nodes, &mark, authority, limits).await {
        Ok(found) => findings.extend(found),
        Err(error) => {
            let name = first.map(|name| name.to_string()).unwrap_or_default();
            return Err(told::trouble(&error, &name).into());
        }
    }
    findings.sort();
    Ok(Checked { findings, met })
}

/// The machines that answered, and what is found of the others.
fn apart(setup: &CustomClusterSetup, all: AllMet) -> (BTreeMap<Name, Met>, Vec<Finding>) {
    let mut met = BTreeMap::new();
    let mut findings = Vec::new();
    for (id, looked) in all {
        if !setup.machines.contains_key(&id.name) {
            continue;
        }
        match looked {
            Ok(machine) => {
                met.insert(id.name, machine);
            }
            Err(error) => findings.push(not_met(&id.name, &error)),
        }
    }
    (met, findings)
}

/// A machine that was not logged in to or not looked at.
fn not_met(name: &Name, error: &EngineError) -> Finding {
    let check = match error.kind {
        Kind::HostKey(_) => Check::HostKey,
        Kind::Sudo(_) => Check::Sudo,
        _ => Check::Reach,
    };
    let told = told::trouble(error, name.as_str());
    let (saw, way_out) = told.detail.split_once("\n\n").unwrap_or((&told.detail, ""));
    Finding::error(name, check, saw, way_out)
}

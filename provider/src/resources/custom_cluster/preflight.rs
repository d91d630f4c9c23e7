//! The look before anything is touched: every finding about every machine at once.

use std::collections::BTreeMap;

use apply::custom_cluster::Observed;
use apply::machines::{Met, inspect, is_member};
use domain::custom_cluster::MachineId;
use domain::mark::Mark;
use domain::name::Name;
use nodes::alive::Authority;
use tf_value::diagnostic::Diagnostics;

use super::told;
use crate::lifecycle::managed::Work;

/// Every finding about machines that are no nodes of the cluster yet (one that is has shown that it can be), and every
/// machine that has to be worked on and does not answer, as diagnostics; what is out of reach and
/// has nothing to be done is a warning.
///
/// # Errors
///
/// Diagnostics, if a machine that was there a moment ago cannot be asked.
pub(super) async fn preflight(
    observed: &Observed,
    mark: &Mark,
    work: &Work,
) -> Result<Diagnostics, Diagnostics> {
    let mut told = Diagnostics::none();
    let mut asked: BTreeMap<Name, &Met> = BTreeMap::new();
    let carrier = observed.met.get(&observed.carrier).and_then(|met| met.as_ref().ok());
    let authority = Authority::of(carrier.map(|met| &met.facts));
    for (name, machine) in &observed.setup.machines {
        let id = machine.id(name);
        match observed.met.get(&id) {
            Some(Ok(met)) if is_member(met, mark, authority) => {}
            Some(Ok(met)) => {
                asked.insert(name.clone(), met);
            }
            Some(Err(error)) if is_known(observed, &id) && id != observed.carrier => {
                told.push(told::trouble_in_read(error, name.as_str()));
            }
            Some(Err(error)) => told.push(told::trouble(error, name.as_str())),
            None => {}
        }
    }
    let findings =
        inspect(&asked, &observed.nodes, &observed.setup.nodes, mark, authority, &work.limits).await;
    match findings {
        Ok(findings) => told.extend(findings.iter().map(told::finding)),
        Err(error) => return Err(told::trouble(&error, observed.carrier.name.as_str()).into()),
    }
    Ok(told)
}

/// Whether the machine was worked on before, so that its cluster has a node of it.
fn is_known(observed: &Observed, id: &MachineId) -> bool {
    observed.record.as_ref().is_some_and(|record| record.contains(id))
}

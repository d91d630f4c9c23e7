//! Looking at an application: on the fleet's host, with one list per kind for all applications of a run.

use std::collections::BTreeMap;

use domain::application::{ApplicationFacts, ApplicationSpec, Progress};
use engines::clusters::Cluster;
use engines::distribution::{Freshness, Whose};
use planning::application::drift;
use schemas::resources::application::{ApplicationModel, ApplicationStatusModel};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

use super::convert;
use crate::lifecycle::managed::{Sighting, Work};
use crate::report;

pub(super) async fn read(stored: ApplicationModel, work: &Work) -> Sighting<ApplicationModel> {
    let Ok(spec) = convert::spec(&stored) else {
        return Sighting::OutOfReach(
            Diagnostic::warning(
                "Stored application cannot be read",
                "Something of the stored application is not valid, and it is kept as it is.\n\nApply to renew it.",
            )
            .into(),
        );
    };
    let trouble =
        |error| report::trouble_in_read(&error, spec.target.fleet.host.place.called(), Path::to("fleet"));
    let host = match work.context.clusters.connect(&spec.target.fleet.host, &work.limits).await {
        Ok(host) => host,
        Err(error) => return Sighting::OutOfReach(trouble(error).into()),
    };
    let of = Whose { fleet: &spec.target.fleet.name, application: &spec.name };
    let found = match host.distribution().observe_application(of, Freshness::Shared, &work.limits).await {
        Ok(found) => found,
        Err(error) => return Sighting::OutOfReach(trouble(error).into()),
    };
    if found.source.is_none() && found.placements.is_empty() {
        return Sighting::Gone;
    }
    let mut drift = drift(&spec, &found);
    let mark = found.source.as_ref().and_then(|source| source.mark.as_ref());
    if found.source.is_some() && mark.is_none_or(|mark| mark.incarnation != work.incarnation) {
        drift.push("source: it bears another mark".to_owned());
    }
    let (object, diagnostics) = with_status(stored, &spec, &found, work).await;
    Sighting::There { object, drift, leftovers: Vec::new(), diagnostics }
}

/// The model with the status of every chosen member. A member that Flux reports as failing and that cannot be
/// reached keeps its status, with a warning: nothing is known of what is on it.
pub(super) async fn with_status(
    mut model: ApplicationModel,
    spec: &ApplicationSpec,
    found: &ApplicationFacts,
    work: &Work,
) -> (ApplicationModel, Diagnostics) {
    let before = model.status.into_known().unwrap_or_default();
    let mut members: BTreeMap<String, (Vec<Value<String>>, bool)> = BTreeMap::new();
    for (id, placement) in spec.placements() {
        let applied = found.placements.get(&id).is_some_and(|facts| {
            // A reconciliation under way is no news: what was applied still is.
            facts.applied_revision.is_some() && !matches!(facts.progress, Progress::Failed { .. })
        });
        let entry = members.entry(placement.member.to_string()).or_insert_with(|| (Vec::new(), true));
        entry.0.push(Value::Known(placement.policy.to_string()));
        entry.1 &= applied;
    }
    let mut diagnostics = Diagnostics::none();
    let mut status = BTreeMap::new();
    for (name, (policies, mut ready)) in members {
        if !ready && let Some(stored) = before.get(&name).and_then(|it| it.known()?.ready.known()) {
            let reference = spec.target.members.iter().find(|(member, _)| member.as_str() == name);
            if let Some((_, member)) = reference
                && let Err(error) = work.context.clusters.connect(&member.cluster, &work.limits).await
                && error.kind.is_out_of_reach()
            {
                ready = *stored;
                diagnostics.push(report::trouble_in_read(&error, &name, Path::to("fleet")));
            }
        }
        let policies = Value::Known(policies);
        status.insert(name, Value::Known(ApplicationStatusModel { policies, ready: Value::Known(ready) }));
    }
    model.status = Value::Known(status);
    (model, diagnostics)
}

/// The model with what was found now.
pub(super) async fn refreshed(
    model: ApplicationModel,
    spec: &ApplicationSpec,
    host: &dyn Cluster,
    work: &Work,
) -> Result<(ApplicationModel, ApplicationFacts), Diagnostic> {
    let of = Whose { fleet: &spec.target.fleet.name, application: &spec.name };
    let found =
        host.distribution().observe_application(of, Freshness::Now, &work.limits).await.map_err(|error| {
            report::trouble(&error, spec.target.fleet.host.place.called(), Path::to("fleet"))
        })?;
    let (model, _) = with_status(model, spec, &found, work).await;
    Ok((model, ApplicationFacts::clone(&found)))
}

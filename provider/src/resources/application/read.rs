//! Looking at an application: on the fleet's host, with one list per kind for all applications of a run.

use std::collections::BTreeMap;

use domain::application::{ApplicationFacts, ApplicationSpec, Progress};
use domain::cluster_ref::ClusterRef;
use engines::clusters::Cluster;
use engines::distribution::{Freshness, Whose};
use engines::error::EngineError;
use futures::stream::{self, StreamExt as _};
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
    for (id, policy, member, _) in spec.chosen() {
        let applied = found.placements.get(&id).is_some_and(|facts| {
            // A reconciliation under way is no news: what was applied still is.
            facts.applied_revision.is_some() && !matches!(facts.progress, Progress::Failed { .. })
        });
        let entry = members.entry(member.to_string()).or_insert_with(|| (Vec::new(), true));
        entry.0.push(Value::Known(policy.to_string()));
        entry.1 &= applied;
    }
    let stored = |name: &str| before.get(name).and_then(|it| it.known()?.ready.known()).copied();
    let mut asked: Vec<(String, ClusterRef)> = Vec::new();
    for (name, (_, ready)) in &members {
        let member = spec.target.members.iter().find(|(member, _)| member.as_str() == name);
        if let Some((_, member)) = member
            && !ready
            && stored(name).is_some()
        {
            asked.push((name.clone(), member.cluster.clone()));
        }
    }
    let met = stream::iter(asked.into_iter().map(|(name, cluster)| async move {
        let met = work.context.clusters.connect(&cluster, &work.limits).await;
        (name, met.err().filter(|error| error.kind.is_out_of_reach()))
    }))
    .buffer_unordered(work.context.at_a_time)
    .collect::<Vec<_>>()
    .await;
    let mut out_of_reach: BTreeMap<String, EngineError> =
        met.into_iter().filter_map(|(name, error)| Some((name, error?))).collect();
    let mut diagnostics = Diagnostics::none();
    let mut status = BTreeMap::new();
    for (name, (policies, mut ready)) in members {
        if let Some(error) = out_of_reach.remove(&name) {
            ready = stored(&name).unwrap_or(ready);
            diagnostics.push(report::trouble_in_read(&error, &name, Path::to("fleet")));
        }
        let policies = Value::Known(policies);
        status.insert(name, Value::Known(ApplicationStatusModel { policies, ready: Value::Known(ready) }));
    }
    model.status = Value::Known(status);
    (model, diagnostics)
}

/// The model with the status that a change has which was carried out: ready, if that was waited for.
pub(super) fn assumed(mut model: ApplicationModel, spec: &ApplicationSpec) -> ApplicationModel {
    let mut members: BTreeMap<String, Vec<Value<String>>> = BTreeMap::new();
    for (_, policy, member, _) in spec.chosen() {
        members.entry(member.to_string()).or_default().push(Value::Known(policy.to_string()));
    }
    let status = |policies| ApplicationStatusModel {
        policies: Value::Known(policies),
        ready: Value::Known(spec.wait),
    };
    let members = members.into_iter().map(|(name, policies)| (name, Value::Known(status(policies))));
    model.status = Value::Known(members.collect());
    model
}

/// The model with what was found now.
pub(super) async fn refreshed(
    model: ApplicationModel,
    spec: &ApplicationSpec,
    host: &dyn Cluster,
    work: &Work,
) -> Result<(ApplicationModel, ApplicationFacts), EngineError> {
    let of = Whose { fleet: &spec.target.fleet.name, application: &spec.name };
    let found = host.distribution().observe_application(of, Freshness::Now, &work.limits).await?;
    let (model, _) = with_status(model, spec, &found, work).await;
    Ok((model, ApplicationFacts::clone(&found)))
}

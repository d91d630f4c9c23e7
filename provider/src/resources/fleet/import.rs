//! Importing a fleet by its reference.

use std::collections::BTreeMap;

use domain::cluster_ref::{ClusterRef, FleetRef};
use domain::fleet::{FleetFacts, MemberFacts};
use schemas::resources::fleet::{DEFAULT_MEMBER_ROLE, FleetClusterModel, FleetModel};
use tf_provider::resource::Import;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

use super::convert;
use super::observe::{Flux, observe};
use super::read::with_status;
use crate::lifecycle::managed::{Imported, Work};
use crate::report;
use crate::resources::attached_cluster::import::id_of;

pub(super) async fn import(import: &Import, work: &Work) -> Result<Imported<FleetModel>, Diagnostics> {
    let id = id_of(import);
    let reference = FleetRef::parse(&id).map_err(|problem| {
        Diagnostic::error(
            "Import id is not a fleet's reference",
            format!(
                "`{id}` cannot be imported: {problem}.\n\nWrite it like `fleet:NAME?host=REF`, with the host's `ref` \
                 percent-encoded."
            ),
        )
    })?;
    let host = work
        .context
        .clusters
        .connect(&reference.host, &work.limits)
        .await
        .map_err(|error| report::trouble(&error, reference.host.place.called(), Path::to("host")))?;
    let trouble = |error| report::trouble(&error, reference.host.place.called(), Path::to("host"));
    let on_host = host.fleet_host().observe_fleet(&reference.name, &work.limits).await.map_err(trouble)?;
    let Some(mark) = on_host.namespace.as_ref().and_then(|namespace| namespace.mark.clone()) else {
        return Err(Diagnostic::error(
            "There is no such fleet",
            format!(
                "Fleet `{}` is not on `{}`.\n\nCheck the name and the host.",
                reference.name, reference.host
            ),
        )
        .into());
    };
    let members: BTreeMap<_, ClusterRef> = on_host
        .members
        .iter()
        .filter_map(|(name, facts)| Some((name.clone(), facts.cluster.clone()?)))
        .collect();
    let role = on_host.namespace.as_ref().and_then(|namespace| namespace.member_role.clone());
    let role = role.unwrap_or_else(|| DEFAULT_MEMBER_ROLE.to_owned());
    let observed =
        observe(&reference.name, &host, &members, &role, Flux::Look, work).await.map_err(trouble)?;
    let with_uid = reference.host.clone().with_uid(host.facts().uid.clone());
    let model = with_status(model(&reference, &with_uid, role, &on_host), &observed);
    let model = FleetModel { r#ref: convert::fleet_ref(&model), target: convert::target(&model), ..model };
    Ok(Imported { object: model, mark: Some(mark) })
}

fn model(reference: &FleetRef, host: &ClusterRef, role: String, facts: &FleetFacts) -> FleetModel {
    FleetModel {
        name: Value::Known(reference.name.to_string()),
        host: Value::Known(host.to_string()),
        clusters: Value::Known(
            facts
                .members
                .iter()
                .map(|(name, facts)| (name.to_string(), Value::Known(member(facts))))
                .collect(),
        ),
        member_role: Value::Known(role),
        ..FleetModel::default()
    }
}

/// A member as configuration would have it: no labels are null, as when the attribute is left out.
fn member(facts: &MemberFacts) -> FleetClusterModel {
    let labels = |labels: &BTreeMap<String, String>| {
        labels.iter().map(|(key, value)| (key.clone(), Value::Known(value.clone()))).collect()
    };
    FleetClusterModel {
        r#ref: facts.cluster.as_ref().map(ToString::to_string).into(),
        labels: if facts.labels.is_empty() { Value::Null } else { Value::Known(labels(&facts.labels)) },
        api_server: facts.api_server.clone().into(),
    }
}

//! Importing an application by its reference.

use std::collections::BTreeMap;

use domain::application::{FleetTarget, TargetMember};
use domain::cluster_ref::{ApplicationRef, FleetRef};
use engines::distribution::{Freshness, Whose};
use schemas::resources::application::ApplicationModel;
use tf_provider::resource::Import;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

use super::{convert, note, read, target};
use crate::lifecycle::managed::{Imported, Work};
use crate::report;
use crate::resources::attached_cluster::import::id_of;

pub(super) async fn import(import: &Import, work: &Work) -> Result<Imported<ApplicationModel>, Diagnostics> {
    let id = id_of(import);
    let reference = ApplicationRef::parse(&id).map_err(|problem| {
        Diagnostic::error(
            "Import id is not an application's reference",
            format!(
                "`{id}` cannot be imported: {problem}.\n\nWrite it like `fleet:FLEET/NAME?host=REF`, with the host's \
                 `ref` percent-encoded."
            ),
        )
    })?;
    let trouble = |error| report::trouble(&error, reference.fleet.host.place.called(), Path::to("fleet"));
    let host = work.context.clusters.connect(&reference.fleet.host, &work.limits).await.map_err(trouble)?;
    let fleet = &reference.fleet.name;
    let members = host.fleet_host().observe_fleet(fleet, &work.limits).await.map_err(trouble)?.members;
    let found = host
        .distribution()
        .observe_application(Whose { fleet, application: &reference.name }, Freshness::Now, &work.limits)
        .await
        .map_err(trouble)?;
    let source = found.source.as_ref();
    let (Some(mark), Some(noted)) =
        (source.and_then(|source| source.mark.clone()), source.and_then(|source| source.note.clone()))
    else {
        return Err(Diagnostic::error(
            "There is no such application",
            format!(
                "Application `{}` is not in `{}`, or we did not make it.\n\nCheck its name, the fleet's and the host.",
                reference.name, reference.fleet
            ),
        )
        .into());
    };
    let model = note::read(&noted).map_err(|problem| {
        Diagnostic::error(
            "Application's note cannot be read",
            format!(
                "The note on the source of application `{}` is damaged: {problem}.\n\nChange something of the \
                 application in the configuration that made it, its `wait` for example, and apply: that writes the \
                 note anew.",
                reference.name
            ),
        )
    })?;
    let members: BTreeMap<_, _> = members
        .into_iter()
        .filter_map(|(name, facts)| {
            Some((name, TargetMember { cluster: facts.cluster?, labels: facts.labels }))
        })
        .collect();
    let host_ref = reference.fleet.host.with_uid(host.facts().uid.clone());
    let fleet = FleetTarget { fleet: FleetRef { name: fleet.clone(), host: host_ref }, members };
    let model = ApplicationModel {
        name: Value::Known(reference.name.to_string()),
        fleet: target::write(&fleet),
        ..model
    };
    let spec = convert::spec(&model)?;
    let (model, _) = read::with_status(model, &spec, &found, work).await;
    Ok(Imported { object: model, mark: Some(mark) })
}

//! Importing a custom cluster by its reference.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use apply::custom_cluster::{Api, carrier};
use domain::cluster_ref::{ClusterRef, Place};
use engines::error::EngineError;
use engines::machines::Machine;
use schemas::resources::custom_cluster::CustomClusterModel;
use tf_provider::resource::Import;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

use super::observe::{observe, setup};
use super::read::as_found;
use super::{note, told};
use crate::lifecycle::managed::{Imported, Work};
use crate::report;
use crate::resources::attached_cluster::import::id_of;

pub(super) async fn import(
    import: &Import,
    work: &Work,
) -> Result<Imported<CustomClusterModel>, Diagnostics> {
    let id = id_of(import);
    let refuse = |problem: &dyn Display| {
        Diagnostic::error(
            "Import id is not a custom cluster's reference",
            format!(
                "`{id}` cannot be imported: {problem}.\n\nWrite it like \
                 `ssh://CREDENTIAL?user=USER&become=sudo&cp=HOST:PORT&hostkey=SHA256:…`, with values percent-encoded."
            ),
        )
    };
    let reference = ClusterRef::parse(&id).map_err(|problem| refuse(&problem))?;
    let Place::Ssh(place) = &reference.place else {
        return Err(refuse(&"its kubeconfig is not on machines of its own").into());
    };
    let (machine, noted) = first_with_note(place, work).await?;
    let model = note::read(&noted).map_err(|problem| {
        Diagnostic::error(
            "Cluster's note cannot be read",
            format!(
                "`{}` on `{}` is damaged: {problem}.\n\nApply the configuration that made the cluster: that writes it anew.",
                note::PATH,
                reference.place.called()
            ),
        )
    })?;
    // The machine that the reference names has proved its key; the others are known as the configuration says.
    let pinned = setup(&model, None, work)
        .await
        .ok()
        .and_then(|setup| carrier(&setup))
        .map(|id| (id.name.to_string(), Value::Known(machine.host_key().to_string())));
    let model = CustomClusterModel { host_keys: Value::Known(BTreeMap::from_iter(pinned)), ..model };
    let asked = setup(&model, Some(&model), work).await?;
    let observed = observe(&asked, &BTreeMap::new(), work).await?;
    let met = match observed.met.get(&observed.carrier) {
        Some(Ok(met)) => met,
        Some(Err(error)) => return Err(told::trouble(error, observed.carrier.name.as_str()).into()),
        None => return Err(told::no_control_plane().into()),
    };
    if let Api::OutOfReach(error) = &observed.api {
        return Err(report::trouble(error, asked.nodes.cluster.as_str(), Path::to("name")).into());
    }
    let mark = met.facts.mark.as_ref().map(|found| found.mark.clone());
    Ok(Imported { mark, object: as_found(model, &observed) })
}

async fn first_with_note(
    place: &domain::ssh_place::SshPlace,
    work: &Work,
) -> Result<(Arc<dyn Machine>, Vec<u8>), Diagnostics> {
    let mut first: Option<EngineError> = None;
    for address in place.machines() {
        let asked = async {
            let machine = work.context.machines.connect(&address, &work.limits).await?;
            let note = machine.get(note::PATH, &work.limits).await?;
            Ok::<_, EngineError>((machine, note))
        };
        match asked.await {
            Ok((machine, Some(note))) => return Ok((machine, note)),
            Ok((_, None)) => {}
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    let called = place.control_planes.first().map(|host| host.at.to_string()).unwrap_or_default();
    Err(match first {
        Some(error) => told::trouble(&error, &called),
        None => Diagnostic::error(
            "There is no such custom cluster",
            format!(
                "`{called}` holds no cluster that was made here: there is no `{}`.\n\nA cluster that somebody else made \
                 is a `kurator_attached_cluster`.",
                note::PATH
            ),
        ),
    }
    .into())
}

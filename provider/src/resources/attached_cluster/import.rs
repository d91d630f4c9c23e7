//! Importing an attached cluster by its reference.

use std::fmt::Display;

use domain::cluster_ref::ClusterRef;
use schemas::resources::attached_cluster::AttachedClusterModel;
use tf_provider::resource::Import;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

use super::convert::{kubeconfig, with_facts};
use crate::lifecycle::managed::{Imported, Work};
use crate::report;

pub(super) async fn import(
    import: &Import,
    work: &Work,
) -> Result<Imported<AttachedClusterModel>, Diagnostics> {
    let id = id_of(import);
    let refuse = |problem: &dyn Display| {
        Diagnostic::error(
            "Import id is not a cluster's reference",
            format!(
                "`{id}` cannot be imported: {problem}.\n\nWrite it like `file:PATH?context=NAME` or \
                 `env:VARIABLE?context=NAME`, with values percent-encoded."
            ),
        )
    };
    let reference = ClusterRef::parse(&id).map_err(|problem| refuse(&problem))?;
    let kubeconfig = kubeconfig(&reference.place)
        .ok_or_else(|| refuse(&"its kubeconfig is on its own machines, and an attached cluster's is not"))?;
    let cluster = work
        .context
        .clusters
        .connect(&reference, &work.limits)
        .await
        .map_err(|error| report::trouble(&error, reference.place.called(), Path::to("kubeconfig")))?;
    let model =
        AttachedClusterModel { kubeconfig: Value::Known(kubeconfig), ..AttachedClusterModel::default() };
    Ok(Imported { object: with_facts(model, reference.place, cluster.facts()), mark: None })
}

/// The reference in an import, whichever way it was given.
pub(crate) fn id_of(import: &Import) -> String {
    match import {
        Import::Id(id) => id.clone(),
        Import::Identity(identity) => identity.get("ref").text().unwrap_or_default().to_owned(),
    }
}

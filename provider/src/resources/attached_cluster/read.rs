//! Looking at an attached cluster.

use domain::cluster_ref::ClusterRef;
use engines::error::Kind;
use schemas::resources::attached_cluster::AttachedClusterModel;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

use super::convert::{place_of, with_facts};
use crate::lifecycle::managed::{Sighting, Work};
use crate::report;

/// It is never "gone": a cluster that does not answer may answer again, and another one in its place is drift.
pub(super) async fn read(stored: AttachedClusterModel, work: &Work) -> Sighting<AttachedClusterModel> {
    let name = stored.name.known().cloned().unwrap_or_default();
    let reference = stored.r#ref.known().and_then(|text| ClusterRef::parse(text).ok());
    let (Some(reference), Some(place)) = (reference, place_of(&stored)) else {
        return Sighting::OutOfReach(
            Diagnostic::warning(
                "Stored reference cannot be read",
                format!("The stored `ref` of cluster `{name}` is not a reference.\n\nApply to renew it."),
            )
            .at(Path::to("ref"))
            .into(),
        );
    };
    match work.context.clusters.connect(&reference, &work.limits).await {
        Ok(cluster) => Sighting::There {
            object: with_facts(
                AttachedClusterModel { name: Value::Known(name), ..stored },
                place,
                cluster.facts(),
            ),
            drift: Vec::new(),
            leftovers: Vec::new(),
            diagnostics: Diagnostics::none(),
        },
        Err(error) if error.kind == Kind::AnotherCluster => Sighting::There {
            drift: vec![error.chain()],
            leftovers: Vec::new(),
            diagnostics: report::trouble_in_read(&error, &name, Path::to("kubeconfig")).into(),
            object: stored,
        },
        Err(error) => {
            Sighting::OutOfReach(report::trouble_in_read(&error, &name, Path::to("kubeconfig")).into())
        }
    }
}

//! Creating and updating an attached cluster: asking it who it is.

use domain::cluster_ref::ClusterRef;
use schemas::resources::attached_cluster::AttachedClusterModel;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;

use super::convert::{place_of, with_facts};
use crate::lifecycle::managed::{Outcome, Work};
use crate::report;

pub(super) async fn probe(wanted: AttachedClusterModel, work: &Work) -> Outcome<AttachedClusterModel> {
    let Some(place) = place_of(&wanted) else {
        return Outcome::refused(
            Diagnostic::error(
                "Kubeconfig needs one place",
                "Neither or both of `path` and `env` are set.\n\nSet `path` to a file, \
                 or `env` to the name of a variable.",
            )
            .at(Path::to("kubeconfig")),
        );
    };
    // Whoever answers there is the cluster that is meant: no uid is asked for.
    let reference = ClusterRef { place: place.clone(), uid: None };
    match work.context.clusters.connect(&reference, &work.limits).await {
        Ok(cluster) => Outcome::done(with_facts(wanted, place, cluster.facts()), Diagnostics::none()),
        Err(error) => {
            let name = wanted.name.known().cloned().unwrap_or_else(|| place.called().to_owned());
            Outcome::refused(report::trouble(&error, &name, Path::to("kubeconfig")))
        }
    }
}

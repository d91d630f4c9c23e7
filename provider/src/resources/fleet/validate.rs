//! Checks of a fleet that need more than one attribute, and the forms of references.

use std::collections::BTreeMap;

use domain::cluster::ClusterUid;
use schemas::resources::fleet::FleetModel;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;

use super::convert::reference;

pub(super) fn validate(config: &FleetModel) -> Diagnostics {
    let mut problems = Diagnostics::none();
    reference(config.host.known(), Path::to("host"), &mut problems);
    let mut seen: BTreeMap<ClusterUid, String> = BTreeMap::new();
    for (key, cluster) in config.clusters.known().into_iter().flatten() {
        let Some(cluster) = cluster.known() else { continue };
        let path = Path::to("clusters").key(key.clone()).attribute("ref");
        let found = reference(cluster.r#ref.known(), path.clone(), &mut problems);
        if let Some(uid) = found.and_then(|found| found.uid) {
            if let Some(first) = seen.get(&uid) {
                problems.push(one_cluster_twice(first, key, &uid).at(path));
            }
            seen.entry(uid).or_insert_with(|| key.clone());
        }
    }
    problems
}

/// The refusal of a cluster that is a member under two names.
pub(super) fn one_cluster_twice(first: &str, second: &str, uid: &ClusterUid) -> Diagnostic {
    Diagnostic::error(
        "One cluster is a member twice",
        format!(
            "`{first}` and `{second}` are one cluster: both have the uid `{uid}`.\n\nRemove one of them, or correct \
             its `ref`."
        ),
    )
}

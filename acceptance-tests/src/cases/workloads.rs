//! What runs where.

use anyhow::ensure;

use crate::case::Case;
use crate::cluster::Cluster;

/// The deployments of an application's two policies, as paths of the API.
pub(crate) struct Workloads {
    /// Of the policy `base`, which goes everywhere.
    pub(crate) base: String,
    /// Of the policy `edge`, which goes to one cluster.
    pub(crate) edge: String,
}

impl Workloads {
    /// Those of `cases/fleet`.
    pub(crate) fn of(case: &Case<'_>) -> Self {
        Self {
            base: format!("/apis/apps/v1/namespaces/{}/deployments/web", case.name),
            edge: format!("/apis/apps/v1/namespaces/default/deployments/{}-cache", case.name),
        }
    }

    /// Those of `examples/quickstart`.
    pub(crate) fn of_the_example() -> Self {
        Self {
            base: "/apis/apps/v1/namespaces/podinfo/deployments/podinfo".to_owned(),
            edge: "/apis/apps/v1/namespaces/podinfo-edge/deployments/podinfo-cache".to_owned(),
        }
    }

    /// Checks that `base` runs everywhere and `edge` on the named cluster alone.
    pub(crate) fn are(&self, case: &Case<'_>, edge_is_on: &str) -> anyhow::Result<()> {
        for cluster in case.site.clusters() {
            ensure!(runs(cluster, &self.base)?, "`base` does not run on {}", cluster.name);
            if cluster.name == edge_is_on {
                ensure!(runs(cluster, &self.edge)?, "`edge` does not run on {}", cluster.name);
            } else {
                ensure!(cluster.find(&self.edge)?.is_none(), "`edge` is on {}", cluster.name);
            }
        }
        Ok(())
    }
}

fn runs(cluster: &Cluster, deployment: &str) -> anyhow::Result<bool> {
    let found = cluster.find(deployment)?.unwrap_or_default();
    let available = &found["status"]["availableReplicas"];
    Ok(available.is_number() && *available == found["spec"]["replicas"])
}

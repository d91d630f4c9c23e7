//! `kurator_cluster_credentials`: short-lived credentials that are stored nowhere.

use tf_value::schema::Schema;

use crate::credentials::attributes;

/// The schema.
pub fn schema() -> Schema {
    Schema {
        version: 0,
        description: "Credentials for one cluster, for the `kubernetes` and `helm` providers and for provisioners. They are \
                      in memory for one run and enter neither plan nor state. Each plan and each apply opens them anew, \
                      and nothing is made in the cluster. Needs Terraform 1.10 or OpenTofu 1.11; older versions have \
                      the data source `kurator_kubeconfig`."
            .to_owned(),
        attributes: attributes(),
    }
}

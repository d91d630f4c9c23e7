//! `kurator_kubeconfig`: the twin of the ephemeral resource for versions that have none.

use tf_value::attribute::{Attribute, Complaint};
use tf_value::model;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::checks;
use crate::credentials::attributes;

model! {
    /// What a data source alone has.
    pub struct OnUnreachableModel {
        /// What a read does about a cluster that it cannot reach.
        on_unreachable: String,
    }
}

/// What a read does about a cluster that it cannot reach.
pub const POLICIES: &[&str] = &["error", "null"];

fn on_unreachable(value: &Raw) -> Option<Complaint> {
    checks::one_of(value, POLICIES)
}

/// The schema.
pub fn schema() -> Schema {
    let mut attributes = attributes();
    attributes.push(
        Attribute::string(
            "on_unreachable",
            "What a read does about a cluster that it cannot reach: `error` stops, `null` warns and leaves every result \
             null. Data sources are read in destroy plans, too, so with `error` a dead cluster stops the destroy of all. \
             A `kubernetes` or `helm` provider with a null `host` looks for a cluster elsewhere, as on `localhost`: use \
             `null` only where what takes the values can do without. Default `error`.",
        )
        .defaults_to(Raw::string("error"))
        .checked(on_unreachable),
    );
    Schema {
        version: 0,
        description: "Credentials for one cluster, as `kurator_cluster_credentials` gives them, for Terraform before 1.10 \
                      and OpenTofu before 1.11. **They enter state and plan files**: whoever reads those can use them \
                      until they end. Prefer the ephemeral resource; otherwise set `service_account`, so that what is \
                      stored ends soon and may do little."
            .to_owned(),
        attributes,
    }
}

//! The provider block.

use tf_value::attribute::Attribute;
use tf_value::model;
use tf_value::schema::Schema;

use crate::checks;

model! {
    /// The provider block.
    pub struct ProviderModel {
        /// Who we are.
        owner: String,
        /// How many things are done at a time.
        max_parallel: i64,
    }
}

/// The provider block: nothing in it is required.
pub fn schema() -> Schema {
    Schema {
        version: 0,
        description: "Clusters, fleets and applications with Kurator's reach, planned and applied by Terraform. An \
                      empty provider block is enough: every resource carries the cluster it talks to as a reference."
            .to_owned(),
        attributes: vec![
            Attribute::string(
                "owner",
                "Who this configuration is, a DNS-1123 label. Set it where several configurations share a host \
                 cluster or an account: each carries on and removes only what bears its own name. Default `default`.",
            )
            .checked(checks::name),
            Attribute::number(
                "max_parallel",
                "How many clusters one resource works on at a time. Default `16`.",
            )
            .checked(checks::at_least_one),
        ],
    }
}

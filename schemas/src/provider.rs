//! The provider block.

use std::collections::BTreeMap;

use tf_value::attribute::Attribute;
use tf_value::model;
use tf_value::schema::Schema;
use tf_value::ty::Type;
use tf_value::value::Value;

use crate::checks;

model! {
    /// The provider block.
    pub struct ProviderModel {
        /// Who we are.
        owner: String,
        /// How many things are done at a time.
        max_parallel: i64,
        /// What machines are logged in to with, by name.
        ssh_credentials: BTreeMap<String, Value<SshCredentialModel>>,
        /// Where to fetch from instead.
        mirrors: BTreeMap<String, Value<String>>,
    }
}

model! {
    /// What machines are logged in to with.
    pub struct SshCredentialModel {
        /// The private key.
        private_key: String,
        /// The file that holds it.
        private_key_path: String,
        /// Whether the agent has it.
        agent: bool,
        /// What the private key is encrypted with.
        passphrase: String,
        /// The user's password.
        password: String,
        /// What `sudo` asks for.
        become_password: String,
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
                "How many clusters or machines one resource works on at a time. Default `16`.",
            )
            .checked(checks::at_least_one),
            Attribute::objects(
                "ssh_credentials",
                ssh_credential(),
                "What machines are logged in to with, by the name that `ssh.credential` gives. Where `default` is not \
                 written down, it is the SSH agent. The values may be ephemeral: none of them enters state or plans.",
            ),
            Attribute::new(
                "mirrors",
                Type::map(Type::String),
                "Where to fetch from instead: prefixes of addresses (without a scheme, as in `dl.k8s.io` or \
                 `registry.k8s.io/coredns`) and what stands in for them, for images, charts, manifests and programs. \
                 Prefixes stand for whole parts of an address, and the longest one decides. A replacement may name its \
                 scheme; without one the address keeps its own.",
            )
            .checked(checks::machines::mirrors),
        ],
    }
}

fn ssh_credential() -> Vec<Attribute> {
    vec![
        Attribute::string(
            "private_key",
            "The private key, in OpenSSH's or PEM's form: ed25519 or ECDSA. An RSA key works through the agent.",
        )
        .sensitive(),
        Attribute::string(
            "private_key_path",
            "Path of the private key on the machine that runs Terraform, read when a machine is logged in to; `~/` at its \
             beginning is the home directory.",
        ),
        Attribute::bool("agent", "Whether the SSH agent (`SSH_AUTH_SOCK`) has the key. Default `false`."),
        Attribute::string("passphrase", "What the private key is encrypted with.").sensitive(),
        Attribute::string("password", "The user's password, for machines that take one.").sensitive(),
        Attribute::string("become_password", "What `sudo` asks for.").sensitive(),
    ]
}

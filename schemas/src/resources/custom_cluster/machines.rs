//! Machines, and how one logs in to them.

use std::collections::BTreeMap;

use tf_value::attribute::{Attribute, Complaint};
use tf_value::model;
use tf_value::raw::Raw;
use tf_value::ty::Type;
use tf_value::value::Value;

use crate::checks;

model! {
    /// A machine.
    pub struct MachineModel {
        /// What it does in the cluster.
        role: String,
        /// Where it is.
        address: String,
        /// The address that it gives to the other machines.
        private_ip: String,
        /// How it is logged in to, where that differs from the others.
        ssh: SshModel,
        /// Labels of its node.
        labels: BTreeMap<String, Value<String>>,
        /// Taints of its node.
        taints: Vec<Value<TaintModel>>,
    }
}

model! {
    /// How machines are logged in to.
    pub struct SshModel {
        /// As whom.
        user: String,
        /// Name of the credential.
        credential: String,
        /// Port of the SSH server.
        port: i64,
        /// Whether commands become root by sudo.
        r#become: bool,
        /// The one host key that is accepted.
        host_key: String,
        /// Known host keys.
        known_hosts: KnownHostsModel,
        /// Whether a host key that nothing names is accepted once.
        accept_new_host_keys: bool,
        /// SSH servers on the way.
        bastions: Vec<Value<BastionModel>>,
    }
}

model! {
    /// Known host keys.
    pub struct KnownHostsModel {
        /// A file of them.
        path: String,
        /// The text of such a file.
        content: String,
    }
}

model! {
    /// An SSH server on the way.
    pub struct BastionModel {
        /// Where it is.
        host: String,
        /// Its port.
        port: i64,
        /// As whom one logs in there.
        user: String,
        /// Name of the credential.
        credential: String,
        /// Its host key.
        host_key: String,
    }
}

model! {
    /// A taint.
    pub struct TaintModel {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
        /// What it does.
        effect: String,
    }
}

/// What a machine does in the cluster.
pub const ROLES: &[&str] = &["control_plane", "worker"];
/// What a taint does, in our words and in Kubernetes' own.
pub const EFFECTS: &[&str] =
    &["no_schedule", "prefer_no_schedule", "no_execute", "NoSchedule", "PreferNoSchedule", "NoExecute"];
/// As whom one logs in where the user names nobody.
pub const DEFAULT_USER: &str = "root";

fn role(value: &Raw) -> Option<Complaint> {
    checks::one_of(value, ROLES)
}

fn effect(value: &Raw) -> Option<Complaint> {
    checks::one_of(value, EFFECTS)
}

/// How all machines are logged in to.
pub(crate) fn ssh() -> Attribute {
    Attribute::object(
        "ssh",
        login(""),
        "How the machines are logged in to. `machines.NAME.ssh` overrides it, each attribute by itself.",
    )
}

/// The machines.
pub(crate) fn machines() -> Attribute {
    Attribute::objects(
        "machines",
        vec![
            Attribute::string(
                "role",
                "What it does in the cluster: `control_plane` or `worker`. It cannot be changed in place.",
            )
            .required()
            .checked(role),
            Attribute::string(
                "address",
                "IP address or DNS name at which its SSH server is reached, from the last bastion if there are any. \
                 Another address is another machine: a worker leaves the cluster at the old one and joins at the new \
                 one; the control plane cannot be changed in place.",
            )
            .required()
            .checked(checks::machines::host),
            Attribute::string(
                "private_ip",
                "IP address that it gives to the other machines (`--node-ip`). Default: `address` if that is an IP \
                 address, else the address from which its packets to elsewhere leave. It cannot be changed in place.",
            )
            .checked(checks::machines::ip),
            Attribute::object("ssh", login("The cluster's "), "How it is logged in to, where that differs from `ssh` of the cluster."),
            Attribute::new(
                "labels",
                Type::map(Type::String),
                "Labels of its node. Those of others stay as they are.",
            )
            .checked(checks::labels),
            Attribute::objects_as_set(
                "taints",
                taint(),
                "Taints of its node; those of others stay as they are. Default: kubeadm's own for the role, which is \
                 `node-role.kubernetes.io/control-plane` with `no_schedule` for a control plane and none for a worker. \
                 An empty set takes that away.",
            ),
        ],
        "The machines, by name, which is their node's name too: a DNS-1123 label. The machine's own host name stays as \
         it is. The map is authoritative: what leaves it is drained, leaves the cluster and is cleaned.",
    )
    .required()
    .checked(checks::keys_are_names)
    .checked(checks::not_empty)
}

fn taint() -> Vec<Attribute> {
    vec![
        Attribute::string("key", "Its key.").required().checked(checks::machines::label_key),
        Attribute::string("value", "Its value. Default: none.").checked(checks::machines::label_value),
        Attribute::string(
            "effect",
            "What it does to pods that do not tolerate it: `no_schedule`, `prefer_no_schedule` or `no_execute`; \
             Kubernetes' own spelling (`NoSchedule`) is taken, too.",
        )
        .required()
        .checked(effect),
    ]
}

/// The attributes of a login. `whose` begins the sentences about defaults.
fn login(whose: &str) -> Vec<Attribute> {
    let default =
        |own: &str| if whose.is_empty() { own.to_owned() } else { format!("{}value", whose.to_lowercase()) };
    vec![
        Attribute::string("user", format!("As whom one logs in. Default: {}.", default("`root`"))),
        Attribute::string(
            "credential",
            format!(
                "Name of the entry of the provider's `ssh_credentials` that one logs in with. Default: {}.",
                default("`default`, which is the SSH agent unless the provider block says otherwise")
            ),
        ),
        Attribute::number("port", format!("Port of the SSH server. Default: {}.", default("`22`")))
            .checked(checks::machines::port),
        Attribute::bool(
            "become",
            format!(
                "Whether commands become root by `sudo`. Default: {}.",
                default("`true` unless `user` is `root`")
            ),
        ),
        Attribute::string(
            "host_key",
            format!(
                "The one host key that is accepted, `SHA256:…` as `ssh-keygen -l` shows it. It decides alone: \
                 `known_hosts` is not looked at. Default: {}.",
                default("none")
            ),
        )
        .checked(checks::machines::host_key),
        known_hosts(whose),
        Attribute::bool(
            "accept_new_host_keys",
            format!(
                "Whether the host key of a machine that neither `host_key` nor `known_hosts` names is accepted the \
                 first time. It is then stored in `host_keys`, and no other is accepted of that machine as long as its \
                 `address` stays. Default: {}.",
                default("`false`")
            ),
        ),
        Attribute::objects_in_order(
            "bastions",
            bastion(),
            format!(
                "SSH servers to go through, in this order, the first one reached from here. Default: {}.",
                default("none")
            ),
        ),
    ]
}

fn known_hosts(whose: &str) -> Attribute {
    let default = if whose.is_empty() { "none" } else { "the cluster's value" };
    let overrides = if whose.is_empty() { "" } else { " It comes before the cluster's `host_key`, too." };
    Attribute::object(
        "known_hosts",
        vec![
            Attribute::string(
                "path",
                "Path of the file on the machine that runs Terraform, read whenever a machine is logged in to; `~/` at \
                 its beginning is the home directory.",
            ),
            Attribute::string("content", "The text of such a file."),
        ],
        format!(
            "Host keys in the form of OpenSSH's `known_hosts`, by `path` or by `content`.{overrides} Default: {default}."
        ),
    )
}

fn bastion() -> Vec<Attribute> {
    vec![
        Attribute::string("host", "IP address or DNS name.").required().checked(checks::machines::host),
        Attribute::number("port", "Port of its SSH server. Default: `22`.").checked(checks::machines::port),
        Attribute::string("user", "As whom one logs in there. Default: the machine's `user`."),
        Attribute::string(
            "credential",
            "Name of the entry of the provider's `ssh_credentials` for it. Default: the machine's `credential`.",
        ),
        Attribute::string(
            "host_key",
            "Its host key, `SHA256:…` as `ssh-keygen -l` shows it. It is part of the cluster's `ref`, so it has to be \
             written down.",
        )
        .required()
        .checked(checks::machines::host_key),
    ]
}

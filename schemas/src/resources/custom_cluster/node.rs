//! What nodes are made of, and how workers are taken out of service.

use std::collections::BTreeMap;

use tf_value::attribute::Attribute;
use tf_value::model;
use tf_value::ty::Type;
use tf_value::value::Value;

use crate::{checks, values};

model! {
    /// How workers are taken out of service.
    pub struct WorkersStrategyModel {
        /// How many at a time.
        max_unavailable: i64,
        /// How their pods are moved.
        drain: DrainModel,
    }
}

model! {
    /// How a node's pods are moved elsewhere.
    pub struct DrainModel {
        /// How long that may take.
        timeout: String,
        /// Whether pods with `emptyDir` volumes go.
        delete_emptydir: bool,
        /// Whether pods go that nobody makes again.
        force: bool,
    }
}

model! {
    /// Arguments beyond ours, by component.
    pub struct ExtraArgumentsModel {
        /// Of the API server.
        api_server: Vec<Value<ArgumentModel>>,
        /// Of the controller manager.
        controller_manager: Vec<Value<ArgumentModel>>,
        /// Of the scheduler.
        scheduler: Vec<Value<ArgumentModel>>,
        /// Of etcd.
        etcd: Vec<Value<ArgumentModel>>,
        /// Of the kubelet.
        kubelet: Vec<Value<ArgumentModel>>,
    }
}

model! {
    /// An argument.
    pub struct ArgumentModel {
        /// Its name without dashes.
        name: String,
        /// Its value.
        value: String,
    }
}

model! {
    /// The container runtime.
    pub struct ContainerdModel {
        /// Fields of its configuration.
        extra_config: String,
    }
}

model! {
    /// Proxies on the way out of the site.
    pub struct ProxyModel {
        /// For `http://`.
        http: String,
        /// For `https://`.
        https: String,
        /// What goes past them.
        no_proxy: Vec<Value<String>>,
    }
}

model! {
    /// What is installed.
    pub struct ArtifactsModel {
        /// Versions by artifact.
        versions: BTreeMap<String, Value<String>>,
        /// Digests by artifact and architecture.
        sha256: BTreeMap<String, Value<BTreeMap<String, Value<String>>>>,
    }
}

/// How many workers are out of service at a time where the user says nothing.
pub const DEFAULT_MAX_UNAVAILABLE: usize = 1;
/// How long a node's pods have to move where the user says nothing.
pub const DEFAULT_DRAIN_TIMEOUT: &str = "10m";
/// What is installed on a machine.
pub const ARTIFACTS: &[&str] = &["containerd", "runc", "cni_plugins", "kubeadm", "kubelet", "kubectl"];
/// The architectures that it is installed on.
pub const ARCHITECTURES: &[&str] = &["amd64", "arm64"];

/// How workers are taken out of service.
pub(crate) fn workers_strategy() -> Attribute {
    Attribute::object(
        "workers_strategy",
        vec![
            Attribute::number(
                "max_unavailable",
                format!(
                    "How many workers are out of service at a time. Default: `{DEFAULT_MAX_UNAVAILABLE}`."
                ),
            )
            .checked(checks::at_least_one),
            Attribute::object(
                "drain",
                vec![
                    Attribute::string(
                        "timeout",
                        format!(
                            "How long the pods of one node have to go. Default: `{DEFAULT_DRAIN_TIMEOUT}`."
                        ),
                    )
                    .checked(checks::duration),
                    Attribute::bool(
                        "delete_emptydir",
                        "Whether pods go whose `emptyDir` volumes are lost with them. Default: `true`.",
                    ),
                    Attribute::bool(
                        "force",
                        "Whether pods go that no controller makes again elsewhere. Default: `false`.",
                    ),
                ],
                "How a node's pods are moved elsewhere: by the eviction API, so that disruption budgets hold.",
            ),
        ],
        "How workers are taken out of service when they leave or are changed.",
    )
}

/// Arguments beyond ours.
pub(crate) fn extra_arguments() -> Attribute {
    let component = |name, of: &str| {
        let about = format!("Of {of}, in this order.");
        Attribute::objects_in_order(name, argument(), about)
    };
    Attribute::object(
        "extra_arguments",
        vec![
            component("api_server", "the API server"),
            component("controller_manager", "the controller manager"),
            component("scheduler", "the scheduler"),
            component("etcd", "etcd"),
            component("kubelet", "the kubelets; prefer fields of `kubelet`"),
        ],
        "Command-line arguments beyond ours, by component. One name may be given several times. They cannot be changed in \
         place.",
    )
}

fn argument() -> Vec<Attribute> {
    vec![
        Attribute::string("name", "Its name without the leading dashes, as in `audit-log-maxage`.")
            .required()
            .checked(checks::machines::argument_name),
        Attribute::string("value", "Its value.").required(),
    ]
}

/// The container runtime.
pub(crate) fn containerd() -> Attribute {
    Attribute::object(
        "containerd",
        vec![
            Attribute::string(
                "extra_config",
                "Fields of its configuration over ours: a mapping in YAML, compared by what it means and written as TOML. \
                 Mappings are merged field by field, and a null takes a field of ours away.",
            )
            .alike_if(values::alike)
            .checked(values::mapping),
        ],
        "The container runtime. One that is on a machine already is used if it is containerd 1.7 or newer, and stays what \
         it is; otherwise ours is installed.",
    )
}

/// Proxies on the way out of the site.
pub(crate) fn proxy() -> Attribute {
    Attribute::object(
        "proxy",
        vec![
            Attribute::string(
                "http",
                "Proxy for `http://`, such as `http://proxy.example:3128`, without credentials.",
            )
            .checked(checks::machines::proxy_url),
            Attribute::string("https", "Proxy for `https://`, without credentials.")
                .checked(checks::machines::proxy_url),
            Attribute::new(
                "no_proxy",
                Type::set(Type::String),
                "What goes past them. The cluster's own ranges, names and machines are added by themselves.",
            ),
        ],
        "Proxies on the way out of the site, for downloads, for the container runtime and for the control plane. \
         Default: none.",
    )
}

/// What is installed.
pub(crate) fn artifacts() -> Attribute {
    Attribute::object(
        "artifacts",
        vec![
            Attribute::new(
                "versions",
                Type::map(Type::String),
                "Versions other than those that go with `version`, by artifact: `containerd`, `runc`, `cni_plugins`, \
                 `kubeadm`, `kubelet`, `kubectl`.",
            )
            .checked(checks::machines::artifact_versions),
            Attribute::new(
                "sha256",
                Type::map(Type::map(Type::String)),
                "SHA-256 of what is downloaded in lower-case hex, by artifact and architecture (`amd64`, `arm64`), as in \
                 `{ kubelet = { amd64 = \"…\" } }`. Default: the checksum that is published beside it.",
            )
            .checked(checks::machines::artifact_digests),
        ],
        "What is installed on the machines. Where it is fetched from is said by the provider's `mirrors`.",
    )
}

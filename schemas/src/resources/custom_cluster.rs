//! `kurator_custom_cluster`: a Kubernetes cluster that kubeadm makes of machines which exist already.

use std::collections::BTreeMap;

use tf_value::attribute::{Attribute, Complaint};
use tf_value::model;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;
use tf_value::value::Value;

pub mod machines;
pub mod network;
pub mod node;

use crate::{checks, values};
use machines::{MachineModel, SshModel};
use network::{ControlPlaneModel, NetworkModel};
use node::{ArtifactsModel, ContainerdModel, ExtraArgumentsModel, ProxyModel, WorkersStrategyModel};

model! {
    /// The resource.
    pub struct CustomClusterModel {
        /// Its name.
        name: String,
        /// Version of Kubernetes.
        version: String,
        /// How its machines are logged in to.
        ssh: SshModel,
        /// Machines by name.
        machines: BTreeMap<String, Value<MachineModel>>,
        /// The control plane.
        control_plane: ControlPlaneModel,
        /// Ranges, names and the pods' network.
        network: NetworkModel,
        /// How workers are taken out of service.
        workers_strategy: WorkersStrategyModel,
        /// Fields of the kubelets' configuration.
        kubelet: String,
        /// Patches of kubeadm's manifests.
        patches: BTreeMap<String, Value<String>>,
        /// Feature gates.
        feature_gates: BTreeMap<String, Value<bool>>,
        /// Where the control plane's images come from.
        image_repository: String,
        /// Arguments beyond ours.
        extra_arguments: ExtraArgumentsModel,
        /// Whether Secrets are encrypted in etcd.
        encryption_at_rest: bool,
        /// The API server's audit policy.
        audit_policy: String,
        /// The container runtime.
        containerd: ContainerdModel,
        /// Proxies on the way out of the site.
        proxy: ProxyModel,
        /// What is done about swap.
        swap: String,
        /// Whether control groups of version 1 are accepted.
        allow_cgroup_v1: bool,
        /// What is installed.
        artifacts: ArtifactsModel,
        /// Its reference.
        r#ref: String,
        /// URL of its API server.
        endpoint: String,
        /// Host keys by machine.
        host_keys: BTreeMap<String, Value<String>>,
        /// Nodes by machine.
        nodes: BTreeMap<String, Value<NodeModel>>,
    }
}

model! {
    /// A machine as a node.
    pub struct NodeModel {
        /// What it does.
        role: String,
        /// Where it is.
        address: String,
        /// Version of its kubelet.
        version: String,
        /// Whether it is ready.
        ready: bool,
    }
}

/// What may be done about swap.
pub const SWAP_POLICIES: &[&str] = &["refuse", "turn_off", "keep"];

fn swap_policy(value: &Raw) -> Option<Complaint> {
    checks::one_of(value, SWAP_POLICIES)
}

/// The schema without what every resource has.
pub fn schema() -> Schema {
    let mut attributes = given();
    attributes.extend(computed());
    Schema {
        version: 0,
        description: "A Kubernetes cluster that kubeadm makes of Linux machines which exist already and are reached \
                      over SSH. Everything that is needed is installed from published artifacts, each checked by its \
                      SHA-256; what was on a machine before is left as it was when the machine leaves or the cluster \
                      is destroyed. So far a cluster has one control plane and any number of workers."
            .to_owned(),
        attributes,
    }
}

fn given() -> Vec<Attribute> {
    let mut attributes = vec![
        Attribute::string(
            "name",
            "Name of the cluster, a DNS-1123 label of at most 63 characters: its API is called `api.NAME.internal` \
             unless `control_plane.endpoint` says otherwise. It cannot be changed in place.",
        )
        .required()
        .refuses("Make a cluster of the new name on other machines and move its applications, or keep the name.")
        .checked(checks::name),
    ];
    attributes.extend([
        version(),
        machines::ssh(),
        machines::machines(),
        network::control_plane(),
        network::network(),
    ]);
    attributes.push(node::workers_strategy());
    attributes.extend(settings());
    attributes.extend([node::containerd(), node::proxy()]);
    attributes.extend([
        Attribute::string(
            "swap",
            "What is done about swap on a machine: `refuse` the machine, `turn_off` while it is a node (after each boot \
             as well; it is on again once the machine has left), or `keep`, with a kubelet that is told to start in \
             spite of it. Default `refuse`.",
        )
        .defaults_to(Raw::string("refuse"))
        .checked(swap_policy),
        Attribute::bool(
            "allow_cgroup_v1",
            "Whether machines with control groups of version 1 are accepted for Kubernetes 1.35 and newer, which no \
             longer supports them. Default `false`.",
        )
        .defaults_to(Raw::Bool(false)),
        node::artifacts(),
    ]);
    attributes
}

/// The version of Kubernetes.
pub(crate) fn version() -> Attribute {
    Attribute::string(
        "version",
        "Version of Kubernetes, such as `1.34.4`, with or without a leading `v`. It cannot be changed yet: upgrades are \
         to come.",
    )
    .required()
    .alike_if(checks::machines::versions_are_alike)
    .checked(checks::machines::version)
}

/// What goes into kubeadm's configuration as it is.
fn settings() -> Vec<Attribute> {
    vec![
        Attribute::string(
            "kubelet",
            "Fields of the kubelets' configuration (`KubeletConfiguration`) over ours: reservations, eviction, log \
             rotation and any other. A mapping in YAML, as `yamlencode` writes it, compared by what it means. It cannot be \
             changed in place.",
        )
        .alike_if(values::alike)
        .checked(values::mapping),
        Attribute::new(
            "patches",
            Type::map(Type::String),
            "Patches of what kubeadm writes, by file name: `TARGET[SUFFIX][+TYPE].yaml` or `.json`, as in \
             `kube-apiserver0+merge.yaml`. Targets are `etcd`, `kube-apiserver`, `kube-controller-manager`, \
             `kube-scheduler`, `kubeletconfiguration` and `corednsdeployment`; types are `strategic` (the default), \
             `merge` and `json`. They cannot be changed in place.",
        )
        .checked(checks::machines::patches),
        Attribute::new(
            "feature_gates",
            Type::map(Type::Bool),
            "Feature gates of all components of the control plane and of the kubelets, by name. They cannot be changed in \
             place.",
        ),
        Attribute::string(
            "image_repository",
            "Where the control plane's images come from, such as `registry.example/k8s`. Default: Kubernetes' own \
             registry, through the provider's `mirrors`. It cannot be changed in place.",
        )
        .checked(checks::machines::image_place),
        node::extra_arguments(),
        Attribute::bool(
            "encryption_at_rest",
            "Whether Secrets are encrypted in etcd, with a key that is made on the control plane and never leaves it. \
             Default `true`. It cannot be changed in place.",
        )
        .defaults_to(Raw::Bool(true)),
        Attribute::string(
            "audit_policy",
            "The API server's audit policy (`Policy` of `audit.k8s.io/v1`), a mapping in YAML; its log is \
             `/var/log/kubernetes/audit.log` on the control plane, at most 1 GiB. Default: no audit log. It cannot be \
             changed in place.",
        )
        .alike_if(values::alike)
        .checked(values::mapping),
    ]
}

fn computed() -> Vec<Attribute> {
    let node = Type::Object(BTreeMap::from([
        ("role".to_owned(), Type::String),
        ("address".to_owned(), Type::String),
        ("version".to_owned(), Type::String),
        ("ready".to_owned(), Type::Bool),
    ]));
    vec![
        Attribute::string(
            "ref",
            "The cluster's reference: what other resources take to reach it. It says where its credentials are (on its \
             control plane, over SSH) and holds none.",
        )
        .computed(),
        Attribute::string(
            "endpoint",
            "URL of its API server, by the name in `control_plane.endpoint`. The name resolves on the cluster's own \
             machines, and elsewhere if the site's DNS answers for it; the provider itself needs no name.",
        )
        .computed(),
        Attribute::new(
            "host_keys",
            Type::map(Type::String),
            "The host keys by which the machines proved themselves, `SHA256:…` by machine. Where \
             `accept_new_host_keys` let one in, it is the only one that is accepted of that machine from then on.",
        )
        .computed(),
        Attribute::new(
            "nodes",
            Type::map(node),
            "How each machine is as a node, by name: its `role`, its `address`, the `version` of its kubelet without a \
             leading `v`, and whether it is `ready`.",
        )
        .computed(),
    ]
}

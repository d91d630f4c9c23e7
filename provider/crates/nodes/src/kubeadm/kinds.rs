//! The shapes of `kubeadm.k8s.io/v1beta4` that are written here; a field that is none or empty is left out.
//!
//! Source: kubeadm's own types of 1.34. Kubernetes 1.31 is the first that reads this version.

use std::collections::BTreeMap;

use domain::node::{NodeSpec, Taint};
use domain::node_setup::Argument;
use serde::Serialize;

use crate::paths;

/// Group and version of every shape here.
pub const API_VERSION: &str = "kubeadm.k8s.io/v1beta4";

/// An argument; in this version a list, so that one name may be given twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arg {
    /// Name without dashes.
    pub name: String,
    /// Value.
    pub value: String,
}

impl Arg {
    /// An argument.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into() }
    }
}

impl From<&Argument> for Arg {
    fn from(argument: &Argument) -> Self {
        Self { name: argument.name.clone(), value: argument.value.clone() }
    }
}

/// A taint as Kubernetes writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaintKind {
    /// Key.
    pub key: String,
    /// Effect.
    pub effect: &'static str,
    /// Value.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
}

impl From<&Taint> for TaintKind {
    fn from(taint: &Taint) -> Self {
        Self { key: taint.key.clone(), effect: taint.effect.as_str(), value: taint.value.clone() }
    }
}

/// How a machine introduces itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRegistration {
    /// Name of the Node.
    pub name: String,
    /// Socket of the container runtime.
    pub cri_socket: &'static str,
    /// Taints from the start. An empty list is none, where leaving the field out would mean kubeadm's own.
    pub taints: Vec<TaintKind>,
    /// Arguments of the kubelet.
    pub kubelet_extra_args: Vec<Arg>,
    /// Whether images are pulled one after the other, which is kubeadm's default.
    pub image_pull_serial: bool,
}

impl NodeRegistration {
    /// A node: its name is the machine's key, its address the one that it gives to the others.
    pub fn of(node: &NodeSpec, arguments: &[Argument]) -> Self {
        let mut kubelet_extra_args = vec![Arg::new("node-ip", node.ip.to_string())];
        kubelet_extra_args.extend(arguments.iter().map(Arg::from));
        Self {
            name: node.name.to_string(),
            cri_socket: paths::CRI_SOCKET,
            taints: node.wanted_taints().iter().map(TaintKind::from).collect(),
            kubelet_extra_args,
            image_pull_serial: false,
        }
    }
}

/// Where a control plane's own API server listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalApiEndpoint {
    /// Address that it tells others.
    pub advertise_address: String,
    /// Port.
    pub bind_port: u16,
}

/// Where patches of manifests are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Patches {
    /// Directory.
    pub directory: &'static str,
}

impl Patches {
    /// The directory, if there is anything in it.
    pub fn of(patches: &BTreeMap<String, String>) -> Option<Self> {
        (!patches.is_empty()).then_some(Self { directory: paths::PATCHES })
    }
}

/// The first control plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitConfiguration {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `InitConfiguration`.
    pub kind: &'static str,
    /// The node.
    pub node_registration: NodeRegistration,
    /// Its API server.
    #[serde(rename = "localAPIEndpoint")]
    pub local_api_endpoint: LocalApiEndpoint,
    /// Phases that are not run.
    pub skip_phases: Vec<&'static str>,
    /// Patches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patches: Option<Patches>,
}

/// Ranges and names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Networking {
    /// Ranges of pods, joined by commas.
    pub pod_subnet: String,
    /// Ranges of services, joined by commas.
    pub service_subnet: String,
    /// Domain of services.
    pub dns_domain: String,
}

/// A file or directory of the machine inside a static pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostPathMount {
    /// Name of the volume.
    pub name: &'static str,
    /// Path on the machine.
    pub host_path: &'static str,
    /// Path in the pod.
    pub mount_path: &'static str,
    /// Whether the pod may only read.
    pub read_only: bool,
    /// What it must be, or is made.
    pub path_type: &'static str,
}

/// A component of the control plane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// Arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_args: Vec<Arg>,
    /// Files of the machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_volumes: Vec<HostPathMount>,
    /// Names and addresses in the certificate; of the API server only.
    #[serde(rename = "certSANs", skip_serializing_if = "Vec::is_empty")]
    pub cert_sans: Vec<String>,
}

/// etcd beside the control plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalEtcd {
    /// Directory of its data.
    pub data_dir: &'static str,
    /// Arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_args: Vec<Arg>,
}

/// etcd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Etcd {
    /// On the control planes.
    pub local: LocalEtcd,
}

/// An addon that may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Addon {
    /// Whether it is left out.
    pub disabled: bool,
}

/// What all control planes have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterConfiguration {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `ClusterConfiguration`.
    pub kind: &'static str,
    /// Name of the cluster.
    pub cluster_name: String,
    /// Version with a leading `v`.
    pub kubernetes_version: String,
    /// The API's name and port.
    pub control_plane_endpoint: String,
    /// Registry of the control plane's images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_repository: Option<String>,
    /// Ranges and names.
    pub networking: Networking,
    /// The API server.
    pub api_server: Component,
    /// The controller manager.
    pub controller_manager: Component,
    /// The scheduler.
    pub scheduler: Component,
    /// etcd.
    pub etcd: Etcd,
    /// The service proxy.
    pub proxy: Addon,
}

/// A machine that joins. Holds a secret, so it shows nothing of itself.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinConfiguration {
    /// [`API_VERSION`].
    pub api_version: &'static str,
    /// `JoinConfiguration`.
    pub kind: &'static str,
    /// The node.
    pub node_registration: NodeRegistration,
    /// How it finds and trusts its cluster.
    pub discovery: Discovery,
    /// That it is a control plane too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_plane: Option<JoinControlPlane>,
    /// Patches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patches: Option<Patches>,
}

/// How a machine finds and trusts its cluster.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Discovery {
    /// By a token.
    pub bootstrap_token: BootstrapTokenDiscovery,
}

/// By a token, and the digest of the cluster's authority.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BootstrapTokenDiscovery {
    /// The token; secret.
    pub token: String,
    /// The API's name and port.
    pub api_server_endpoint: String,
    /// Digests of authorities that are trusted.
    pub ca_cert_hashes: Vec<String>,
}

/// A further control plane.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinControlPlane {
    /// Its API server.
    #[serde(rename = "localAPIEndpoint")]
    pub local_api_endpoint: LocalApiEndpoint,
    /// Key of the certificates that the cluster holds for it; secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_key: Option<String>,
}

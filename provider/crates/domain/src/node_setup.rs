//! What all nodes of a cluster have in common: how machines become nodes, whoever reaches them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::mirrors::Mirrors;
use crate::name::Name;
use crate::version::KubernetesVersion;

/// A document that the user wrote as YAML, to be merged or compared by meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YamlText(pub String);

/// The name of the API, from the first day on: kubeadm cannot add one later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSpec {
    /// Host name, as in `api.factory.internal`.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether somebody else answers for the name. Otherwise every machine has a line of ours in `/etc/hosts`.
    pub dns_managed: bool,
}

impl EndpointSpec {
    /// The name that a cluster has where the user gives none.
    pub fn of(cluster: &Name) -> Self {
        Self { host: format!("api.{cluster}.internal"), port: 6443, dns_managed: false }
    }

    /// Host and port, as kubeadm takes them.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Ranges and names inside the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSpec {
    /// Ranges of pods.
    pub pod_cidrs: Vec<IpNet>,
    /// Ranges of services.
    pub service_cidrs: Vec<IpNet>,
    /// Domain of services, as in `cluster.local`.
    pub dns_domain: String,
}

/// An argument of a component; one name may be given several times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Argument {
    /// Name without dashes.
    pub name: String,
    /// Value.
    pub value: String,
}

/// Arguments beyond ours, by component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtraArguments {
    /// Of the API server.
    pub api_server: Vec<Argument>,
    /// Of the controller manager.
    pub controller_manager: Vec<Argument>,
    /// Of the scheduler.
    pub scheduler: Vec<Argument>,
    /// Of etcd.
    pub etcd: Vec<Argument>,
    /// Of the kubelet.
    pub kubelet: Vec<Argument>,
}

/// Kubernetes' own service proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeProxySpec {
    /// Whether it is installed; some networks do its work.
    pub enabled: bool,
    /// Fields of its configuration.
    pub config: Option<YamlText>,
}

/// Proxies on the way out of the site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySpec {
    /// For `http://`.
    pub http: Option<String>,
    /// For `https://`.
    pub https: Option<String>,
    /// What goes past them, beyond the cluster's own ranges and names.
    pub no_proxy: Vec<String>,
}

/// What we install on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactName {
    /// The container runtime.
    Containerd,
    /// What starts containers.
    Runc,
    /// The plugins that containers' networks are made of.
    CniPlugins,
    /// What makes nodes.
    Kubeadm,
    /// The node agent.
    Kubelet,
    /// The client.
    Kubectl,
}

impl ArtifactName {
    /// Every artifact, in the order in which they are installed.
    pub const ALL: [Self; 6] =
        [Self::Containerd, Self::Runc, Self::CniPlugins, Self::Kubeadm, Self::Kubelet, Self::Kubectl];

    /// The word in configurations and on machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Runc => "runc",
            Self::CniPlugins => "cni_plugins",
            Self::Kubeadm => "kubeadm",
            Self::Kubelet => "kubelet",
            Self::Kubectl => "kubectl",
        }
    }

    /// Reads the word; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }
}

/// Which artifacts to install; from where is the mirrors' matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactsSpec {
    /// Versions other than the default companions of the Kubernetes version, without a leading `v`.
    pub versions: BTreeMap<ArtifactName, String>,
    /// SHA-256 in lower-case hex, by artifact and architecture (`amd64`, `arm64`).
    pub sha256: BTreeMap<(ArtifactName, String), String>,
}

/// What is done about swap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SwapPolicy {
    /// A machine with swap is refused.
    #[default]
    Refuse,
    /// It is turned off while the machine is a node, after each boot as well.
    TurnOff,
    /// It stays, and the kubelet is told to start with it.
    Keep,
}

/// Everything that the nodes of one cluster have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSetup {
    /// Name of the cluster.
    pub cluster: Name,
    /// Version of Kubernetes.
    pub version: KubernetesVersion,
    /// The name of the API.
    pub endpoint: EndpointSpec,
    /// Further names and addresses in the API server's certificate.
    pub extra_sans: BTreeSet<String>,
    /// Ranges and names inside the cluster.
    pub network: NetworkSpec,
    /// Where the control plane's images come from; none means Kubernetes' own registry.
    pub image_repository: Option<String>,
    /// Feature gates of all components.
    pub feature_gates: BTreeMap<String, bool>,
    /// Arguments beyond ours.
    pub arguments: ExtraArguments,
    /// Fields of the kubelets' configuration, over ours.
    pub kubelet: Option<YamlText>,
    /// Kubernetes' own service proxy.
    pub kube_proxy: KubeProxySpec,
    /// Patches for kubeadm's manifests: file name (`kube-apiserver0+merge.yaml`) to content.
    pub patches: BTreeMap<String, String>,
    /// The API server's audit policy.
    pub audit_policy: Option<YamlText>,
    /// Whether Secrets are encrypted in etcd.
    pub encryption_at_rest: bool,
    /// Proxies.
    pub proxy: Option<ProxySpec>,
    /// Fields of containerd's configuration, over ours.
    pub containerd: Option<YamlText>,
    /// Where to fetch from instead.
    pub mirrors: Mirrors,
    /// What to install.
    pub artifacts: ArtifactsSpec,
    /// What is done about swap.
    pub swap: SwapPolicy,
    /// Whether control groups of version 1 are accepted where Kubernetes no longer does.
    pub allow_cgroup_v1: bool,
    /// Whether a timer on every control plane renews its certificates.
    pub renew_certificates: bool,
    /// Addresses of all machines, for what must not go through a proxy.
    pub machine_addresses: BTreeSet<IpAddr>,
}

impl NodeSetup {
    /// A cluster with nothing but defaults.
    pub fn new(cluster: Name, version: KubernetesVersion, network: NetworkSpec) -> Self {
        Self {
            endpoint: EndpointSpec::of(&cluster),
            cluster,
            version,
            extra_sans: BTreeSet::new(),
            network,
            image_repository: None,
            feature_gates: BTreeMap::new(),
            arguments: ExtraArguments::default(),
            kubelet: None,
            kube_proxy: KubeProxySpec { enabled: true, config: None },
            patches: BTreeMap::new(),
            audit_policy: None,
            encryption_at_rest: true,
            proxy: None,
            containerd: None,
            mirrors: Mirrors::default(),
            artifacts: ArtifactsSpec::default(),
            swap: SwapPolicy::default(),
            allow_cgroup_v1: false,
            renew_certificates: true,
            machine_addresses: BTreeSet::new(),
        }
    }
}

//! The control plane's name, the ranges inside a cluster, and where its pods' network comes from.

use tf_value::attribute::{Attribute, Complaint};
use tf_value::model;
use tf_value::raw::Raw;
use tf_value::ty::Type;
use tf_value::value::Value;

use crate::{checks, values};

model! {
    /// The control plane.
    pub struct ControlPlaneModel {
        /// The API's name.
        endpoint: String,
        /// The API's port.
        port: i64,
        /// Whether somebody else answers for the name.
        dns_managed: bool,
        /// Further names and addresses in the API server's certificate.
        extra_sans: Vec<Value<String>>,
        /// Whether a timer renews its certificates.
        renew_certificates: bool,
    }
}

model! {
    /// Ranges, names and the pods' network.
    pub struct NetworkModel {
        /// Ranges of pods.
        pod_cidrs: Vec<Value<String>>,
        /// Ranges of services.
        service_cidrs: Vec<Value<String>>,
        /// Domain of services.
        dns_domain: String,
        /// The pods' network.
        cni: CniModel,
        /// Kubernetes' own service proxy.
        kube_proxy: KubeProxyModel,
    }
}

model! {
    /// The pods' network.
    pub struct CniModel {
        /// Which.
        r#type: String,
        /// Version of its chart.
        version: String,
        /// Where its chart is.
        source: String,
        /// Digest of its chart.
        digest: String,
        /// Values of its chart.
        values: String,
        /// The image that installs it.
        helm_image: String,
        /// Documents instead of a chart.
        manifests: Vec<Value<String>>,
    }
}

model! {
    /// Kubernetes' own service proxy.
    pub struct KubeProxyModel {
        /// Whether it is installed.
        enabled: bool,
        /// Fields of its configuration.
        config: String,
    }
}

/// The pod networks that have a chart, and `none`.
pub const CNI_TYPES: &[&str] = &["cilium", "calico", "flannel", "kube-ovn", "kube-router", "none"];
/// The pod network where the user names none.
pub const DEFAULT_CNI: &str = "cilium";
/// The API's port where the user names none.
pub const DEFAULT_PORT: u16 = 6443;
/// The range of pods where the user names none.
pub const DEFAULT_POD_CIDR: &str = "10.244.0.0/16";
/// The range of services where the user names none: kubeadm's own.
pub const DEFAULT_SERVICE_CIDR: &str = "10.96.0.0/12";
/// The domain of services where the user names none.
pub const DEFAULT_DNS_DOMAIN: &str = "cluster.local";

fn cni_type(value: &Raw) -> Option<Complaint> {
    checks::one_of(value, CNI_TYPES)
}

/// The control plane.
pub(crate) fn control_plane() -> Attribute {
    Attribute::object(
        "control_plane",
        vec![
            Attribute::string(
                "endpoint",
                "Host name of the API, part of every certificate and kubeconfig from the first day on. Default: \
                 `api.NAME.internal`. It cannot be changed in place.",
            )
            .checked(checks::machines::endpoint_name),
            Attribute::number("port", "Port of the API. Default: `6443`. It cannot be changed in place.")
                .checked(checks::machines::port),
            Attribute::bool(
                "dns_managed",
                "Whether the site's DNS answers for `endpoint`. Otherwise every machine has a marked line for it in \
                 `/etc/hosts`. Default: `false`.",
            ),
            Attribute::new(
                "extra_sans",
                Type::set(Type::String),
                "Further names and IP addresses in the API server's certificate. They cannot be changed in place.",
            )
            .checked(checks::machines::certificate_names),
            Attribute::bool(
                "renew_certificates",
                "Whether a timer on the control plane renews its certificates long before they end. Default: `true`. \
                 It cannot be changed in place.",
            ),
        ],
        "The control plane.",
    )
}

/// Ranges, names and the pods' network.
pub(crate) fn network() -> Attribute {
    Attribute::object(
        "network",
        vec![
            Attribute::new(
                "pod_cidrs",
                Type::list(Type::String),
                format!(
                    "Range of pods: one IPv4 range, of which every machine gets a `/24`. Default: \
                     `[\"{DEFAULT_POD_CIDR}\"]`. It cannot be changed in place."
                ),
            )
            .checked(checks::machines::ranges),
            Attribute::new(
                "service_cidrs",
                Type::list(Type::String),
                format!(
                    "Range of services: one IPv4 range. Default: `[\"{DEFAULT_SERVICE_CIDR}\"]`. It cannot be changed in \
                     place."
                ),
            )
            .checked(checks::machines::ranges),
            Attribute::string(
                "dns_domain",
                format!("Domain of services. Default: `{DEFAULT_DNS_DOMAIN}`. It cannot be changed in place."),
            )
            .checked(checks::subdomain),
            cni(),
            kube_proxy(),
        ],
        "Ranges and names inside the cluster, and its pods' network.",
    )
}

fn cni() -> Attribute {
    Attribute::object(
        "cni",
        vec![
            Attribute::string(
                "type",
                format!(
                    "Which: `cilium`, `calico`, `flannel`, `kube-ovn` or `kube-router`, installed from its chart; or \
                     `none`, with `manifests` of your own or with nothing. Default: `{DEFAULT_CNI}`. It cannot be changed \
                     in place."
                ),
            )
            .checked(cni_type),
            Attribute::string(
                "version",
                "Version of its chart. Default: the newest one that was known to work when this provider was released, \
                 for `cilium` and `flannel`; the others need one.",
            ),
            Attribute::string(
                "source",
                "Where its chart is instead of its project's own place: `oci://REGISTRY/PATH` for the chart itself, or \
                 the `https://` URL of a repository that has it. `kube-router` needs it. The provider's `mirrors` apply.",
            )
            .checked(checks::machines::chart_source),
            Attribute::string(
                "digest",
                "Digest that a chart in a registry must have, `sha256:…`. Default: the version is trusted.",
            )
            .checked(checks::digest),
            Attribute::string(
                "values",
                "Values of the chart over ours: a mapping in YAML, as `yamlencode` writes it, compared by what it means.",
            )
            .alike_if(values::alike)
            .checked(values::mapping),
            Attribute::string(
                "helm_image",
                "Image whose entry point is helm: it installs the chart from inside the cluster. Default: a public one, \
                 through the provider's `mirrors`.",
            )
            .checked(checks::machines::image_place),
            Attribute::new(
                "manifests",
                Type::list(Type::String),
                "Documents in YAML that are applied as they are, with `type = \"none\"` only; each text may hold several.",
            )
            .checked(values::documents),
        ],
        "The pods' network.",
    )
}

fn kube_proxy() -> Attribute {
    Attribute::object(
        "kube_proxy",
        vec![
            Attribute::bool(
                "enabled",
                "Whether it is installed. Default: `true`; some networks do its work. `cilium` is told to if it is not.",
            ),
            Attribute::string(
                "config",
                "Fields of its configuration (`KubeProxyConfiguration`) over ours: a mapping in YAML, compared by what \
                 it means.",
            )
            .alike_if(values::alike)
            .checked(values::mapping),
        ],
        "Kubernetes' own service proxy. It cannot be changed in place.",
    )
}

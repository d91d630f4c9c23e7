//! What all nodes have in common, from the model.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use domain::mirrors::Mirrors;
use domain::name::Name;
use domain::node_setup::{
    Argument, ArtifactName, ArtifactsSpec, EndpointSpec, ExtraArguments, KubeProxySpec, NetworkSpec,
    NodeSetup, ProxySpec, SwapPolicy,
};
use domain::version::KubernetesVersion;
use ipnet::IpNet;
use schemas::resources::custom_cluster::CustomClusterModel;
use schemas::resources::custom_cluster::network::{
    DEFAULT_DNS_DOMAIN, DEFAULT_POD_CIDR, DEFAULT_SERVICE_CIDR, NetworkModel,
};
use schemas::resources::custom_cluster::node::{
    ArgumentModel, ArtifactsModel, ExtraArgumentsModel, ProxyModel,
};
use tf_value::path::Path;
use tf_value::value::Value;

use super::reader::{Reader, document, entries, texts};

/// What all nodes of a cluster have in common.
pub(super) fn node_setup(
    model: &CustomClusterModel,
    mirrors: &Mirrors,
    reader: &mut Reader,
) -> Option<NodeSetup> {
    let name = reader.required(&model.name, &Path::to("name"), Name::parse);
    let version = reader.required(&model.version, &Path::to("version"), KubernetesVersion::parse);
    let endpoint = name.as_ref().and_then(|name| endpoint(model, name, reader));
    let network = network(&model.network, reader);
    let swap = swap(&model.swap, reader);
    let artifacts = artifacts(model.artifacts.known(), reader);
    let control_plane = model.control_plane.known();
    let kube_proxy = model.network.known().and_then(|network| network.kube_proxy.known());
    let containerd = model.containerd.known();
    Some(NodeSetup {
        endpoint: endpoint?,
        extra_sans: control_plane.map(|it| texts(&it.extra_sans).cloned().collect()).unwrap_or_default(),
        image_repository: model.image_repository.known().cloned(),
        feature_gates: entries(&model.feature_gates).map(|(gate, on)| (gate.clone(), *on)).collect(),
        arguments: model.extra_arguments.known().map(arguments).unwrap_or_default(),
        kubelet: document(&model.kubelet),
        kube_proxy: KubeProxySpec {
            enabled: kube_proxy.and_then(|proxy| proxy.enabled.known().copied()).unwrap_or(true),
            config: kube_proxy.and_then(|proxy| document(&proxy.config)),
        },
        patches: entries(&model.patches).map(|(file, patch)| (file.clone(), patch.clone())).collect(),
        audit_policy: document(&model.audit_policy),
        encryption_at_rest: encryption_at_rest(model),
        proxy: model.proxy.known().map(proxy),
        containerd: containerd.and_then(|containerd| document(&containerd.extra_config)),
        mirrors: mirrors.clone(),
        artifacts: artifacts?,
        swap: swap?,
        allow_cgroup_v1: model.allow_cgroup_v1.known().copied().unwrap_or_default(),
        renew_certificates: control_plane
            .and_then(|it| it.renew_certificates.known().copied())
            .unwrap_or(true),
        machine_addresses: machine_addresses(model),
        ..NodeSetup::new(name?, version?, network?)
    })
}

/// Whether Secrets are encrypted in etcd.
pub(super) fn encryption_at_rest(model: &CustomClusterModel) -> bool {
    model.encryption_at_rest.known().copied().unwrap_or(true)
}

/// Where the API is.
pub(super) fn endpoint(model: &CustomClusterModel, name: &Name, reader: &mut Reader) -> Option<EndpointSpec> {
    let default = EndpointSpec::of(name);
    let Some(control_plane) = model.control_plane.known() else { return Some(default) };
    let port = match control_plane.port.known() {
        None => Some(default.port),
        Some(port) => {
            let at = Path::to("control_plane").attribute("port");
            reader.of(&port.to_string(), &at, u16::try_from(*port))
        }
    };
    Some(EndpointSpec {
        host: control_plane.endpoint.known().cloned().unwrap_or(default.host),
        port: port?,
        dns_managed: control_plane.dns_managed.known().copied().unwrap_or_default(),
    })
}

fn network(model: &Value<NetworkModel>, reader: &mut Reader) -> Option<NetworkSpec> {
    let at = Path::to("network");
    let empty = NetworkModel::default();
    let model = model.known().unwrap_or(&empty);
    let pods = ranges(&model.pod_cidrs, DEFAULT_POD_CIDR, &at.attribute("pod_cidrs"), reader);
    let services = ranges(&model.service_cidrs, DEFAULT_SERVICE_CIDR, &at.attribute("service_cidrs"), reader);
    let dns_domain = model.dns_domain.known().map_or(DEFAULT_DNS_DOMAIN, String::as_str).to_owned();
    Some(NetworkSpec { pod_cidrs: pods?, service_cidrs: services?, dns_domain })
}

fn ranges(
    value: &Value<Vec<Value<String>>>,
    default: &str,
    at: &Path,
    reader: &mut Reader,
) -> Option<Vec<IpNet>> {
    let default = default.to_owned();
    let given = match value {
        Value::Known(_) => texts(value).collect(),
        Value::Null | Value::Unknown => vec![&default],
    };
    let ranges = given.into_iter().map(|text| reader.of(text, at, text.parse::<IpNet>()));
    // Each is read, so that all problems are found.
    ranges.collect::<Vec<_>>().into_iter().collect()
}

fn swap(value: &Value<String>, reader: &mut Reader) -> Option<SwapPolicy> {
    let Some(text) = value.known() else { return Some(SwapPolicy::default()) };
    match text.as_str() {
        "refuse" => Some(SwapPolicy::Refuse),
        "turn_off" => Some(SwapPolicy::TurnOff),
        "keep" => Some(SwapPolicy::Keep),
        _ => {
            reader.problem(text, &Path::to("swap"), "it is none of the possible values");
            None
        }
    }
}

fn arguments(model: &ExtraArgumentsModel) -> ExtraArguments {
    let of = |list: &Value<Vec<Value<ArgumentModel>>>| {
        let known = list.known().into_iter().flatten().filter_map(Value::known);
        known
            .map(|argument| Argument {
                name: argument.name.known().cloned().unwrap_or_default(),
                value: argument.value.known().cloned().unwrap_or_default(),
            })
            .collect()
    };
    ExtraArguments {
        api_server: of(&model.api_server),
        controller_manager: of(&model.controller_manager),
        scheduler: of(&model.scheduler),
        etcd: of(&model.etcd),
        kubelet: of(&model.kubelet),
    }
}

fn proxy(model: &ProxyModel) -> ProxySpec {
    ProxySpec {
        http: model.http.known().cloned(),
        https: model.https.known().cloned(),
        no_proxy: texts(&model.no_proxy).cloned().collect(),
    }
}

/// What to install.
pub(super) fn artifacts(model: Option<&ArtifactsModel>, reader: &mut Reader) -> Option<ArtifactsSpec> {
    let Some(model) = model else { return Some(ArtifactsSpec::default()) };
    let at = Path::to("artifacts");
    let mut spec = ArtifactsSpec::default();
    for (artifact, version) in entries(&model.versions) {
        let name = named(artifact, &at.attribute("versions"), reader)?;
        spec.versions.insert(name, version.strip_prefix('v').unwrap_or(version).to_owned());
    }
    for (artifact, digests) in entries(&model.sha256) {
        let name = named(artifact, &at.attribute("sha256"), reader)?;
        let digests = digests.iter().filter_map(|(arch, digest)| Some((arch, digest.known()?)));
        spec.sha256.extend(digests.map(|(arch, digest)| ((name, arch.clone()), digest.clone())));
    }
    Some(spec)
}

fn named(artifact: &str, at: &Path, reader: &mut Reader) -> Option<ArtifactName> {
    let name = ArtifactName::parse(artifact);
    if name.is_none() {
        reader.problem(artifact, at, "there is no such artifact");
    }
    name
}

/// The addresses of all machines, as far as they are written down.
fn machine_addresses(model: &CustomClusterModel) -> BTreeSet<IpAddr> {
    let machines = entries(&model.machines);
    machines
        .flat_map(|(_, machine)| [&machine.address, &machine.private_ip])
        .filter_map(|address| address.known()?.parse().ok())
        .collect()
}

/// A map of labels without null values.
pub(super) fn labels(model: &Value<BTreeMap<String, Value<String>>>) -> BTreeMap<String, String> {
    entries(model).map(|(key, value)| (key.clone(), value.clone())).collect()
}

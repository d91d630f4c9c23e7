//! Ranges that do not overlap, and a pods' network that can be installed.

use std::net::IpAddr;

use ipnet::IpNet;
use nodes::bootstrap::charts::Cni;
use nodes::problem::Problem;
use schemas::resources::custom_cluster::CustomClusterModel;
use schemas::resources::custom_cluster::network::{
    CniModel, DEFAULT_CNI, DEFAULT_POD_CIDR, DEFAULT_SERVICE_CIDR, NetworkModel,
};
use tf_value::diagnostic::Diagnostic;
use tf_value::path::Path;
use tf_value::value::Value;

use super::super::problem;
use super::super::reader::entries;

/// The bits that are left for one machine's pods: what the controller manager gives a node of an IPv4 range.
const NODE_PREFIX: u8 = 24;

/// The longest prefix of a range of services: kubeadm wants ten addresses.
const SERVICE_PREFIX: u8 = 28;

/// A range as it takes effect, and where it is written.
struct Range {
    net: IpNet,
    at: Path,
    attribute: &'static str,
    is_default: bool,
}

/// Ranges are single, of IPv4, large enough, and apart from each other and from the machines.
pub(super) fn ranges(config: &CustomClusterModel) -> Vec<Diagnostic> {
    let empty = NetworkModel::default();
    let network = match &config.network {
        Value::Known(network) => network,
        Value::Null => &empty,
        Value::Unknown => return Vec::new(),
    };
    let mut problems = Vec::new();
    let pods = range(&network.pod_cidrs, "pod_cidrs", DEFAULT_POD_CIDR, &mut problems);
    let services = range(&network.service_cidrs, "service_cidrs", DEFAULT_SERVICE_CIDR, &mut problems);
    if let Some(pods) = &pods {
        problems.extend(room_for_pods(config, pods));
    }
    if let Some(services) = services.as_ref().filter(|services| services.net.prefix_len() > SERVICE_PREFIX) {
        let saw =
            format!("`{}` has fewer than the ten addresses that Kubernetes' own services need", services.net);
        problems.push(too_small(&saw, &format!("a `/{SERVICE_PREFIX}`"), &services.at));
    }
    if let (Some(pods), Some(services)) = (&pods, &services)
        && overlap(&pods.net, &services.net)
    {
        // The one that is written down is the one to correct.
        let (one, other) = if services.is_default { (pods, services) } else { (services, pods) };
        let default = if other.is_default { ", by default" } else { "" };
        problems.push(
            Diagnostic::error(
                "Ranges overlap",
                format!(
                    "`{}` in `{}` overlaps `{}` in `{}`{default}.\n\nChoose ranges that have no address in common.",
                    one.net, one.attribute, other.net, other.attribute
                ),
            )
            .at(one.at.clone()),
        );
    }
    for range in [pods, services].into_iter().flatten() {
        problems.extend(machines_in(config, &range));
    }
    problems
}

/// The one range of an attribute; none while it is not known or cannot be used.
fn range(
    value: &Value<Vec<Value<String>>>,
    attribute: &'static str,
    default: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Range> {
    let at = Path::to("network").attribute(attribute);
    let (texts, is_default) = match value {
        Value::Unknown => return None,
        Value::Null => (vec![default.to_owned()], true),
        Value::Known(texts) => {
            (texts.iter().map(|text| text.known().cloned()).collect::<Option<Vec<_>>>()?, false)
        }
    };
    // What is no range is told by the check of the attribute.
    let ranges: Vec<IpNet> = texts.iter().map(|text| text.parse()).collect::<Result<_, _>>().ok()?;
    match ranges.as_slice() {
        [net @ IpNet::V4(_)] => Some(Range { net: *net, at, attribute, is_default }),
        [] => None,
        _ => {
            problems.push(
                Diagnostic::error(
                    "Dual stack and IPv6 are not possible yet",
                    format!(
                        "`{attribute}` has `{}`, and one IPv4 range is what can be used so far.\n\nWrite a single IPv4 range.",
                        texts.join("`, `")
                    ),
                )
                .at(at),
            );
            None
        }
    }
}

fn overlap(one: &IpNet, other: &IpNet) -> bool {
    one.contains(other) || other.contains(one)
}

fn too_small(saw: &str, least: &str, at: &Path) -> Diagnostic {
    Diagnostic::error(
        "Range is too small",
        format!("{saw}.\n\nWrite at least {least}; it cannot be changed later."),
    )
    .at(at.clone())
}

/// Every machine gets a part of the range of pods, unless the user says how large these are.
fn room_for_pods(config: &CustomClusterModel, pods: &Range) -> Option<Diagnostic> {
    let machines = config.machines.known()?.len();
    let manager = match &config.extra_arguments {
        Value::Unknown => return None,
        Value::Null => None,
        Value::Known(arguments) => Some(&arguments.controller_manager),
    };
    match manager {
        Some(Value::Unknown) => return None,
        Some(Value::Known(arguments)) => {
            let says_so = |name: &String| name.starts_with("node-cidr-mask-size");
            if arguments.iter().any(|it| it.known().is_none_or(|it| it.name.known().is_none_or(says_so))) {
                return None;
            }
        }
        Some(Value::Null) | None => {}
    }
    let bits = u32::from(NODE_PREFIX.saturating_sub(pods.net.prefix_len()));
    let room = if pods.net.prefix_len() > NODE_PREFIX { 0 } else { 1_usize << bits };
    let needed = NODE_PREFIX - u8::try_from(machines.next_power_of_two().ilog2()).unwrap_or_default();
    (room < machines).then(|| {
        let saw = format!(
            "Every machine gets a `/{NODE_PREFIX}` of `{}`, which has {room} of them, and there are {machines} machines",
            pods.net
        );
        too_small(&saw, &format!("a `/{needed}`"), &pods.at)
    })
}

/// Machines whose address is in a range of the cluster would not be reached by its pods.
fn machines_in(config: &CustomClusterModel, range: &Range) -> Vec<Diagnostic> {
    let machines = entries(&config.machines).flat_map(|(name, machine)| {
        [("address", &machine.address), ("private_ip", &machine.private_ip)]
            .map(|(attribute, address)| (name, attribute, address))
    });
    machines
        .filter_map(|(name, attribute, address)| {
            let ip: IpAddr = address.known()?.parse().ok()?;
            let default = if range.is_default { ", by default" } else { "" };
            range.net.contains(&ip).then(|| {
                Diagnostic::error(
                    "Machine is in a range of the cluster",
                    format!(
                        "`{ip}` is in `{}`, the range in `network.{}`{default}: pods could not reach the machine.\n\nChoose a \
                         range that none of the site's addresses is in.",
                        range.net, range.attribute
                    ),
                )
                .at(Path::to("machines").key(name.clone()).attribute(attribute))
            })
        })
        .collect()
}

/// The pods' network has all that it takes to install it, and nothing that would be passed over.
pub(super) fn cni(config: &CustomClusterModel) -> Vec<Diagnostic> {
    let Some(model) = config.network.known().and_then(|network| network.cni.known()) else {
        return Vec::new();
    };
    let at = Path::to("network").attribute("cni");
    let network = match &model.r#type {
        Value::Unknown => return Vec::new(),
        Value::Null => DEFAULT_CNI,
        Value::Known(network) => network.as_str(),
    };
    if network == "none" {
        return without_chart(model, &at);
    }
    let mut problems = Vec::new();
    if !model.manifests.is_null() {
        problems.push(
            Diagnostic::error(
                "Manifests are for no network of ours",
                format!(
                    "`manifests` are set, and `{network}` is installed from its chart.\n\nRemove them, or set `type = \
                     \"none\"` and let them be the network."
                ),
            )
            .at(at.attribute("manifests")),
        );
    }
    // What is no network is told by the check of the attribute.
    let Ok(known) = Cni::parse(network) else { return problems };
    if known.repository().is_none() && model.source.is_null() {
        problems.push(problem::told(&Problem::NoCniSource(network.to_owned())));
    }
    if known.default_version().is_none() && model.version.is_null() {
        problems.push(problem::told(&Problem::NoCniVersion(network.to_owned())));
    }
    let is_in_repository = match &model.source {
        Value::Null => true,
        Value::Unknown => false,
        Value::Known(source) => !source.starts_with("oci://"),
    };
    if is_in_repository && matches!(model.digest, Value::Known(_)) {
        problems.push(
            Diagnostic::error(
                "Digest is of a chart in a registry",
                "`digest` is set, and the chart comes from a repository, which knows no digests.\n\nSet `source` to the \
                 chart in a registry, `oci://…`, or remove `digest`.",
            )
            .at(at.attribute("digest")),
        );
    }
    problems
}

fn without_chart(model: &CniModel, at: &Path) -> Vec<Diagnostic> {
    let of_charts = [
        ("version", &model.version),
        ("source", &model.source),
        ("digest", &model.digest),
        ("values", &model.values),
        ("helm_image", &model.helm_image),
    ];
    let set = of_charts.into_iter().filter(|(_, value)| matches!(value, Value::Known(_)));
    set.map(|(attribute, _)| {
        Diagnostic::error(
            "Nothing is installed from a chart",
            format!(
                "`{attribute}` is set, and `type` is `none`.\n\nRemove it, or choose the network whose chart it is about."
            ),
        )
        .at(at.attribute(attribute))
    })
    .collect()
}

//! What of a cluster cannot change in place, each with the way out.
//!
//! Values are compared as they take effect: writing a default down is no change.

use std::collections::BTreeMap;

use domain::name::Name;
use domain::version::KubernetesVersion;
use ipnet::IpNet;
use schemas::resources::custom_cluster::CustomClusterModel;
use schemas::resources::custom_cluster::machines::MachineModel;
use schemas::resources::custom_cluster::network::{
    DEFAULT_CNI, DEFAULT_DNS_DOMAIN, DEFAULT_POD_CIDR, DEFAULT_SERVICE_CIDR, NetworkModel,
};
use tf_value::diagnostic::Diagnostic;
use tf_value::path::Path;
use tf_value::value::Value;

use super::node_setup;
use super::reader::Reader;

mod settings;

/// The way out of everything that is the same for all nodes from the first day on.
const ANEW: &str = "Keep the value, or make another cluster on other machines and move its applications. Or set \
                    `allow_replacement = true` to destroy this cluster with everything in it and make it anew.";

/// What of the change from `prior` to `wanted` is refused. What is not known yet is left for the apply, which asks again.
pub(super) fn refusals(prior: &CustomClusterModel, wanted: &CustomClusterModel) -> Vec<Diagnostic> {
    let mut refused = Vec::new();
    refused.extend(version(prior, wanted));
    refused.extend(endpoint(prior, wanted));
    refused.extend(network(prior, wanted));
    refused.extend(encryption(prior, wanted));
    refused.extend(settings::settings(prior, wanted));
    if let (Value::Known(before), Value::Known(after)) = (&prior.machines, &wanted.machines) {
        refused.extend(control_plane(before, after));
        refused.extend(members(before, after));
    }
    refused
}

fn version(prior: &CustomClusterModel, wanted: &CustomClusterModel) -> Option<Diagnostic> {
    let version = |model: &CustomClusterModel| KubernetesVersion::parse(model.version.known()?).ok();
    let (before, after) = (version(prior)?, version(wanted)?);
    (before != after).then(|| {
        Diagnostic::error(
            "Version of Kubernetes cannot be changed yet",
            format!(
                "The cluster runs Kubernetes {before}, and `version` is {after}. Upgrades are not there yet.\n\nKeep \
                 `version = \"{before}\"`. Or set `allow_replacement = true` to destroy this cluster with everything in it \
                 and make it anew."
            ),
        )
        .at(Path::to("version"))
    })
}

/// The refusal of another value of something that a cluster is made with.
fn fixed(at: Path, what: &str, before: &str, after: &str) -> Diagnostic {
    Diagnostic::error(
        "Cluster cannot be changed so",
        format!("{what} is `{before}` from the first day on, and `{after}` is configured.\n\n{ANEW}"),
    )
    .at(at)
}

fn endpoint(prior: &CustomClusterModel, wanted: &CustomClusterModel) -> Vec<Diagnostic> {
    let at = Path::to("control_plane");
    let is_known = |model: &CustomClusterModel| match &model.control_plane {
        Value::Unknown => false,
        Value::Null => true,
        Value::Known(it) => !it.endpoint.is_unknown() && !it.port.is_unknown(),
    };
    let endpoint = |model: &CustomClusterModel| {
        let name = Name::parse(model.name.known()?).ok()?;
        node_setup::endpoint(model, &name, &mut Reader::default()).filter(|_| is_known(model))
    };
    let (Some(before), Some(after)) = (endpoint(prior), endpoint(wanted)) else { return Vec::new() };
    let mut refused = Vec::new();
    // Another name of the cluster makes another one of the API, and is refused by itself.
    if before.host != after.host && prior.name == wanted.name {
        refused.push(fixed(at.attribute("endpoint"), "The name of the API", &before.host, &after.host));
    }
    if before.port != after.port {
        let port = |port: u16| port.to_string();
        refused.push(fixed(
            at.attribute("port"),
            "The port of the API",
            &port(before.port),
            &port(after.port),
        ));
    }
    refused
}

fn network(prior: &CustomClusterModel, wanted: &CustomClusterModel) -> Vec<Diagnostic> {
    let empty = NetworkModel::default();
    let of = |model: &CustomClusterModel| match &model.network {
        Value::Known(network) => Some(network.clone()),
        Value::Null => Some(empty.clone()),
        Value::Unknown => None,
    };
    let (Some(before), Some(after)) = (of(prior), of(wanted)) else { return Vec::new() };
    let at = Path::to("network");
    let mut refused = Vec::new();
    let mut compare = |at: Path, what: &str, before: Option<String>, after: Option<String>| {
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            refused.push(fixed(at, what, &before, &after));
        }
    };
    let pods = |network: &NetworkModel| ranges(&network.pod_cidrs, DEFAULT_POD_CIDR);
    compare(at.attribute("pod_cidrs"), "The range of pods", pods(&before), pods(&after));
    let services = |network: &NetworkModel| ranges(&network.service_cidrs, DEFAULT_SERVICE_CIDR);
    compare(at.attribute("service_cidrs"), "The range of services", services(&before), services(&after));
    let domain = |network: &NetworkModel| text_or(&network.dns_domain, DEFAULT_DNS_DOMAIN);
    compare(at.attribute("dns_domain"), "The domain of services", domain(&before), domain(&after));
    let cni = |network: &NetworkModel| match &network.cni {
        Value::Unknown => None,
        Value::Null => Some(DEFAULT_CNI.to_owned()),
        Value::Known(cni) => text_or(&cni.r#type, DEFAULT_CNI),
    };
    let at = at.attribute("cni").attribute("type");
    compare(at, "The pods' network", cni(&before), cni(&after));
    refused
}

fn text_or(value: &Value<String>, default: &str) -> Option<String> {
    match value {
        Value::Null => Some(default.to_owned()),
        Value::Unknown => None,
        Value::Known(text) => Some(text.clone()),
    }
}

/// Ranges in one text, in their order; none while one is not known.
fn ranges(value: &Value<Vec<Value<String>>>, default: &str) -> Option<String> {
    let texts = match value {
        Value::Unknown => return None,
        Value::Null => vec![default.to_owned()],
        Value::Known(texts) => texts.iter().map(|text| text.known().cloned()).collect::<Option<_>>()?,
    };
    let shown =
        texts.iter().map(|text| text.parse::<IpNet>().map_or_else(|_| text.clone(), |it| it.to_string()));
    Some(shown.collect::<Vec<_>>().join(", "))
}

fn encryption(prior: &CustomClusterModel, wanted: &CustomClusterModel) -> Option<Diagnostic> {
    let is_off = !wanted.encryption_at_rest.is_unknown() && !node_setup::encryption_at_rest(wanted);
    (node_setup::encryption_at_rest(prior) && is_off).then(|| {
        Diagnostic::error(
            "Encryption at rest cannot be turned off",
            format!(
                "Secrets of this cluster are encrypted in etcd, and `encryption_at_rest` is `false`: they could not be read \
                 any more.\n\n{ANEW}"
            ),
        )
        .at(Path::to("encryption_at_rest"))
    })
}

type Machines = BTreeMap<String, Value<MachineModel>>;

/// The only control plane, once all roles are known.
pub(super) fn carrier(machines: &Machines) -> Option<(&String, &MachineModel)> {
    let mut found = None;
    for (name, machine) in machines {
        let machine = machine.known()?;
        if machine.role.known()? == "control_plane" {
            if found.is_some() {
                return None;
            }
            found = Some((name, machine));
        }
    }
    found
}

/// Another machine in the place of the control plane.
fn control_plane(before: &Machines, after: &Machines) -> Option<Diagnostic> {
    let ((name, was), (new_name, is)) = (carrier(before)?, carrier(after)?);
    let at = Path::to("machines").key(new_name.clone());
    let refused = |saw: String, at: Path| {
        Diagnostic::error("Control plane cannot be replaced yet", format!("{saw}\n\n{ANEW}")).at(at)
    };
    if name != new_name {
        // With a role changed, that is told instead.
        let swaps = before.contains_key(new_name) || after.contains_key(name);
        let saw = format!("`{name}` carries the cluster, and `{new_name}` is configured in its place.");
        return (!swaps).then(|| refused(saw, at));
    }
    let (old, new) = (was.address.known()?, is.address.known()?);
    let saw = format!("`{name}`, which carries the cluster, is at `{old}`, and `{new}` is another machine.");
    (old != new).then(|| refused(saw, at.attribute("address")))
}

/// Machines that stay and cannot become what they should.
fn members(before: &Machines, after: &Machines) -> Vec<Diagnostic> {
    let mut refused = Vec::new();
    for (name, after) in after {
        let (Some(before), Some(after)) = (before.get(name).and_then(Value::known), after.known()) else {
            continue;
        };
        let at = Path::to("machines").key(name.clone());
        if let (Some(was), Some(is)) = (before.role.known(), after.role.known())
            && was != is
        {
            refused.push(
                Diagnostic::error(
                    "Machine cannot change its role",
                    format!(
                        "`{name}` is a `{was}`, and `{is}` is configured.\n\nRemove it and apply, then add it again in its new \
                         role. Which machine carries the cluster cannot be changed yet: {}",
                        lower(ANEW)
                    ),
                )
                .at(at.attribute("role")),
            );
        }
        if let (Some(was), Some(is)) = (inner_address(before), inner_address(after))
            && was != is
            && before.address == after.address
        {
            refused.push(
                Diagnostic::error(
                    "Machine cannot change its private address",
                    format!(
                        "`{name}` gives `{was}` to the other machines, and `{is}` is configured.\n\nRemove it and apply, then \
                         add it again with its new address. For the control plane: {}",
                        lower(ANEW)
                    ),
                )
                .at(at.attribute("private_ip")),
            );
        }
    }
    refused
}

/// The address that a machine gives to the others, where it is written down.
fn inner_address(machine: &MachineModel) -> Option<&String> {
    match &machine.private_ip {
        Value::Known(ip) => Some(ip),
        Value::Unknown => None,
        Value::Null => machine.address.known().filter(|address| address.parse::<std::net::IpAddr>().is_ok()),
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;

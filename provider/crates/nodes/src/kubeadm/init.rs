//! The configuration of the first control plane.

use std::collections::BTreeSet;

use domain::node::NodeSpec;
use domain::node_setup::{Argument, NodeSetup};

use super::components;
use super::kinds::{
    API_VERSION, Addon, Arg, ClusterConfiguration, Component, Etcd, HostPathMount, InitConfiguration,
    LocalApiEndpoint, LocalEtcd, Networking, NodeRegistration, Patches,
};
use crate::paths;
use crate::problem::Problem;
use crate::yaml::{Plain, stream, write};

/// What `kubeadm init --config` reads: no secret is in it.
///
/// # Errors
///
/// [`Problem`] for documents of the user's that cannot be read.
pub fn config(setup: &NodeSetup, node: &NodeSpec) -> Result<String, Problem> {
    let init = InitConfiguration {
        api_version: API_VERSION,
        kind: "InitConfiguration",
        node_registration: NodeRegistration::of(node, &setup.arguments.kubelet),
        local_api_endpoint: local_endpoint(setup, node),
        // It would print a token.
        skip_phases: vec!["show-join-command"],
        patches: Patches::of(&setup.patches),
    };
    let mut documents = vec![write(&init, "control_plane")?, write(&cluster(setup, node), "control_plane")?];
    documents.push(write(&Plain(&components::kubelet(setup)?), "kubelet")?);
    if let Some(proxy) = components::kube_proxy(setup)? {
        documents.push(write(&Plain(&proxy), "network.kube_proxy.config")?);
    }
    Ok(stream(&documents))
}

/// Where a control plane's own API server listens.
pub(super) fn local_endpoint(setup: &NodeSetup, node: &NodeSpec) -> LocalApiEndpoint {
    LocalApiEndpoint { advertise_address: node.ip.to_string(), bind_port: setup.endpoint.port }
}

fn cluster(setup: &NodeSetup, node: &NodeSpec) -> ClusterConfiguration {
    let joined =
        |ranges: &[ipnet::IpNet]| ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    // kubeadm adds the node's name and address and the endpoint's name by itself.
    let cert_sans: BTreeSet<String> =
        setup.extra_sans.iter().cloned().chain([node.ip.to_string(), setup.endpoint.host.clone()]).collect();
    ClusterConfiguration {
        api_version: API_VERSION,
        kind: "ClusterConfiguration",
        cluster_name: setup.cluster.to_string(),
        kubernetes_version: setup.version.with_v(),
        control_plane_endpoint: setup.endpoint.authority(),
        image_repository: setup.image_repository.clone(),
        networking: Networking {
            pod_subnet: joined(&setup.network.pod_cidrs),
            service_subnet: joined(&setup.network.service_cidrs),
            dns_domain: setup.network.dns_domain.clone(),
        },
        api_server: api_server(setup, cert_sans.into_iter().collect()),
        controller_manager: Component {
            extra_args: arguments(setup, &setup.arguments.controller_manager),
            ..Component::default()
        },
        scheduler: Component {
            extra_args: arguments(setup, &setup.arguments.scheduler),
            ..Component::default()
        },
        etcd: Etcd {
            local: LocalEtcd {
                data_dir: "/var/lib/etcd",
                extra_args: setup.arguments.etcd.iter().map(Arg::from).collect(),
            },
        },
        proxy: Addon { disabled: !setup.kube_proxy.enabled },
    }
}

fn api_server(setup: &NodeSetup, cert_sans: Vec<String>) -> Component {
    let mut extra_args = Vec::new();
    let mut extra_volumes = Vec::new();
    let mut file = |argument: &str, name: &'static str, path: &'static str| {
        extra_args.push(Arg::new(argument, path));
        extra_volumes.push(HostPathMount {
            name,
            host_path: path,
            mount_path: path,
            read_only: true,
            path_type: "File",
        });
    };
    if setup.encryption_at_rest {
        file("encryption-provider-config", "kurator-encryption", paths::ENCRYPTION);
    }
    if setup.audit_policy.is_some() {
        file("audit-policy-file", "kurator-audit-policy", paths::AUDIT_POLICY);
        let log = "/var/log/kubernetes";
        extra_volumes.push(HostPathMount {
            name: "kurator-audit-log",
            host_path: log,
            mount_path: log,
            read_only: false,
            path_type: "DirectoryOrCreate",
        });
        // Kept like the kubelet keeps containers' logs: bounded, so that a disk never fills.
        extra_args.push(Arg::new("audit-log-path", "/var/log/kubernetes/audit.log"));
        extra_args.push(Arg::new("audit-log-maxsize", "100"));
        extra_args.push(Arg::new("audit-log-maxbackup", "10"));
    }
    extra_args.extend(arguments(setup, &setup.arguments.api_server));
    Component { extra_args, extra_volumes, cert_sans }
}

/// The user's arguments, and the feature gates unless the user names that argument too.
fn arguments(setup: &NodeSetup, given: &[Argument]) -> Vec<Arg> {
    let mut all = Vec::new();
    if !setup.feature_gates.is_empty() && given.iter().all(|argument| argument.name != "feature-gates") {
        let gates: Vec<_> = setup.feature_gates.iter().map(|(gate, on)| format!("{gate}={on}")).collect();
        all.push(Arg::new("feature-gates", gates.join(",")));
    }
    all.extend(given.iter().map(Arg::from));
    all
}

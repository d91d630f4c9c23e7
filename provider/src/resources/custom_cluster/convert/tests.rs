use std::collections::BTreeMap;

use domain::node_setup::{Argument, ArtifactName, SwapPolicy};
use schemas::resources::custom_cluster::network::CNI_TYPES;
use schemas::resources::custom_cluster::node::{ARCHITECTURES, ARTIFACTS};
use serde_json::json;

use super::*;
use crate::resources::custom_cluster::testing::{but, said};

fn set_up(model: &CustomClusterModel) -> CustomClusterSetup {
    setup(model, None, &Mirrors::default(), &KnownHosts::default()).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

#[test]
fn what_is_left_out_has_its_default() {
    let setup = set_up(&but(json!({})));
    let nodes = &setup.nodes;
    assert_eq!(nodes.endpoint.authority(), "api.factory.internal:6443");
    let shown = |ranges: &[ipnet::IpNet]| ranges.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&nodes.network.pod_cidrs), ["10.244.0.0/16"]);
    assert_eq!(shown(&nodes.network.service_cidrs), ["10.96.0.0/12"]);
    assert_eq!(nodes.network.dns_domain, "cluster.local");
    assert_eq!(
        (nodes.encryption_at_rest, nodes.renew_certificates, nodes.kube_proxy.enabled),
        (true, true, true)
    );
    assert_eq!((nodes.swap, nodes.allow_cgroup_v1), (SwapPolicy::Refuse, false));
    let drain = DrainSpec { timeout: Duration::from_mins(10), delete_emptydir: true, force: false };
    assert_eq!(setup.workers, WorkersStrategy { max_unavailable: 1, drain });
    assert!(
        matches!(&setup.cni, CniSpec::Chart(chart) if chart.network == "cilium" && chart.version.is_none())
    );
    let worker = &setup.machines[&name("w1")];
    assert_eq!((worker.role, &worker.taints, worker.private_ip), (Role::Worker, &None, None));
    assert_eq!(worker.labels, BTreeMap::from([("zone".to_owned(), "a".to_owned())]));
    assert_eq!(nodes.machine_addresses.len(), 2);
}

#[test]
fn everything_that_is_given_gets_there() {
    let mirrors = Mirrors(BTreeMap::from([("dl.k8s.io".to_owned(), "m.example".to_owned())]));
    let model = but(json!({
        "version": "v1.35.0",
        "machines": { "w1": {
            "private_ip": "192.168.0.21",
            "taints": [{ "key": "gpu", "value": "yes", "effect": "NoExecute" }],
        } },
        "control_plane": {
            "endpoint": "api.example", "port": 8443, "dns_managed": true,
            "extra_sans": ["x.example"], "renew_certificates": false,
        },
        "network": {
            "pod_cidrs": ["10.1.0.0/16"], "service_cidrs": ["10.2.0.0/16"], "dns_domain": "site.local",
            "cni": { "type": "kube-router", "version": "1.2.3", "source": "oci://r/c", "digest": "sha256:1",
                "values": "a: 1", "helm_image": "r/helm:1" },
            "kube_proxy": { "enabled": false, "config": "mode: nftables" },
        },
        "workers_strategy": {
            "max_unavailable": 3,
            "drain": { "timeout": "90s", "delete_emptydir": false, "force": true },
        },
        "kubelet": "maxPods: 50",
        "patches": { "etcd.yaml": "a: 1" },
        "feature_gates": { "Some": true },
        "image_repository": "r.example/k8s",
        "extra_arguments": {
            "api_server": [{ "name": "v", "value": "2" }, { "name": "v", "value": "3" }],
            "kubelet": [{ "name": "v", "value": "4" }],
        },
        "encryption_at_rest": false,
        "audit_policy": "kind: Policy",
        "containerd": { "extra_config": "oom_score: -999" },
        "proxy": { "https": "http://p:3128", "no_proxy": [".example"] },
        "swap": "turn_off",
        "allow_cgroup_v1": true,
        "artifacts": { "versions": { "runc": "v1.4.0" }, "sha256": { "kubelet": { "amd64": "0f" } } },
    }));
    let setup = setup(&model, None, &mirrors, &KnownHosts::default()).unwrap();
    let nodes = &setup.nodes;
    assert_eq!(nodes.version.to_string(), "1.35.0");
    assert_eq!((nodes.endpoint.authority().as_str(), nodes.endpoint.dns_managed), ("api.example:8443", true));
    assert_eq!(nodes.extra_sans, BTreeSet::from(["x.example".to_owned()]));
    assert!(!nodes.renew_certificates && !nodes.encryption_at_rest && nodes.allow_cgroup_v1);
    assert_eq!(nodes.network.pod_cidrs, ["10.1.0.0/16".parse().unwrap()]);
    assert_eq!(nodes.network.service_cidrs, ["10.2.0.0/16".parse().unwrap()]);
    assert_eq!(nodes.network.dns_domain, "site.local");
    let chart = ChartSpec {
        network: "kube-router".into(),
        version: Some("1.2.3".into()),
        source: Some("oci://r/c".into()),
        digest: Some("sha256:1".into()),
        values: Some(YamlText("a: 1".into())),
        helm_image: Some("r/helm:1".into()),
    };
    assert_eq!(setup.cni, CniSpec::Chart(chart));
    assert!(!nodes.kube_proxy.enabled);
    assert_eq!(nodes.kube_proxy.config, Some(YamlText("mode: nftables".into())));
    let drain = DrainSpec { timeout: Duration::from_secs(90), delete_emptydir: false, force: true };
    assert_eq!(setup.workers, WorkersStrategy { max_unavailable: 3, drain });
    assert_eq!(nodes.kubelet, Some(YamlText("maxPods: 50".into())));
    assert_eq!(nodes.patches["etcd.yaml"], "a: 1");
    assert!(nodes.feature_gates["Some"]);
    assert_eq!(nodes.image_repository.as_deref(), Some("r.example/k8s"));
    let argument = |value: &str| Argument { name: "v".into(), value: value.into() };
    assert_eq!(nodes.arguments.api_server, [argument("2"), argument("3")]);
    assert_eq!(nodes.arguments.kubelet, [argument("4")]);
    assert_eq!(nodes.audit_policy, Some(YamlText("kind: Policy".into())));
    assert_eq!(nodes.containerd, Some(YamlText("oom_score: -999".into())));
    let proxy = nodes.proxy.clone().unwrap();
    assert_eq!(
        (proxy.http, proxy.https, proxy.no_proxy),
        (None, Some("http://p:3128".into()), vec![".example".into()])
    );
    assert_eq!(nodes.swap, SwapPolicy::TurnOff);
    assert_eq!(nodes.artifacts.versions[&ArtifactName::Runc], "1.4.0");
    assert_eq!(nodes.artifacts.sha256[&(ArtifactName::Kubelet, "amd64".to_owned())], "0f");
    assert_eq!(nodes.mirrors, mirrors);
    let worker = &setup.machines[&name("w1")];
    assert_eq!(worker.private_ip, Some("192.168.0.21".parse().unwrap()));
    let taint = Taint { key: "gpu".into(), effect: TaintEffect::NoExecute, value: "yes".into() };
    assert_eq!(worker.taints, Some(BTreeSet::from([taint])));
    assert!(nodes.machine_addresses.contains(&"192.168.0.21".parse().unwrap()));
}

#[test]
fn no_network_of_ours_is_what_the_user_applies() {
    let model = but(json!({ "network": { "cni": { "type": "none", "manifests": ["kind: A"] } } }));
    assert_eq!(set_up(&model).cni, CniSpec::Manifests(vec![YamlText("kind: A".into())]));
    let taintless = but(json!({ "machines": { "cp1": { "taints": [] } } }));
    assert_eq!(set_up(&taintless).machines[&name("cp1")].taints, Some(BTreeSet::new()));
}

#[test]
fn everything_that_cannot_be_used_is_told_at_its_place() {
    let model = but(json!({
        "name": "Not_A_Name",
        "version": "1.34",
        "machines": {
            "Not_A_Name": { "role": "boss", "address": "a", "private_ip": "x" },
            "w1": { "ssh": { "port": 70000, "host_key": "MD5:x" }, "taints": [{ "key": "a", "effect": "b" }] },
        },
        "network": { "pod_cidrs": ["10.0.0.0"] },
        "workers_strategy": { "max_unavailable": -1, "drain": { "timeout": "soon" } },
        "swap": "burn",
        "artifacts": { "versions": { "crictl": "1.0.0" } },
    }));
    let problems = setup(&model, None, &Mirrors::default(), &KnownHosts::default()).unwrap_err();
    let want = [
        "name: Value is not of its form",
        "version: Value is not of its form",
        "network.pod_cidrs: Value is not of its form",
        "swap: Value is not of its form",
        "artifacts.versions: Value is not of its form",
        "machines[\"Not_A_Name\"]: Value is not of its form",
        "machines[\"Not_A_Name\"].role: Value is not of its form",
        "machines[\"Not_A_Name\"].private_ip: Value is not of its form",
        "machines[\"w1\"].ssh.port: Value is not of its form",
        "machines[\"w1\"].ssh.host_key: Value is not of its form",
        "machines[\"w1\"].taints: Value is not of its form",
        "workers_strategy.max_unavailable: Value is not of its form",
        "workers_strategy.drain.timeout: Value is not of its form",
    ];
    assert_eq!(said(problems), want);
}

#[test]
fn the_schema_knows_the_words_that_nodes_know() {
    let networks: Vec<&str> = nodes::bootstrap::charts::Cni::ALL
        .into_iter()
        .map(nodes::bootstrap::charts::Cni::as_str)
        .chain(["none"])
        .collect();
    assert_eq!(CNI_TYPES, networks);
    assert_eq!(ARTIFACTS, ArtifactName::ALL.map(ArtifactName::as_str));
    assert!(ARCHITECTURES.iter().all(|arch| domain::machine::Arch::from_uname(arch).is_some()));
}

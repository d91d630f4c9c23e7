use serde_json::{Value as Json, json};

use super::*;
use crate::resources::custom_cluster::testing::{UNKNOWN, but, said};

fn found(over: Json) -> Vec<String> {
    said(validate(&but(over)))
}

#[test]
fn a_cluster_with_nothing_but_defaults_is_good() {
    assert_eq!(found(json!({})), [""; 0]);
}

#[test]
fn one_machine_carries_the_cluster() {
    let another = json!({ "role": "control_plane", "address": "10.77.0.12" });
    for (over, want) in [
        (json!({ "cp1": { "role": "worker" } }), vec!["machines: Cluster has no control plane"]),
        (
            json!({ "cp2": another, "cp3": { "role": "control_plane", "address": "10.77.0.13" } }),
            vec![
                "machines[\"cp2\"].role: Cluster has more than one control plane",
                "machines[\"cp3\"].role: Cluster has more than one control plane",
            ],
        ),
        (json!({ "cp1": { "role": UNKNOWN } }), vec![]),
    ] {
        assert_eq!(found(json!({ "machines": over })), want, "{over}");
    }
}

#[test]
fn two_machines_at_one_address_are_told() {
    let want = "Two machines have one address";
    for (w1, at) in [
        (json!({ "address": "10.77.0.11" }), "machines[\"w1\"].address"),
        (json!({ "private_ip": "10.77.0.11" }), "machines[\"w1\"].private_ip"),
    ] {
        assert_eq!(found(json!({ "machines": { "w1": w1 } })), [format!("{at}: {want}")], "{w1}");
    }
    let named =
        json!({ "machines": { "cp1": { "address": "CP1.example" }, "w1": { "address": "cp1.example" } } });
    assert_eq!(found(named), [format!("machines[\"w1\"].address: {want}")]);
    assert_eq!(found(json!({ "machines": { "w1": { "private_ip": "10.77.0.21" } } })), [""; 0]);
}

#[test]
fn ranges_are_apart_and_large_enough() {
    for (over, want) in [
        (json!({ "network": { "pod_cidrs": ["10.96.0.0/16"] } }), vec!["network.pod_cidrs: Ranges overlap"]),
        (
            json!({ "network": { "service_cidrs": ["10.244.8.0/24"] } }),
            vec!["network.service_cidrs: Ranges overlap"],
        ),
        (
            json!({ "network": { "pod_cidrs": ["10.77.0.0/16"] } }),
            vec![
                "machines[\"cp1\"].address: Machine is in a range of the cluster",
                "machines[\"w1\"].address: Machine is in a range of the cluster",
            ],
        ),
        (
            json!({ "machines": { "w1": { "private_ip": "10.100.0.1" } } }),
            vec!["machines[\"w1\"].private_ip: Machine is in a range of the cluster"],
        ),
        (
            json!({ "network": { "pod_cidrs": ["10.244.0.0/24"] } }),
            vec!["network.pod_cidrs: Range is too small"],
        ),
        (
            json!({ "network": { "pod_cidrs": ["10.244.0.0/25"] } }),
            vec!["network.pod_cidrs: Range is too small"],
        ),
        (json!({ "network": { "pod_cidrs": ["10.244.0.0/23"] } }), vec![]),
        (
            json!({
                "network": { "pod_cidrs": ["10.244.0.0/24"] },
                "extra_arguments": { "controller_manager": [{ "name": "node-cidr-mask-size", "value": "26" }] },
            }),
            vec![],
        ),
        (
            json!({ "network": { "service_cidrs": ["10.9.0.0/29"] } }),
            vec!["network.service_cidrs: Range is too small"],
        ),
        (json!({ "network": { "pod_cidrs": [UNKNOWN] } }), vec![]),
    ] {
        assert_eq!(found(over.clone()), want, "{over}");
    }
}

#[test]
fn dual_stack_is_not_there_yet() {
    let want = |attribute: &str| [format!("network.{attribute}: Dual stack and IPv6 are not possible yet")];
    let pods = json!({ "network": { "pod_cidrs": ["10.244.0.0/16", "fd00:1::/56"] } });
    assert_eq!(found(pods), want("pod_cidrs"));
    assert_eq!(found(json!({ "network": { "service_cidrs": ["fd00:2::/112"] } })), want("service_cidrs"));
}

#[test]
fn a_pod_network_has_what_it_takes_and_nothing_else() {
    let digest = format!("sha256:{}", "0f".repeat(32));
    for (cni, want) in [
        (json!({ "type": "calico" }), vec!["network.cni.version: Pod network needs a version"]),
        (json!({ "type": "kube-ovn", "version": "1.14.0" }), vec![]),
        (
            json!({ "type": "kube-router" }),
            vec![
                "network.cni.source: Pod network needs a source",
                "network.cni.version: Pod network needs a version",
            ],
        ),
        (json!({ "type": "kube-router", "version": UNKNOWN, "source": UNKNOWN, "digest": UNKNOWN }), vec![]),
        (
            json!({ "manifests": ["kind: A"] }),
            vec!["network.cni.manifests: Manifests are for no network of ours"],
        ),
        (json!({ "type": "none", "manifests": ["kind: A"] }), vec![]),
        (
            json!({ "type": "none", "version": "1", "values": "a: 1" }),
            vec![
                "network.cni.version: Nothing is installed from a chart",
                "network.cni.values: Nothing is installed from a chart",
            ],
        ),
        (json!({ "digest": digest }), vec!["network.cni.digest: Digest is of a chart in a registry"]),
        (
            json!({ "source": "https://r.example", "digest": digest }),
            vec!["network.cni.digest: Digest is of a chart in a registry"],
        ),
        (json!({ "source": "oci://r.example/c", "digest": digest }), vec![]),
    ] {
        assert_eq!(found(json!({ "network": { "cni": cni } })), want, "{cni}");
    }
}

#[test]
fn a_version_without_artifacts_is_told_unless_they_are_given() {
    let want = ["version: Version of Kubernetes is not known"];
    assert_eq!(found(json!({ "version": "1.99.0" })), want);
    let all = json!({ "containerd": "2.4.2", "runc": "1.5.2", "cni_plugins": "1.9.1" });
    assert_eq!(found(json!({ "version": "1.99.0", "artifacts": { "versions": all } })), [""; 0]);
    let one = json!({ "containerd": "2.4.2" });
    assert_eq!(found(json!({ "version": "1.99.0", "artifacts": { "versions": one } })), want);
    assert_eq!(found(json!({ "version": "1.99.0", "artifacts": { "versions": UNKNOWN } })), [""; 0]);
}

#[test]
fn known_hosts_are_in_one_place_and_taints_given_once() {
    for known_hosts in [json!({}), json!({ "path": "a", "content": "b" })] {
        let over = json!({ "machines": { "w1": { "ssh": { "known_hosts": known_hosts } } } });
        assert_eq!(found(over), ["machines[\"w1\"].ssh.known_hosts: Known hosts need one place"]);
    }
    assert_eq!(found(json!({ "ssh": { "known_hosts": { "path": "a" } } })), [""; 0]);
    let taint = |effect: &str, value: &str| json!({ "key": "gpu", "effect": effect, "value": value });
    let twice = json!([taint("no_schedule", "a"), taint("NoSchedule", "b")]);
    let over = json!({ "machines": { "w1": { "taints": twice } } });
    assert_eq!(found(over), ["machines[\"w1\"].taints: Taint is given twice"]);
    let once = json!([taint("no_schedule", "a"), taint("no_execute", "a")]);
    assert_eq!(found(json!({ "machines": { "w1": { "taints": once } } })), [""; 0]);
}

use planning::custom_cluster::last_change;
use serde_json::json;

use super::*;
use crate::resources::custom_cluster::testing::{KEY, UNKNOWN, but};

fn steps(before: serde_json::Value, after: serde_json::Value) -> Vec<String> {
    last_change(shape(&but(before)).as_ref(), &shape(&but(after)).unwrap()).steps
}

#[test]
fn a_create_is_told_in_words() {
    let change = last_change(None, &shape(&but(json!({}))).unwrap());
    assert_eq!((change.from.as_str(), change.to.as_str()), ("", "Kubernetes 1.34.4 on 2 machines"));
    assert_eq!(change.steps, ["cp1: make the control plane", "pod network: cilium 1.20.2", "w1: join"]);
}

#[test]
fn what_concerns_one_role_is_told_of_its_machines_alone() {
    for (over, want) in [
        (json!({ "control_plane": { "extra_sans": ["a.example"] } }), vec!["cp1: prepare anew"]),
        (json!({ "audit_policy": "kind: Policy" }), vec!["cp1: prepare anew"]),
        (json!({ "patches": { "etcd.yaml": "a: 1" } }), vec!["cp1: prepare anew"]),
        (json!({ "containerd": { "extra_config": "a: 1" } }), vec!["cp1: prepare anew", "w1: prepare anew"]),
        (json!({ "kubelet": "maxPods: 50" }), vec!["cp1: prepare anew", "w1: prepare anew"]),
        (json!({ "machines": { "w1": { "labels": { "zone": "b" } } } }), vec!["w1: relabel"]),
        (json!({ "network": { "cni": { "version": "1.20.3" } } }), vec!["pod network: cilium 1.20.3"]),
    ] {
        assert_eq!(steps(json!({}), over.clone()), want, "{over}");
    }
}

#[test]
fn defaults_that_are_written_down_and_logins_change_nothing() {
    for over in [
        json!({ "version": "v1.34.4" }),
        json!({ "network": { "pod_cidrs": ["10.244.0.0/16"], "cni": { "type": "cilium", "version": "1.20.2" } } }),
        json!({ "swap": "refuse", "encryption_at_rest": true, "artifacts": { "versions": {} } }),
        json!({ "ssh": { "port": 2222, "host_key": KEY } }),
        json!({ "machines": { "cp1": { "taints": [
            { "key": "node-role.kubernetes.io/control-plane", "effect": "no_schedule" },
        ] } } }),
    ] {
        assert_eq!(steps(json!({}), over.clone()), ["mend"], "{over}");
    }
}

#[test]
fn new_values_of_the_pod_network_are_a_change_of_it() {
    let with = |values: &str| json!({ "network": { "cni": { "values": values } } });
    let told = steps(with("a: 1"), with("a: 2"));
    assert!(told.len() == 1 && told[0].starts_with("pod network: cilium 1.20.2 with settings "), "{told:?}");
    assert_eq!(steps(with("a: 1"), with("a: 1")), ["mend"]);
}

#[test]
fn there_are_no_words_while_something_of_them_is_unknown() {
    for over in [
        json!({ "machines": { "w1": { "address": UNKNOWN } } }),
        json!({ "machines": UNKNOWN }),
        json!({ "kubelet": UNKNOWN }),
        json!({ "network": { "cni": { "values": UNKNOWN } } }),
    ] {
        assert_eq!(shape(&but(over.clone())), None, "{over}");
    }
    for over in [json!({ "ssh": { "user": UNKNOWN } }), json!({ "ref": UNKNOWN, "nodes": UNKNOWN })] {
        assert!(shape(&but(over.clone())).is_some(), "{over}");
    }
}

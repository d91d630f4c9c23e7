use serde_json::{Value as Json, json};

use super::*;
use crate::resources::custom_cluster::testing::{UNKNOWN, but, said};

fn refused(before: Json, after: Json) -> Vec<String> {
    said(refusals(&but(before), &but(after)))
}

#[test]
fn what_a_cluster_is_made_with_stays() {
    let cni = |network: &str| json!({ "network": { "cni": { "type": network, "version": "1" } } });
    for (before, after, want) in [
        (json!({}), json!({ "version": "1.35.0" }), "version: Version of Kubernetes cannot be changed yet"),
        (
            json!({}),
            json!({ "control_plane": { "endpoint": "api.example" } }),
            "control_plane.endpoint: Cluster cannot be changed so",
        ),
        (
            json!({}),
            json!({ "control_plane": { "port": 443 } }),
            "control_plane.port: Cluster cannot be changed so",
        ),
        (
            json!({}),
            json!({ "network": { "pod_cidrs": ["10.1.0.0/16"] } }),
            "network.pod_cidrs: Cluster cannot be changed so",
        ),
        (
            json!({}),
            json!({ "network": { "service_cidrs": ["10.1.0.0/16"] } }),
            "network.service_cidrs: Cluster cannot be changed so",
        ),
        (
            json!({}),
            json!({ "network": { "dns_domain": "site.local" } }),
            "network.dns_domain: Cluster cannot be changed so",
        ),
        (cni("calico"), cni("flannel"), "network.cni.type: Cluster cannot be changed so"),
        (cni("calico"), json!({}), "network.cni.type: Cluster cannot be changed so"),
        (
            json!({}),
            json!({ "encryption_at_rest": false }),
            "encryption_at_rest: Encryption at rest cannot be turned off",
        ),
    ] {
        assert_eq!(refused(before, after.clone()), [want], "{after}");
    }
}

#[test]
fn what_kubeadm_writes_once_stays_until_it_can_be_carried_on() {
    for (before, after, at) in [
        (json!({}), json!({ "control_plane": { "extra_sans": ["a.example"] } }), "control_plane.extra_sans"),
        (
            json!({}),
            json!({ "control_plane": { "renew_certificates": false } }),
            "control_plane.renew_certificates",
        ),
        (json!({}), json!({ "network": { "kube_proxy": { "enabled": false } } }), "network.kube_proxy"),
        (json!({}), json!({ "kubelet": "maxPods: 50" }), "kubelet"),
        (json!({ "kubelet": "maxPods: 50" }), json!({}), "kubelet"),
        (json!({}), json!({ "patches": { "etcd.yaml": "{}" } }), "patches"),
        (json!({}), json!({ "feature_gates": { "SidecarContainers": true } }), "feature_gates"),
        (json!({}), json!({ "image_repository": "registry.example/k8s" }), "image_repository"),
        (
            json!({}),
            json!({ "extra_arguments": { "etcd": [{ "name": "quota-backend-bytes", "value": "1" }] } }),
            "extra_arguments",
        ),
        (json!({ "encryption_at_rest": false }), json!({}), "encryption_at_rest"),
        (json!({}), json!({ "audit_policy": "{}" }), "audit_policy"),
    ] {
        let want = format!("{at}: Setting cannot be changed yet");
        assert_eq!(refused(before, after.clone()), [want], "{after}");
    }
    // A default that is written down is no change, and what is not known yet is asked again.
    for after in [
        json!({ "network": { "kube_proxy": { "enabled": true } } }),
        json!({ "control_plane": { "renew_certificates": true } }),
        json!({ "kubelet": UNKNOWN }),
        json!({ "control_plane": UNKNOWN }),
    ] {
        assert_eq!(refused(json!({}), after.clone()), [""; 0], "{after}");
    }
}

#[test]
fn machines_keep_their_roles_and_places() {
    for (after, want) in [
        (
            json!({ "machines": { "cp1": null, "cp2": { "role": "control_plane", "address": "10.77.0.12" } } }),
            vec!["machines[\"cp2\"]: Control plane cannot be replaced yet"],
        ),
        (
            json!({ "machines": { "cp1": { "address": "10.77.0.12" } } }),
            vec!["machines[\"cp1\"].address: Control plane cannot be replaced yet"],
        ),
        (
            json!({ "machines": { "cp1": { "role": "worker" }, "w1": { "role": "control_plane" } } }),
            vec![
                "machines[\"cp1\"].role: Machine cannot change its role",
                "machines[\"w1\"].role: Machine cannot change its role",
            ],
        ),
        (
            json!({ "machines": { "w1": { "private_ip": "192.168.0.21" } } }),
            vec!["machines[\"w1\"].private_ip: Machine cannot change its private address"],
        ),
        // Another machine under the name, or none.
        (json!({ "machines": { "w1": { "address": "10.77.0.22" } } }), vec![]),
        (json!({ "machines": { "w1": null } }), vec![]),
        (json!({ "machines": { "w1": { "private_ip": "10.77.0.21" } } }), vec![]),
    ] {
        assert_eq!(refused(json!({}), after.clone()), want, "{after}");
    }
}

#[test]
fn spelling_defaults_and_what_is_not_known_are_no_change() {
    for after in [
        json!({ "version": "v1.34.4" }),
        json!({ "control_plane": { "endpoint": "api.factory.internal", "port": 6443 } }),
        json!({ "network": {
            "pod_cidrs": ["10.244.0.0/16"], "service_cidrs": ["10.96.0.0/12"], "dns_domain": "cluster.local",
            "cni": { "type": "cilium" },
        } }),
        json!({ "encryption_at_rest": true }),
        json!({ "version": UNKNOWN, "network": UNKNOWN, "control_plane": UNKNOWN, "encryption_at_rest": UNKNOWN }),
        json!({ "network": { "pod_cidrs": [UNKNOWN], "dns_domain": UNKNOWN, "cni": { "type": UNKNOWN } } }),
        json!({ "machines": { "cp1": { "address": UNKNOWN }, "w1": { "role": UNKNOWN, "private_ip": UNKNOWN } } }),
        json!({ "machines": UNKNOWN }),
    ] {
        assert_eq!(refused(json!({}), after.clone()), [""; 0], "{after}");
    }
    // Encryption may be turned on, and its being off may stay.
    assert_eq!(
        refused(json!({ "encryption_at_rest": false }), json!({ "encryption_at_rest": false })),
        [""; 0]
    );
}

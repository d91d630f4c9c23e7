use domain::node::{Role, Taint, TaintEffect};
use domain::node_setup::{Argument, SwapPolicy, YamlText};

use super::join::JoinToken;
use super::{components, init, join};
use crate::testing;

fn yaml(text: &str) -> YamlText {
    YamlText(text.to_owned())
}

fn argument(name: &str, value: &str) -> Argument {
    Argument { name: name.to_owned(), value: value.to_owned() }
}

#[test]
fn a_cluster_with_nothing_but_defaults() {
    let node = testing::node("cp1", Role::ControlPlane, "10.77.0.11");
    insta::assert_snapshot!(init::config(&testing::setup(), &node).unwrap());
}

#[test]
fn a_cluster_with_everything() {
    let mut setup = testing::setup();
    setup.extra_sans = ["api.factory.example".to_owned()].into();
    setup.image_repository = Some("10.77.0.1:5000/k8s".into());
    setup.feature_gates =
        [("InPlacePodVerticalScaling".to_owned(), true), ("OldThing".to_owned(), false)].into();
    setup.arguments.api_server = vec![argument("v", "2"), argument("v", "3")];
    setup.arguments.scheduler = vec![argument("feature-gates", "Mine=true")];
    setup.arguments.etcd = vec![argument("quota-backend-bytes", "8589934592")];
    setup.arguments.kubelet = vec![argument("v", "4")];
    setup.kubelet = Some(yaml(
        "evictionHard: {memory.available: \"0%\"}\nmaxPods: 250\nimageGCHighThresholdPercent: 100\nkind: Other",
    ));
    setup.kube_proxy.config = Some(yaml("conntrack: {maxPerCore: 0}"));
    setup.patches = [("etcd0+merge.yaml".to_owned(), "spec: {}\n".to_owned())].into();
    setup.audit_policy = Some(yaml("kind: Policy"));
    setup.swap = SwapPolicy::Keep;
    setup.allow_cgroup_v1 = true;
    let mut node = testing::node("cp1", Role::ControlPlane, "10.77.0.11");
    node.taints =
        Some([Taint { key: "only".into(), effect: TaintEffect::NoExecute, value: "batch".into() }].into());
    insta::assert_snapshot!(init::config(&setup, &node).unwrap());
}

#[test]
fn a_network_that_does_the_proxys_work_has_no_proxy() {
    let mut setup = testing::setup();
    setup.kube_proxy.enabled = false;
    setup.kube_proxy.config = Some(yaml("mode: nftables"));
    assert_eq!(components::kube_proxy(&setup).unwrap(), None);
    let node = testing::node("cp1", Role::ControlPlane, "10.77.0.11");
    assert!(init::config(&setup, &node).unwrap().contains("proxy:\n  disabled: true\n"));
}

#[test]
fn a_control_plane_that_runs_everything_has_no_taint() {
    let mut node = testing::node("cp1", Role::ControlPlane, "10.77.0.11");
    node.taints = Some([].into());
    assert!(init::config(&testing::setup(), &node).unwrap().contains("taints: []\n"));
}

#[test]
fn workers_and_control_planes_join() {
    let token = JoinToken::from_command(
        "kubeadm join api:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:00ff",
    )
    .unwrap();
    let setup = testing::setup();
    let worker = testing::node("w1", Role::Worker, "10.77.0.21");
    insta::assert_snapshot!("worker", join::config(&setup, &worker, &token, None).unwrap());
    let control_plane = testing::node("cp2", Role::ControlPlane, "10.77.0.12");
    insta::assert_snapshot!(
        "control_plane",
        join::config(&setup, &control_plane, &token, Some("00aa")).unwrap()
    );
}

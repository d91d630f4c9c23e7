//! What is said when machines do not do what they should, and that nothing was changed where that is said.

use engines::error::{HostKeyProblem, Kind, SudoProblem};
use serde_json::json;
use testkit::protocol_client_instance::Instance;

use super::{CP1, W1, W2, World, said};
use crate::world::assert_good;

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_cannot_be_worked_on_stops_a_create_before_anything_is_touched() {
    for (kind, want) in [
        (Kind::Unreachable, "Machine cannot be reached"),
        (Kind::HostKey(HostKeyProblem::Differs), "Machine proves another host key"),
        (Kind::LoginRefused, "Machine refuses the login"),
        (Kind::Sudo(SudoProblem::PasswordNeeded), "sudo on a machine asks for a password"),
        (Kind::Rejected, "Machine does not do what it is asked"),
        (Kind::TimedOut, "Machine takes too long"),
    ] {
        let mut world = World::new().await;
        world.site.machines.set_trouble(&format!("{W1}:22"), Some(kind));
        let config = world.config(&[("w1", W1), ("w2", W2)]);
        let (_, applied) = world.converge(&config).await;
        assert_eq!(said(&applied), [format!("error: machines[\"w1\"]: {want}")], "{kind:?}");
        assert!(world.cluster.stored.is_none() && world.mutations() == (0, 0), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_finding_is_told_at_once_with_its_machine() {
    let mut world = World::new().await;
    for host in [CP1, W1] {
        world.site.tells(host, "kurator:swap /dev/sda2");
    }
    world.site.tells(W2, "kurator:memory-kib 100000");
    let config = world.config(&[("w1", W1), ("w2", W2)]);
    let (_, applied) = world.converge(&config).await;
    let told = said(&applied);
    let refused = "Machine cannot become a node as it is";
    for name in ["cp1", "w1", "w2"] {
        assert!(told.iter().any(|line| line.contains(name) && line.ends_with(refused)), "{told:?}");
    }
    assert!(world.cluster.stored.is_none() && world.mutations() == (0, 0), "{told:?}");
    let config = world.config_with(&[("w1", W1)], &json!({ "swap": "turn_off" }));
    assert_good("without swap", &world.converge(&config).await.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_cluster_of_this_name_is_taken_only_if_that_one_is_gone() {
    let mut world = World::new().await;
    for line in [
        "kurator:owner kind=kurator_custom_cluster",
        "kurator:owner name=factory",
        "kurator:owner owner=default",
        "kurator:owner incarnation=another",
        "kurator:owner phase=creating",
        "kurator:owner machine=w1",
        "kurator:kubelet https://api.elsewhere:6443 another",
        "kurator:done join",
        "kurator:alive yes",
    ] {
        world.site.tells(W1, line);
    }
    let config = world.config(&[("w1", W1), ("w2", W2)]);
    let (_, applied) = world.converge(&config).await;
    assert_eq!(said(&applied), ["error: machines[\"w1\"]: Machine cannot become a node as it is"]);
    assert!(applied.diagnostics[0].detail.contains("answers at https://api.elsewhere:6443"), "{applied:?}");
    assert!(world.cluster.stored.is_none() && world.mutations() == (0, 0));

    world.site.tells(W1, "kurator:alive no");
    let (_, applied) = world.converge(&config).await;
    assert_good("what is left of a cluster that is gone", &applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_about_a_machine_is_a_warning() {
    let mut world = World::new().await;
    world.site.tells(W1, "kurator:os ID slackware");
    let config = world.config(&[("w1", W1)]);
    let (_, applied) = world.converge(&config).await;
    assert_eq!(said(&applied), ["warning: machines[\"w1\"]: Machine may not be a good node"]);
    assert!(applied.diagnostics[0].detail.contains("neither of the Debian nor"), "{applied:?}");
    assert!(world.cluster.stored.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_names_its_machine_and_stops_no_other() {
    for (step, says, want) in [
        ("claim", "claimed kind=kurator_custom_cluster name=other", "Machine belongs to another cluster"),
        ("fetch", "tool curl", "Machine lacks a program"),
        ("fetch", "fetch kubelet https://dl.k8s.io/kubelet", "Artifact cannot be fetched"),
        (
            "fetch",
            "checksum kubelet https://dl.k8s.io/kubelet.sha256",
            "Artifact's checksum is not published",
        ),
        ("fetch", "mismatch kubelet https://dl.k8s.io/kubelet aa bb", "Artifact is not what it should be"),
        ("prepare", "unclaimed", "Machine lost its mark"),
        ("join", "unreachable api.factory.internal:6443", "Machine does not reach the cluster's API"),
        ("join", "unsigned abcdef", "Cluster does not sign the token for new machines"),
        ("join", "join it ended with 1", "Step on a machine failed"),
    ] {
        let mut world = World::new().await;
        world.site.fail(W1, step, says, 1);
        let config = world.config(&[("w1", W1), ("w2", W2)]);
        let (_, applied) = world.converge(&config).await;
        assert_eq!(said(&applied), [format!("error: machines[\"w1\"]: {want}")], "{step} {says}");
        assert_eq!(world.site.runs(W2, "join"), 1, "{step} {says}");
        assert_good(step, &world.converge(&config).await.1);
        assert_eq!(world.site.runs(CP1, "init"), 1);
        world.destroy(step).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_told() {
    let mut world = World::new().await;
    world.site.cut_off(W1, "prepare", 1);
    let config = world.config(&[("w1", W1)]);
    let (_, applied) = world.converge(&config).await;
    assert_eq!(said(&applied), ["error: machines[\"w1\"]: Machine's answer broke off"]);
    assert_good("again", &world.converge(&config).await.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_off_a_machine_is_named() {
    let mut world = World::new().await;
    world.made("1 + 1", &[("w1", W1)]).await;
    world.site.leaves(W1, "/var/lib/kubelet");
    let applied = world.client.destroy(&mut world.cluster).await.unwrap();
    assert_eq!(said(&applied), ["warning: machines[\"w1\"]: Something was left on a machine"]);
    assert!(applied.diagnostics[0].detail.contains("/var/lib/kubelet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changes_the_cluster_at_a_time() {
    let mut world = World::new().await;
    world.site.hold_lock(CP1, "anna@laptop");
    let config = world.config(&[("w1", W1)]);
    let (_, applied) = world.converge(&config).await;
    assert_eq!(said(&applied), ["error: name: Cluster is being changed by somebody else"]);
    assert!(applied.diagnostics[0].detail.contains("anna@laptop"));
    assert!(world.cluster.stored.is_none() && world.mutations() == (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_id_is_the_reference_of_a_cluster_that_was_made_here() {
    let world = World::new().await;
    for id in ["factory", "env:KUBECONFIG"] {
        let (_, imported) = world.client.import("kurator_custom_cluster", id).await.unwrap();
        assert_eq!(said(&imported), ["error: Import id is not a custom cluster's reference"], "{id}");
    }
    let id = format!("ssh://site?user=admin&become=sudo&cp={CP1}:22");
    let (_, imported) = world.client.import("kurator_custom_cluster", &id).await.unwrap();
    assert_eq!(said(&imported), ["error: There is no such custom cluster"]);
    world.site.machines.hold(&format!("{CP1}:22"), "/etc/kurator/configuration.json", "{");
    let (_, imported) = world.client.import("kurator_custom_cluster", &id).await.unwrap();
    assert_eq!(said(&imported), ["error: Cluster's note cannot be read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_hosts_file_that_is_not_there_is_told() {
    let mut world = World::new().await;
    let ssh = json!({ "user": "admin", "credential": "site", "known_hosts": { "path": "no-such-file" } });
    let config = world.config_with(&[], &json!({ "ssh": ssh }));
    let (_, applied) = world.converge(&config).await;
    assert_eq!(said(&applied), ["error: ssh.known_hosts: known_hosts cannot be read"]);
    assert!(world.mutations() == (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_cluster_is_not_made_a_second_time() {
    let mut world = World::new().await;
    world.made("1 + 1", &[("w1", W1)]).await;
    let config = world.config(&[("w1", W1)]);
    let made = std::mem::replace(&mut world.cluster, Instance::new("kurator_custom_cluster"));
    let (_, applied) = world.converge(&config).await;
    assert_eq!(said(&applied), ["error: name: It exists already"]);
    assert!(applied.diagnostics[0].detail.contains("ssh://site?"), "{}", applied.diagnostics[0].detail);
    world.cluster = made;
    world.destroy("the end").await;
}

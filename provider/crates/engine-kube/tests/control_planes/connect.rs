//! Connecting by reference.

use domain::cluster::ClusterUid;
use domain::cluster_ref::{ClusterRef, Place};
use engines::clusters::Clusters;
use engines::error::{CredentialProblem, Kind};

use engine_kube::connect::KubeClusters;
use kube::config::Kubeconfig;

use crate::setup::{Lab, limits, told};

#[tokio::test]
async fn a_cluster_says_who_it_is_and_another_uid_is_refused() {
    let Some(lab) = Lab::find() else { return };
    let hub = lab.connect("hub").await;
    let edge = lab.connect("edge").await;
    assert_ne!(hub.facts().uid, edge.facts().uid);
    assert!(hub.facts().version.starts_with("1."), "{}", hub.facts().version);
    assert!(hub.facts().endpoint.starts_with("https://127.0.0.1:"), "{}", hub.facts().endpoint);

    let right = lab.reference("hub").with_uid(hub.facts().uid.clone());
    assert!(lab.clusters.connect(&right, &limits()).await.is_ok());
    let wrong = lab.reference("hub").with_uid(ClusterUid::new("someone-else"));
    let Err(error) = lab.clusters.connect(&wrong, &limits()).await else { panic!("it was taken") };
    assert_eq!(error.kind, Kind::AnotherCluster);
    let text = error.chain();
    assert!(text.contains("someone-else") && text.contains(hub.facts().uid.as_str()), "{text}");
}

#[tokio::test]
async fn a_context_that_is_not_there_is_said_with_those_that_are() {
    let Some(lab) = Lab::find() else { return };
    let Err(error) = lab.clusters.connect(&lab.reference("moon"), &limits()).await else {
        panic!("it was taken")
    };
    assert_eq!(error.kind, Kind::Credentials(CredentialProblem::NoContext));
    assert!(error.chain().contains("edge, "), "{}", error.chain());
}

/// The kind of the trouble with the lab's hub when its kubeconfig is changed by `spoil`.
async fn trouble(spoil: impl Fn(&mut Kubeconfig)) -> Option<Kind> {
    let path = told("KURATOR_LAB_KUBECONFIG")?;
    let mut kubeconfig = Kubeconfig::read_from(path).unwrap();
    spoil(&mut kubeconfig);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, serde_json::to_string(&kubeconfig).unwrap()).unwrap();
    let place = Place::File { path: path.to_str().unwrap().to_owned(), context: Some("hub".into()) };
    let connected = KubeClusters::default().connect(&ClusterRef { place, uid: None }, &limits()).await;
    Some(connected.err().unwrap().kind)
}

#[tokio::test]
async fn a_wrong_token_a_strangers_certificate_and_a_wrong_name_are_told_apart() {
    let Some(kind) = trouble(|config| {
        for user in config.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
            user.token = Some("hunter2".to_owned().into());
            (user.client_certificate, user.client_certificate_data) = (None, None);
            (user.client_key, user.client_key_data) = (None, None);
        }
    })
    .await
    else {
        return;
    };
    assert_eq!(kind, Kind::Unauthenticated);
    let kind = trouble(|config| {
        let clusters = &mut config.clusters;
        let other = clusters.iter().find(|named| named.name != "hub").and_then(|named| named.cluster.clone());
        let other = other.and_then(|cluster| cluster.certificate_authority_data);
        for cluster in clusters.iter_mut().filter(|named| named.name == "hub") {
            cluster.cluster.as_mut().unwrap().certificate_authority_data.clone_from(&other);
        }
    });
    assert_eq!(kind.await, Some(Kind::Untrusted));
    let kind = trouble(|config| {
        for cluster in config.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
            cluster.tls_server_name = Some("elsewhere.example".into());
        }
    });
    assert_eq!(kind.await, Some(Kind::Untrusted));
}

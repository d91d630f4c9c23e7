//! Connecting by reference.

use domain::cluster::ClusterUid;
use engines::clusters::Clusters;
use engines::error::{CredentialProblem, Kind};

use crate::setup::{Lab, limits};

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

//! A cluster as a giver of credentials.

use std::time::Duration;

use domain::cluster_ref::{ClusterRef, Place};
use engine_kube::connect::KubeClusters;
use engines::clusters::Clusters as _;
use engines::credentials::{Identity, Wish};
use engines::error::Kind;
use engines::secret::ExposeSecret as _;

use crate::setup::{Lab, limits};

#[tokio::test]
async fn what_is_minted_opens_the_same_cluster_with_the_accounts_rights_alone() {
    let Some(lab) = Lab::find() else { return };
    let edge = lab.connect("edge").await;
    let account = |name: &str| Wish {
        identity: Identity::ServiceAccount { namespace: "default".to_owned(), name: name.to_owned() },
        lifetime: Duration::from_mins(10),
    };
    let given = edge.lender().credentials(&account("default"), &limits()).await.unwrap();
    assert_eq!(given.endpoint, edge.facts().endpoint);
    let left = given.expires.unwrap().duration_since(jiff::Timestamp::now()).as_secs();
    assert!((540..=601).contains(&left), "{left} s are left");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, given.kubeconfig.expose_secret()).unwrap();
    let place = Place::File { path: path.to_str().unwrap().to_owned(), context: None };
    let reached = KubeClusters::default().connect(&ClusterRef { place, uid: None }, &limits()).await;
    // It is known there, and may not read what we ask first.
    assert_eq!(reached.err().map(|error| error.kind), Some(Kind::Denied));

    let Err(error) = edge.lender().credentials(&account("nobody"), &limits()).await else {
        panic!("a token of nobody was given")
    };
    assert_eq!(error.kind, Kind::NotFound);
}

#[tokio::test]
async fn what_is_passed_on_is_the_kubeconfig_itself() {
    let Some(lab) = Lab::find() else { return };
    let edge = lab.connect("edge").await;
    let wish = Wish { identity: Identity::Own, lifetime: Duration::from_mins(10) };
    let given = edge.lender().credentials(&wish, &limits()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, given.kubeconfig.expose_secret()).unwrap();
    let place = Place::File { path: path.to_str().unwrap().to_owned(), context: None };
    let uid = Some(edge.facts().uid.clone());
    assert!(KubeClusters::default().connect(&ClusterRef { place, uid }, &limits()).await.is_ok());
}

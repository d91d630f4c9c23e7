//! A cluster as a member of fleets.

use domain::fleet::AccessSpec;
use domain::mark::Incarnation;
use domain::object_id::ObjectId;
use engines::error::Kind;
use engines::fleet_host::Conflicts;
use engines::secret::ExposeSecret as _;

use crate::setup::{Lab, limits, mark, name};

#[tokio::test]
async fn access_is_granted_once_kept_and_revoked_whole() {
    let Some(lab) = Lab::find() else { return };
    let edge = lab.connect("edge").await;
    let member = edge.member();
    let spec = AccessSpec::of(&name("ek-member"), "0f3c0d8e", "view");
    assert!(!member.has_access(&spec, &limits()).await.unwrap());

    let first = member.grant(&spec, &limits()).await.unwrap();
    let second = member.grant(&spec, &limits()).await.unwrap();
    assert_eq!(first.token.expose_secret(), second.token.expose_secret());
    assert_eq!(first.endpoint, edge.facts().endpoint);
    assert!(first.certificate_authority.is_some_and(|pem| pem.starts_with("-----BEGIN CERTIFICATE-----")));
    assert!(member.has_access(&spec, &limits()).await.unwrap());

    let wider = AccessSpec { role: "edit".into(), ..spec.clone() };
    assert!(!member.has_access(&wider, &limits()).await.unwrap());
    member.grant(&wider, &limits()).await.unwrap();
    assert!(member.has_access(&wider, &limits()).await.unwrap());

    member.revoke(&wider, &limits()).await.unwrap();
    assert!(!member.has_access(&wider, &limits()).await.unwrap());
    member.revoke(&wider, &limits()).await.unwrap();
}

#[tokio::test]
async fn a_strangers_namespace_is_neither_used_nor_removed() {
    let Some(lab) = Lab::find() else { return };
    let edge = lab.connect("edge").await;
    // A namespace that bears a mark, but not the account's label.
    let fleet = name("ek-stranger");
    let made = mark("kurator_fleet", &fleet, "i-1");
    edge.fleet_host().put_namespace(&fleet, &made, "view", Conflicts::Refuse, &limits()).await.unwrap();
    let spec = AccessSpec {
        namespace: "kurator-ek-stranger".into(),
        account: "kurator-ek-stranger".into(),
        role: "view".into(),
    };
    let Err(error) = edge.member().grant(&spec, &limits()).await else { panic!("it was taken over") };
    assert_eq!(error.kind, Kind::AlreadyExists);
    edge.member().revoke(&spec, &limits()).await.unwrap();
    let facts = edge.fleet_host().observe_fleet(&fleet, &limits()).await.unwrap();
    assert!(!facts.namespace.unwrap().deleting);
    edge.fleet_host().remove_namespace(&fleet, &Incarnation::new("i-1"), &limits()).await.unwrap();
}

#[tokio::test]
async fn what_remains_is_told_for_any_kind() {
    let Some(lab) = Lab::find() else { return };
    let edge = lab.connect("edge").await;
    let id = |text: &str, version: &str| ObjectId::from_inventory(text, version).unwrap();
    let there = [
        id("_kube-system__Namespace", "v1"),
        id("_system__node_rbac.authorization.k8s.io_ClusterRole", "v1"),
        id("kube-system_kube-root-ca.crt__ConfigMap", "v1"),
    ];
    let gone = [
        id("nowhere_a__ConfigMap", "v1"),
        id("default_a_apps_Deployment", "v1"),
        id("default_a_no.such.group_Thing", "v1"),
        id("default_a__NoSuchKind", "v1"),
    ];
    let all: Vec<ObjectId> = gone.iter().chain(&there).cloned().collect();
    assert_eq!(edge.member().remaining(&all, &limits()).await.unwrap(), there);
}

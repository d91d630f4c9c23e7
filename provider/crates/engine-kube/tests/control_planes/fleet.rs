//! A cluster as the carrier of fleets.

use std::collections::BTreeMap;

use domain::fleet::{FleetFacts, MemberRecord, NamespaceFacts};
use engines::fleet_host::Conflicts;
use engines::member::Access;
use engines::secret::SecretString;

use crate::setup::{Lab, incarnation, limits, mark, name};

#[tokio::test]
async fn a_fleet_is_made_observed_changed_and_removed() {
    let Some(lab) = Lab::find() else { return };
    let hub = lab.connect("hub").await;
    let host = hub.fleet_host();
    let (fleet, edge) = (name("ek-fleet"), name("edge"));
    let mark = mark("kurator_fleet", &fleet, "i-1");
    assert_eq!(host.observe_fleet(&fleet, &limits()).await.unwrap(), FleetFacts::default());

    host.put_namespace(&fleet, &mark, "cluster-admin", Conflicts::Refuse, &limits()).await.unwrap();
    let facts = host.observe_fleet(&fleet, &limits()).await.unwrap();
    let namespace = NamespaceFacts {
        mark: Some(mark.clone()),
        deleting: false,
        member_role: Some("cluster-admin".into()),
    };
    assert_eq!(facts, FleetFacts { namespace: Some(namespace), members: BTreeMap::new() });

    let mut record = MemberRecord {
        cluster: lab.reference("edge"),
        labels: BTreeMap::from([("env".to_owned(), "edge".to_owned())]),
        api_server: Some("https://10.0.0.1:6443".into()),
    };
    let access = Access {
        endpoint: "https://10.0.0.1:6443".into(),
        certificate_authority: None,
        token: SecretString::from("hunter2"),
    };
    host.put_member(&fleet, &edge, &record, None, Conflicts::Refuse, &limits()).await.unwrap();
    let facts = host.observe_fleet(&fleet, &limits()).await.unwrap();
    assert!(!facts.members[&edge].has_kubeconfig);
    assert_eq!(facts.members[&edge].cluster, Some(record.cluster.clone()));

    host.put_member(&fleet, &edge, &record, Some(&access), Conflicts::Refuse, &limits()).await.unwrap();
    record.labels.clear();
    record.api_server = None;
    host.put_member(&fleet, &edge, &record, None, Conflicts::Refuse, &limits()).await.unwrap();
    let facts = host.observe_fleet(&fleet, &limits()).await.unwrap();
    let member = &facts.members[&edge];
    assert!(member.has_kubeconfig, "a record without access keeps the kubeconfig");
    assert_eq!((&member.labels, &member.api_server), (&BTreeMap::new(), &None));

    host.remove_member(&fleet, &edge, &limits()).await.unwrap();
    host.remove_member(&fleet, &edge, &limits()).await.unwrap();
    host.remove_namespace(&fleet, &incarnation("i-2"), &limits()).await.unwrap();
    let facts = host.observe_fleet(&fleet, &limits()).await.unwrap();
    assert!(facts.members.is_empty());
    assert_eq!(
        facts.namespace.map(|namespace| namespace.deleting),
        Some(false),
        "another incarnation's stays"
    );

    host.remove_namespace(&fleet, &incarnation("i-1"), &limits()).await.unwrap();
    assert_eq!(host.observe_fleet(&fleet, &limits()).await.unwrap(), FleetFacts::default());
}

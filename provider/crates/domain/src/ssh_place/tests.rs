use proptest::prelude::*;

use super::*;
use crate::cluster::ClusterUid;
use crate::cluster_ref::{ClusterRef, FleetRef, Place};

const KEY: &str = "SHA256%3AuNiVztksCsDhcc0u9e8BgrJXVGDlaXrS3kKlYt2BUlE";

fn parse(text: &str) -> Result<ClusterRef, RefProblem> {
    ClusterRef::parse(text)
}

fn place(text: &str) -> SshPlace {
    match parse(text).unwrap().place {
        Place::Ssh(place) => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reference_with_everything_reads_back_as_written() {
    let text = format!(
        "ssh://site?user=admin&become=sudo&cp=10.77.0.11%3A22&hostkey={KEY}&cp=%5Bfd00%3A%3A1%5D%3A2222\
         &bastion=jump%40gate.example%3A22&credential=gate&hostkey={KEY}&uid=0f-1"
    );
    assert_eq!(parse(&text).map(|it| it.to_string()), Ok(text.clone()));
    let machines: Vec<_> = place(&text).machines().collect();
    assert_eq!(machines[0].to_string(), "admin@10.77.0.11:22 by way of jump@gate.example:22");
    assert_eq!(machines[0].bastions[0].credential, "gate");
    assert_eq!(machines[0].login.credential, "site");
    assert!(machines[0].login.host_keys.pinned.is_some());
    assert_eq!(machines[1].login.at, HostPort::new("fd00::1", 2222));
    assert_eq!(machines[1].login.host_keys, HostKeyPolicy::default());
    assert_eq!(machines[1].becomes, Become::Sudo);
}

#[test]
fn it_is_read_as_people_write_it() {
    let key = "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDlaXrS3kKlYt2BUlE";
    let it = place(&format!("ssh://site?user=admin&cp=10.77.0.11&hostkey={key}&bastion=jump@gate"));
    assert_eq!(it.control_planes[0].at, HostPort::new("10.77.0.11", 22));
    assert_eq!(it.control_planes[0].key.map(|key| key.to_string()).as_deref(), Some(key));
    assert_eq!(it.bastions[0].user, "jump");
    assert_eq!(it.machines().next().unwrap().bastions[0].credential, "site");
    assert_eq!(Place::Ssh(it).called(), "10.77.0.11");
}

#[test]
fn what_is_missing_or_in_the_wrong_place_is_named() {
    let value = |key: &str, value: &str| RefProblem::Value { key: key.to_owned(), value: value.to_owned() };
    for (text, problem) in [
        ("ssh:site?user=a&cp=h".to_owned(), RefProblem::Slashes),
        ("ssh://?user=a&cp=h".to_owned(), RefProblem::Empty),
        ("ssh://site?cp=h".to_owned(), RefProblem::Missing("user")),
        ("ssh://site?user=a".to_owned(), RefProblem::Missing("cp")),
        ("ssh://site?user=a&cp=h:0".to_owned(), value("cp", "h:0")),
        ("ssh://site?user=&cp=h".to_owned(), value("user", "")),
        ("ssh://site?user=a&cp=h&become=su".to_owned(), value("become", "su")),
        ("ssh://site?user=a&cp=h&bastion=gate".to_owned(), value("bastion", "gate")),
        ("ssh://site?user=a&cp=h&hostkey=MD5:1".to_owned(), value("hostkey", "MD5:1")),
        (format!("ssh://site?user=a&hostkey={KEY}&cp=h"), RefProblem::Parameter("hostkey".to_owned())),
        (
            format!("ssh://site?user=a&cp=h&hostkey={KEY}&hostkey={KEY}"),
            RefProblem::Parameter("hostkey".to_owned()),
        ),
        ("ssh://site?user=a&cp=h&credential=b".to_owned(), RefProblem::Parameter("credential".to_owned())),
        ("ssh://site?user=a&cp=h&context=b".to_owned(), RefProblem::Parameter("context".to_owned())),
    ] {
        assert_eq!(parse(&text), Err(problem), "{text}");
    }
    assert_eq!(FleetRef::parse("ssh://site?user=a&cp=h"), Err(RefProblem::ClusterForFleet));
}

fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 .@:/?&=%_äß-]{1,12}"
}

fn hosts() -> impl Strategy<Value = KnownHost> {
    let host = prop_oneof!["[a-z0-9][a-z0-9.-]{0,12}", "[0-9a-f]{1,4}(:[0-9a-f]{1,4}){2,7}"];
    (host, 1..=u16::MAX, proptest::option::of(any::<[u8; 32]>())).prop_map(|(host, port, key)| KnownHost {
        at: HostPort { host, port },
        key: key.map(HostKeyFingerprint::new),
    })
}

fn bastions() -> impl Strategy<Value = Bastion> {
    (hosts(), words(), proptest::option::of(words())).prop_map(|(host, user, credential)| Bastion {
        host,
        user,
        credential,
    })
}

fn places() -> impl Strategy<Value = SshPlace> {
    let becomes = prop_oneof![Just(Become::Nobody), Just(Become::Sudo)];
    let control_planes = proptest::collection::vec(hosts(), 1..4);
    let bastions = proptest::collection::vec(bastions(), 0..3);
    (words(), words(), becomes, control_planes, bastions).prop_map(
        |(credential, user, becomes, control_planes, bastions)| SshPlace {
            credential,
            user,
            becomes,
            control_planes,
            bastions,
        },
    )
}

proptest! {
    #[test]
    fn any_reference_reads_back_as_the_same(place in places(), uid in proptest::option::of("[0-9a-f-]{1,36}")) {
        let reference = ClusterRef { place: Place::Ssh(place), uid: uid.map(ClusterUid::new) };
        let text = reference.to_string();
        prop_assert_eq!(ClusterRef::parse(&text), Ok(reference.clone()), "{}", text);
        let fleet = format!("fleet:demo?host={}", encode(&text));
        prop_assert_eq!(FleetRef::parse(&fleet).map(|fleet| fleet.host), Ok(reference), "{}", fleet);
    }
}

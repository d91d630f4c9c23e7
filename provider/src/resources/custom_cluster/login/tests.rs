use domain::mirrors::Mirrors;
use serde_json::json;

use super::*;
use crate::resources::custom_cluster::convert::setup;
use crate::resources::custom_cluster::testing::{KEY, OTHER_KEY, UNKNOWN, but, said};

fn key(text: &str) -> HostKeyFingerprint {
    HostKeyFingerprint::parse(text).unwrap()
}

fn files() -> KnownHosts {
    KnownHosts(BTreeMap::from([("known_hosts".to_owned(), "w1 ssh-ed25519 AAAA".to_owned())]))
}

fn address_of(name: &str, model: &CustomClusterModel, stored: Option<&CustomClusterModel>) -> MachineAddress {
    let setup = setup(model, stored, &Mirrors::default(), &files()).unwrap();
    setup.machines[&domain::name::Name::parse(name).unwrap()].login.clone()
}

fn policy(model: &CustomClusterModel, stored: Option<&CustomClusterModel>) -> HostKeyPolicy {
    address_of("w1", model, stored).login.host_keys
}

#[test]
fn a_machine_overrides_each_attribute_by_itself() {
    let model = but(json!({
        "ssh": { "port": 2222, "bastions": [{ "host": "gate.example", "host_key": KEY }] },
        "machines": { "w1": { "ssh": { "user": "root", "port": 22 } } },
    }));
    assert_eq!(
        address_of("cp1", &model, None).to_string(),
        "admin@10.77.0.11:2222 by way of admin@gate.example:22"
    );
    let worker = address_of("w1", &model, None);
    assert_eq!(worker.to_string(), "root@10.77.0.21:22 by way of root@gate.example:22");
    assert_eq!(worker.login.credential, "site");
    assert_eq!(worker.bastions[0].host_keys, HostKeyPolicy::pinned(key(KEY)));
}

#[test]
fn everybody_but_root_becomes_root_by_sudo_unless_told_otherwise() {
    for (ssh, becomes) in [
        (json!({ "user": "admin" }), Become::Sudo),
        (json!({ "user": "root" }), Become::Nobody),
        (json!({ "user": null }), Become::Nobody),
        (json!({ "user": "admin", "become": false }), Become::Nobody),
        (json!({ "user": "root", "become": true }), Become::Sudo),
    ] {
        assert_eq!(address_of("w1", &but(json!({ "ssh": ssh })), None).becomes, becomes, "{ssh}");
    }
    let defaults = address_of("w1", &but(json!({ "ssh": null })), None).login;
    assert_eq!((defaults.user.as_str(), defaults.credential.as_str()), ("root", "default"));
}

#[test]
fn a_pinned_key_comes_before_known_hosts_and_what_a_machine_says_before_what_all_say() {
    let by_file =
        HostKeyPolicy { known_hosts: Some("w1 ssh-ed25519 AAAA".into()), ..HostKeyPolicy::default() };
    let by_text = HostKeyPolicy { known_hosts: Some("text".into()), ..HostKeyPolicy::default() };
    for (all, own, want) in [
        (json!({}), json!({}), HostKeyPolicy::default()),
        (json!({ "host_key": KEY }), json!({}), HostKeyPolicy::pinned(key(KEY))),
        (json!({ "host_key": KEY }), json!({ "host_key": OTHER_KEY }), HostKeyPolicy::pinned(key(OTHER_KEY))),
        (
            json!({ "host_key": KEY, "known_hosts": { "path": "known_hosts" } }),
            json!({}),
            HostKeyPolicy::pinned(key(KEY)),
        ),
        (json!({ "known_hosts": { "path": "known_hosts" } }), json!({}), by_file),
        (json!({ "host_key": KEY }), json!({ "known_hosts": { "content": "text" } }), by_text),
    ] {
        let model = but(json!({ "ssh": all, "machines": { "w1": { "ssh": own } } }));
        assert_eq!(policy(&model, None), want, "{all} {own}");
    }
}

#[test]
fn a_key_that_was_accepted_is_the_only_one_while_the_machine_stays_where_it_is() {
    let accepting = json!({ "ssh": { "accept_new_host_keys": true } });
    let model = but(accepting.clone());
    let anyone = HostKeyPolicy { accepts_new: true, ..HostKeyPolicy::default() };
    assert_eq!(policy(&model, None), anyone);
    let with_key = |address: &str| {
        but(json!({
            "ssh": { "accept_new_host_keys": true },
            "machines": { "w1": { "address": address } },
            "host_keys": { "w1": KEY },
        }))
    };
    let recorded = HostKeyPolicy { recorded: Some(key(KEY)), ..anyone.clone() };
    assert_eq!(policy(&model, Some(&with_key("10.77.0.21"))), recorded);
    assert_eq!(policy(&model, Some(&with_key("10.77.0.99"))), anyone);
    let strict = but(json!({}));
    assert_eq!(policy(&strict, Some(&with_key("10.77.0.21"))), HostKeyPolicy::default());
}

#[test]
fn a_known_hosts_file_that_was_not_read_is_told() {
    let model = but(json!({ "machines": { "w1": { "ssh": { "known_hosts": { "path": "elsewhere" } } } } }));
    assert_eq!(known_hosts_paths(&model), BTreeSet::from(["elsewhere".to_owned()]));
    let problems = setup(&model, None, &Mirrors::default(), &files()).unwrap_err();
    assert_eq!(said(problems), ["machines[\"w1\"].ssh.known_hosts.path: Value is not of its form"]);
}

#[test]
fn logins_are_compared_by_what_they_come_to() {
    let text = |over| login_text(&but(over), "w1");
    let plain = text(json!({}));
    assert!(plain.is_some());
    assert_eq!(text(json!({ "ssh": { "port": 22, "become": true } })), plain);
    for over in [
        json!({ "ssh": { "port": 23 } }),
        json!({ "ssh": { "user": "other" } }),
        json!({ "ssh": { "host_key": KEY } }),
        json!({ "machines": { "w1": { "ssh": { "credential": "other" } } } }),
    ] {
        assert_ne!(text(over.clone()), plain, "{over}");
    }
    assert_eq!(text(json!({ "ssh": { "user": UNKNOWN } })), None);
    assert_eq!(
        host_key_text(&but(json!({ "ssh": { "user": UNKNOWN } })), "w1"),
        host_key_text(&but(json!({})), "w1")
    );
    assert_eq!(host_key_text(&but(json!({ "ssh": { "host_key": UNKNOWN } })), "w1"), None);
}

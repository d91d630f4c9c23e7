use serde_json::{Value as Json, json};
use tf_value::diagnostic::Diagnostics;

use super::*;
use crate::resources::custom_cluster::testing::{KEY, OTHER_KEY, UNKNOWN, but, said};

/// What is stored of the small cluster.
fn stored() -> Json {
    let node = |role: &str, address: &str, ready: bool| json!({ "role": role, "address": address, "version": "1.34.4", "ready": ready });
    json!({
        "ref": "ssh://site?user=admin&cp=10.77.0.11&uid=1",
        "endpoint": "https://api.factory.internal:6443",
        "host_keys": { "cp1": KEY, "w1": OTHER_KEY },
        "nodes": { "cp1": node("control_plane", "10.77.0.11", true), "w1": node("worker", "10.77.0.21", false) },
    })
}

struct Planned {
    model: CustomClusterModel,
    said: Vec<String>,
    replaces: Vec<String>,
    steps: Option<Vec<String>>,
}

fn planned(prior: Option<&Json>, config: &Json, mends: bool, allow_replacement: bool) -> Planned {
    let prior = prior.map(|prior| but(prior.clone()));
    let config = but(config.clone());
    let mut model = config.clone();
    model.r#ref = Value::Unknown;
    model.endpoint = Value::Unknown;
    model.host_keys = Value::Unknown;
    model.nodes = Value::Unknown;
    let mut own = OwnPlan {
        config: &config,
        prior: prior.as_ref(),
        planned: &mut model,
        mends,
        allow_replacement,
        last_change: Value::Unknown,
        replace: Vec::new(),
        diagnostics: Diagnostics::none(),
    };
    plan(&mut own);
    let OwnPlan { last_change, replace, diagnostics, .. } = own;
    Planned {
        model,
        said: said(diagnostics),
        replaces: replace.iter().map(ToString::to_string).collect(),
        steps: last_change.into_known().map(|change| change.steps),
    }
}

fn update(config: &Json) -> Planned {
    planned(Some(&stored()), config, false, false)
}

/// A node in short: its version and whether it is ready.
fn node(planned: &Planned, name: &str) -> String {
    let shown = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
    let node = planned.model.nodes.known().unwrap()[name].known().unwrap();
    let ready = node.ready.known().map(ToString::to_string);
    format!("{} {}", shown(node.version.known().cloned()), shown(ready))
}

/// The host keys in short.
fn keys(planned: &Planned) -> Option<Vec<String>> {
    let keys = planned.model.host_keys.known()?.iter();
    Some(keys.map(|(name, key)| format!("{name} {}", key.known().map_or("?", |key| &key[..8]))).collect())
}

#[test]
fn a_create_knows_what_configuration_says() {
    let made = planned(None, &json!({}), false, false);
    assert_eq!(made.model.endpoint, Value::Known("https://api.factory.internal:6443".to_owned()));
    assert_eq!((&made.model.r#ref, keys(&made)), (&Value::Unknown, None));
    assert_eq!((node(&made, "cp1").as_str(), node(&made, "w1").as_str()), ("1.34.4 ?", "1.34.4 ?"));
    assert_eq!(made.steps.unwrap().len(), 3);
}

#[test]
fn what_no_step_touches_keeps_what_it_was() {
    let labels = update(&json!({ "machines": { "w1": { "labels": { "zone": "b" } } } }));
    assert_eq!((node(&labels, "cp1").as_str(), node(&labels, "w1").as_str()), ("1.34.4 true", "1.34.4 ?"));
    assert_eq!(keys(&labels).unwrap(), ["cp1 SHA256:u", "w1 SHA256:A"]);
    assert!(labels.model.r#ref.known().is_some());
    assert_eq!(labels.steps.unwrap(), ["w1: relabel"]);
    let nothing = update(&json!({ "workers_strategy": { "max_unavailable": 2 } }));
    assert_eq!(
        (node(&nothing, "cp1").as_str(), node(&nothing, "w1").as_str()),
        ("1.34.4 true", "1.34.4 false")
    );
}

#[test]
fn a_new_machine_leaves_the_others_known_but_for_keys() {
    let grown = update(&json!({ "machines": { "w2": { "role": "worker", "address": "10.77.0.22" } } }));
    assert_eq!(keys(&grown), None);
    assert_eq!((node(&grown, "w1").as_str(), node(&grown, "w2").as_str()), ("1.34.4 false", "1.34.4 ?"));
    assert!(grown.model.r#ref.known().is_some());
    let moved = update(&json!({ "machines": { "w1": { "address": "10.77.0.22" } } }));
    assert_eq!((keys(&moved), node(&moved, "w1").as_str()), (None, "1.34.4 ?"));
    let shrunk = update(&json!({ "machines": { "w1": null } }));
    assert_eq!(keys(&shrunk).unwrap(), ["cp1 SHA256:u"]);
    assert_eq!(shrunk.steps.unwrap(), ["w1: drain and leave"]);
}

#[test]
fn a_login_of_the_control_plane_is_part_of_the_reference() {
    let all = update(&json!({ "ssh": { "user": "other" } }));
    assert_eq!(all.model.r#ref, Value::Unknown);
    assert_eq!(keys(&all).unwrap(), ["cp1 SHA256:u", "w1 SHA256:A"]);
    let worker = update(&json!({ "machines": { "w1": { "ssh": { "user": "other", "host_key": KEY } } } }));
    assert!(worker.model.r#ref.known().is_some());
    assert_eq!(keys(&worker).unwrap(), ["cp1 SHA256:u", "w1 ?"]);
    let carrier = update(&json!({ "machines": { "cp1": { "ssh": { "host_key": KEY } } } }));
    assert_eq!((&carrier.model.r#ref, keys(&carrier).unwrap()[0].as_str()), (&Value::Unknown, "cp1 ?"));
}

#[test]
fn what_is_mended_may_become_anything() {
    let mended = planned(Some(&stored()), &json!({}), true, false);
    assert_eq!((node(&mended, "cp1").as_str(), node(&mended, "w1").as_str()), ("1.34.4 ?", "1.34.4 ?"));
    assert_eq!(keys(&mended).unwrap(), ["cp1 SHA256:u", "w1 ?"]);
    assert!(mended.model.r#ref.known().is_some());
    // A version that a person changed by hand may stay or go.
    let mut by_hand = stored();
    by_hand["nodes"]["w1"]["version"] = json!("1.34.5");
    assert_eq!(node(&planned(Some(&by_hand), &json!({}), true, false), "w1"), "? ?");
    assert_eq!(node(&planned(Some(&by_hand), &json!({}), false, false), "w1"), "1.34.5 false");
}

#[test]
fn a_refusal_is_told_or_replaces_where_that_is_allowed() {
    let config = json!({ "network": { "dns_domain": "site.local" } });
    let refused = update(&config);
    assert_eq!(refused.said, ["network.dns_domain: Cluster cannot be changed so"]);
    assert_eq!(refused.replaces, [""; 0]);
    let allowed = planned(Some(&stored()), &config, false, true);
    assert_eq!((allowed.said, allowed.replaces), (vec![], vec!["network.dns_domain".to_owned()]));
}

#[test]
fn what_is_unknown_stays_unknown() {
    let address = update(&json!({ "machines": { "w1": { "address": UNKNOWN } } }));
    assert_eq!((keys(&address), address.steps.clone()), (None, None));
    assert_eq!(node(&address, "w1"), "1.34.4 ?");
    let machines = update(&json!({ "machines": UNKNOWN }));
    assert!(machines.model.nodes.is_unknown() && machines.model.r#ref.is_unknown());
    let version = planned(None, &json!({ "version": UNKNOWN }), false, false);
    assert_eq!(node(&version, "w1"), "? ?");
    let endpoint = planned(None, &json!({ "control_plane": { "endpoint": UNKNOWN } }), false, false);
    assert!(endpoint.model.endpoint.is_unknown());
    let kubelet =
        planned(None, &json!({ "artifacts": { "versions": { "kubelet": "v1.34.3" } } }), false, false);
    assert_eq!(node(&kubelet, "w1"), "1.34.3 ?");
}

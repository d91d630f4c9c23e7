//! The data source that looks at machines and changes nothing.

use engines::error::{HostKeyProblem, Kind};
use serde_json::{Value as Json, json};
use testkit::protocol_client::in_words;
use testkit::protocol_client_schema::to_json;
use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;

use super::{CP1, W1, W2, World};
use crate::world::raw;

const DATA: &str = "kurator_machine_check";

/// A configuration of these machines.
fn config(world: &World, given: &Json) -> Raw {
    let mut whole = json!({
        "version": "1.34.4",
        "ssh": { "user": "admin", "credential": "site", "accept_new_host_keys": true },
        "machines": {
            "cp1": { "role": "control_plane", "address": CP1 },
            "w1": { "role": "worker", "address": W1 },
            "w2": { "role": "worker", "address": W2 },
        },
    });
    if let (Json::Object(whole), Json::Object(given)) = (&mut whole, given.clone()) {
        whole.extend(given);
    }
    world.client.data_source(DATA).unwrap().object(raw(&whole)).unwrap()
}

async fn read(world: &World, given: &Json) -> (Json, Vec<pb::Diagnostic>) {
    let (object, said) = world.client.read_data(DATA, &config(world, given)).await.unwrap();
    (to_json(&object), said)
}

/// Findings in short.
fn findings(object: &Json) -> Vec<String> {
    let findings = object["findings"].as_array().unwrap().iter();
    let text = |finding: &Json, name: &str| finding[name].as_str().unwrap().to_owned();
    findings
        .map(|finding| {
            assert!(!text(finding, "saw").is_empty() && !text(finding, "way_out").is_empty(), "{finding}");
            let [severity, check, attribute] =
                ["severity", "check", "attribute"].map(|name| text(finding, name));
            assert!(attribute.contains(&format!("\"{}\"", text(finding, "machine"))), "{finding}");
            format!("{severity} {check} {attribute}")
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_that_are_fit_are_described() {
    let world = World::new().await;
    let (object, said) = read(&world, &json!({})).await;
    assert_eq!((in_words(&said), findings(&object)), (vec![], vec![]));
    assert_eq!(object["ok"], json!(true));
    let facts = &object["facts"]["w1"];
    for (name, value) in [
        ("os", json!("Debian GNU/Linux 13 (trixie)")),
        ("arch", json!("amd64")),
        ("kernel", json!("6.18.5")),
        ("memory_mib", json!(8192)),
        ("cpus", json!(4)),
        ("cgroup", json!("v2")),
    ] {
        assert_eq!(facts[name], value, "{name}");
    }
    assert!(facts["host_key"].as_str().unwrap().starts_with("SHA256:"), "{facts}");
    assert_eq!(world.mutations(), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_finding_is_a_value_and_nothing_is_changed() {
    let world = World::new().await;
    world.site.tells(CP1, "kurator:swap /dev/sda2");
    world.site.tells(W1, "kurator:os ID slackware");
    world.site.machines.set_trouble(&format!("{W2}:22"), Some(Kind::Unreachable));
    let (object, said) = read(&world, &json!({})).await;
    assert_eq!(in_words(&said), [""; 0]);
    assert_eq!(
        findings(&object),
        [
            "error swap machines[\"cp1\"]",
            "error reach machines[\"w2\"]",
            "warning operating_system machines[\"w1\"]",
        ]
    );
    assert_eq!((&object["ok"], &object["facts"]["w2"]), (&json!(false), &Json::Null));
    let (object, _) = read(
        &world,
        &json!({ "swap": "keep", "machines": {
        "cp1": { "role": "control_plane", "address": CP1 },
        "w1": { "role": "worker", "address": W1 },
    } }),
    )
    .await;
    assert_eq!(object["ok"], json!(true), "{object}");
    world.site.machines.set_trouble(&format!("{W2}:22"), Some(Kind::HostKey(HostKeyProblem::Differs)));
    assert!(
        findings(&read(&world, &json!({})).await.0).contains(&"error host_key machines[\"w2\"]".to_owned())
    );
    assert_eq!(world.mutations(), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_of_a_cluster_is_a_finding_unless_the_cluster_is_named() {
    let mut world = World::new().await;
    world.made("1 + 2", &[("w1", W1), ("w2", W2)]).await;
    let (object, _) = read(&world, &json!({})).await;
    let clusters =
        findings(&object).into_iter().filter(|finding| finding.starts_with("error cluster")).count();
    assert_eq!(clusters, 3, "{object}");
    // One that is a node already has shown that it can be.
    world.site.tells(W1, "kurator:swap /dev/sda2");
    let (object, _) = read(&world, &json!({ "name": "factory" })).await;
    assert_eq!((findings(&object), &object["ok"]), (vec![], &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_alone_can_be_looked_at_and_bad_input_is_told_at_its_place() {
    let world = World::new().await;
    let alone = json!({ "machines": { "w1": { "role": "worker", "address": W1 } } });
    let (object, said) = read(&world, &alone).await;
    assert_eq!((in_words(&said), &object["ok"]), (vec![], &json!(true)));
    let twice = json!({ "machines": {
        "w1": { "role": "worker", "address": W1 },
        "w2": { "role": "worker", "address": W1 },
    } });
    let (_, said) = world.client.read_data(DATA, &config(&world, &twice)).await.unwrap();
    assert_eq!(in_words(&said), ["error: machines[\"w2\"].address: Two machines have one address"]);
}

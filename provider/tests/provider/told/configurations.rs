//! What is said of a configuration and of a plan.

use serde_json::{Value as Json, json};
use testkit::protocol_client_instance::Instance;
use tf_value::raw::Raw;
use tf_value::ty::Type;

use super::{application_but, application_of, edit, fleet_but, object, said, told};
use crate::world::{World, assert_good, raw};

#[tokio::test(flavor = "multi_thread")]
async fn every_value_that_cannot_be_used_is_told_at_its_place() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    for (given, want) in [
        (json!({ "name": "Not_A_Name" }), "error: name: Fleet name is not a DNS-1123 label"),
        (json!({ "timeouts": { "create": "ten" } }), "error: timeouts.create: Not a duration"),
        (json!({ "flux": { "source": "https://x" } }), "error: flux.source: Not the URL of an OCI artifact"),
        (json!({ "flux": { "digest": "sha256:1" } }), "error: flux.digest: Not a digest"),
        (json!({ "flux": { "concurrency": 0 } }), "error: flux.concurrency: Not a count of at least one"),
        (
            json!({ "clusters": { "a": { "ref": "env:A", "labels": { "env": "-x" } } } }),
            "error: clusters[\"a\"].labels: Not a Kubernetes label",
        ),
        (json!({ "deletion_policy": "keep" }), "error: deletion_policy: Not one of the possible values"),
    ] {
        let config = fleet_but(&world, &given);
        let heard = world.client.validate("kurator_fleet", &config).await.unwrap();
        assert_eq!(said(&heard), [want], "{given}");
    }
    for (given, want) in [
        (json!({ "sync_policies": {} }), "error: sync_policies: Nothing is in it"),
        (
            json!({ "source": { "git_repository": { "url": "host:apps.git" } } }),
            "error: source.git_repository.url: Git URL cannot be used",
        ),
    ] {
        let config = application_but(&world, &given);
        let heard = world.client.validate("kurator_application", &config).await.unwrap();
        assert_eq!(said(&heard), [want], "{given}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_block_that_cannot_be_used_is_told() {
    let world = World::new().await;
    let credential = |key: Json, agent: Json| {
        json!({
            "private_key": key, "private_key_path": null, "agent": agent,
            "passphrase": null, "password": null, "become_password": null,
        })
    };
    let both = "error: ssh_credentials[\"site\"]: SSH credential needs one key";
    for (credential, mirror, want) in [
        (credential(json!("k"), json!(null)), "m.example", vec![]),
        (credential(json!("k"), json!(true)), "m.example", vec![both]),
        (credential(json!(null), json!(false)), "m.example", vec![both]),
        (credential(json!("k"), json!(null)), "u:p@m.example", vec!["error: mirrors: Mirror cannot be used"]),
    ] {
        let block = json!({
            "owner": null, "max_parallel": null,
            "ssh_credentials": { "site": credential },
            "mirrors": { "dl.k8s.io": mirror },
        });
        assert_eq!(said(&world.client.configure(&raw(&block)).await.unwrap()), want, "{block}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_is_in_one_place() {
    let world = World::new().await;
    for kubeconfig in [json!({}), json!({ "path": "kubeconfig", "env": "KUBECONFIG" })] {
        let config = object(&world, "kurator_attached_cluster", &json!({ "kubeconfig": kubeconfig }));
        let heard = world.client.validate("kurator_attached_cluster", &config).await.unwrap();
        assert_eq!(said(&heard), ["error: kubeconfig: Kubeconfig needs one place"], "{kubeconfig}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_of_references_and_of_each_cluster_once() {
    let world = World::new().await;
    let member = |reference| json!({ "ref": reference });
    for (given, want) in [
        (json!({ "host": "hub" }), "error: host: Not a cluster's reference"),
        (
            json!({ "clusters": { "a": member("env:A?uid=1"), "b": member("env:B?uid=1") } }),
            "error: clusters[\"b\"].ref: One cluster is a member twice",
        ),
    ] {
        let config = fleet_but(&world, &given);
        let heard = world.client.validate("kurator_fleet", &config).await.unwrap();
        assert_eq!(said(&heard), [want], "{given}");
    }
    // What no configuration says is seen when the clusters answer.
    let twice = fleet_but(&world, &json!({ "clusters": { "a": member("env:HUB"), "b": member("env:HUB") } }));
    let (_, applied) = world.client.converge(&mut Instance::new("kurator_fleet"), &twice).await.unwrap();
    assert_eq!(told(&applied), ["error: clusters[\"b\"].ref: One cluster is a member twice"]);
    assert!(world.clusters.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_needs_a_target_a_source_and_one_revision() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let reference = world.fleet.object().get("ref").clone();
    let reference = Raw::Dynamic(Box::new((Type::String, reference)));
    let revision =
        json!({ "url": "https://git.example/apps.git", "revision": { "tag": "v1", "semver": "1.x" } });
    for (given, want) in [
        (Raw::Map([("fleet".to_owned(), reference)].into()), "error: fleet: A fleet's target belongs here"),
        (raw(&json!({ "source": {} })), "error: source: Application has no source"),
        (
            raw(&json!({ "source": { "git_repository": revision } })),
            "error: source.git_repository.revision: Revision is ambiguous",
        ),
    ] {
        let config = application_of(&world, given);
        let heard = world.client.validate("kurator_application", &config).await.unwrap();
        assert_eq!(said(&heard), [want]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_chooses_nobody_is_a_warning() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let nobody = json!({
        "destination": { "cluster_selector": { "match_labels": { "env": "moon" } } },
        "kustomization": { "path": "./base", "prune": true },
    });
    let config = application_but(&world, &json!({ "sync_policies": { "lost": nobody } }));
    let plan = world.client.plan(&world.application, &config).await.unwrap();
    assert!(plan.is_good());
    assert_eq!(said(&plan.diagnostics), ["warning: sync_policies[\"lost\"]: Policy chooses no cluster"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_refused_by_the_plan_and_by_the_apply() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    assert_good("application", &world.converge_application().await.1);
    let target = raw(&json!({ "ref": "fleet:other?host=env%3AHUB%3Fuid%3Duid-hub", "members": {} }));
    let target = Raw::Dynamic(Box::new((schemas::resources::fleet::target_type(), target)));
    let config = application_of(&world, Raw::Map([("fleet".to_owned(), target)].into()));
    let plan = world.client.plan(&world.application, &config).await.unwrap();
    let moved = "error: fleet: Application cannot move to another fleet";
    assert!(said(&plan.diagnostics).contains(&moved.to_owned()), "{:?}", plan.diagnostics);

    let moved = "error: host: Fleet cannot move to another host";
    let config = fleet_but(&world, &json!({ "host": "env:EDGE?uid=uid-edge" }));
    let plan = world.client.plan(&world.fleet, &config).await.unwrap();
    assert_eq!(said(&plan.diagnostics), [moved]);
    // At the same place another cluster was found: whatever else is planned must not fail for it.
    let config = fleet_but(&world, &json!({ "host": "env:HUB?uid=uid-new" }));
    let plan = world.client.plan(&world.fleet, &config).await.unwrap();
    assert_eq!(said(&plan.diagnostics), [moved.replace("error", "warning")]);
    world.clusters.add("env:HUB", "uid-new");
    let before = world.fleet.clone();
    let applied = world.client.apply(&mut world.fleet, &plan, &config).await.unwrap();
    assert_eq!(told(&applied), [moved.replace("error", "warning"), moved.to_owned()]);
    assert_eq!(world.fleet, before);
    let target = raw(&json!({ "ref": "fleet:demo?host=env%3AHUB%3Fuid%3Duid-new", "members": {} }));
    let target = Raw::Dynamic(Box::new((schemas::resources::fleet::target_type(), target)));
    let config = application_of(&world, Raw::Map([("fleet".to_owned(), target)].into()));
    let plan = world.client.plan(&world.application, &config).await.unwrap();
    let moved_too = "warning: fleet: Application cannot move to another fleet";
    assert!(said(&plan.diagnostics).contains(&moved_too.to_owned()), "{:?}", plan.diagnostics);
    // The same place, which leads to another cluster now: only an apply that asks it can tell.
    let mut world = World::new().await;
    let edge = json!({ "edge": { "ref": "env:EDGE?uid=uid-edge" } });
    let config = fleet_but(&world, &json!({ "clusters": edge }));
    assert_good("fleet", &world.client.converge(&mut world.fleet, &config).await.unwrap().1);
    let config = fleet_but(&world, &json!({ "clusters": edge, "host": "env:HUB", "member_role": "view" }));
    let plan = world.client.plan(&world.fleet, &config).await.unwrap();
    assert_eq!(said(&plan.diagnostics), [""; 0]);
    world.clusters.add("env:HUB", "uid-new");
    let before = world.fleet.clone();
    let applied = world.client.apply(&mut world.fleet, &plan, &config).await.unwrap();
    assert_eq!(told(&applied), [moved]);
    assert_eq!(world.fleet, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_destroy_leaves_is_told_by_its_plan() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    edit(&mut world.fleet, "leftovers", raw(&json!(["Flux stays on the host."])));
    let plan = world.client.plan_destroy(&world.fleet).await.unwrap();
    let want = "warning: Something will not be as before after the destroy";
    assert_eq!((said(&plan.diagnostics), plan.is_good()), (vec![want.to_owned()], true));
}

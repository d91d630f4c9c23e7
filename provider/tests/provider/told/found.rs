//! What is said of what a read, an import or a create finds.

use domain::fleet::FluxFacts;
use domain::name::Name;
use engines::error::{CredentialProblem, HostKeyProblem, Kind, SshCredentialProblem, SudoProblem};
use serde_json::json;
use testkit::fake_kube::Moment;
use testkit::protocol_client::ProtocolClient;
use testkit::protocol_client_instance::Instance;
use tf_value::raw::Raw;

use super::{edit, fleet_but, object, said, told};
use crate::world::{World, assert_good, provider_over, raw};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_a_cluster_is_told_by_its_kind() {
    let mut world = World::new().await;
    let credentials = Kind::Credentials;
    for (kind, want) in [
        (Kind::Busy, "error: host: Cluster is busy"),
        (Kind::Throttled, "error: host: Cluster asks for fewer requests"),
        (Kind::Unreachable, "error: host: Cluster cannot be reached"),
        (Kind::Untrusted, "error: host: Cluster's certificate is not trusted"),
        (credentials(CredentialProblem::Missing), "error: host: Kubeconfig is missing"),
        (credentials(CredentialProblem::Malformed), "error: host: Kubeconfig cannot be read"),
        (credentials(CredentialProblem::NoContext), "error: host: Context is not in the kubeconfig"),
        (credentials(CredentialProblem::Incomplete), "error: host: Kubeconfig does not give a credential"),
        (
            credentials(CredentialProblem::NotForOthers),
            "error: host: Kubeconfig's credential cannot be passed on",
        ),
        (credentials(CredentialProblem::Gone), "error: host: Cluster is on none of its machines"),
        (Kind::HostKey(HostKeyProblem::Unknown), "error: host: Machine's host key is not known"),
        (Kind::HostKey(HostKeyProblem::Differs), "error: host: Machine proves another host key"),
        (Kind::HostKey(HostKeyProblem::Revoked), "error: host: Machine's host key is revoked"),
        (Kind::SshCredential(SshCredentialProblem::Missing), "error: host: SSH credential is missing"),
        (Kind::SshCredential(SshCredentialProblem::Malformed), "error: host: SSH key cannot be used"),
        (Kind::SshCredential(SshCredentialProblem::Locked), "error: host: SSH key is locked"),
        (Kind::LoginRefused, "error: host: Machine refuses the login"),
        (Kind::Sudo(SudoProblem::Refused), "error: host: Not allowed to become root on a machine"),
        (Kind::Sudo(SudoProblem::PasswordNeeded), "error: host: sudo on a machine asks for a password"),
        (
            Kind::Sudo(SudoProblem::PasswordWrong),
            "error: host: sudo on a machine does not accept the password",
        ),
        (Kind::Unauthenticated, "error: host: Cluster does not accept the credentials"),
        (Kind::Denied, "error: host: Not allowed on the cluster"),
        (Kind::AnotherCluster, "error: host: Another cluster answers"),
        (Kind::NotFound, "error: host: Something is missing on the cluster"),
        (Kind::AlreadyExists, "error: host: Something of that name exists on the cluster"),
        (Kind::Conflict, "error: host: Somebody else manages a field of our object"),
        (Kind::Rejected, "error: host: Cluster refuses the object"),
        (Kind::TimedOut, "error: host: Time is over"),
        (Kind::Cancelled, "error: host: Interrupted"),
    ] {
        world.clusters.set_trouble("uid-hub", Some(kind));
        let (_, applied) = world.converge_fleet("edge", "hub").await;
        assert_eq!(told(&applied), [want], "{kind:?}");
        assert_eq!(world.fleet.stored, None, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_of_a_state_is_told_and_kept() {
    let mut world = World::new().await;
    let config = object(&world, "kurator_attached_cluster", &json!({ "kubeconfig": { "env": "HUB" } }));
    let mut cluster = Instance::new("kurator_attached_cluster");
    assert_good("cluster", &world.client.converge(&mut cluster, &config).await.unwrap().1);
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    assert_good("application", &world.converge_application().await.1);

    edit(&mut cluster, "ref", Raw::string("hub"));
    let edited = cluster.clone();
    let read = world.client.refresh(&mut cluster).await.unwrap();
    assert_eq!(told(&read), ["warning: ref: Stored reference cannot be read"]);
    assert_eq!(cluster.object(), edited.object());

    let mut fleet = world.fleet.clone();
    edit(&mut fleet, "name", Raw::string("Not A Name"));
    edit(&mut fleet, "host", Raw::string("hub"));
    let edited = fleet.clone();
    let read = world.client.refresh(&mut fleet).await.unwrap();
    let want = ["warning: name: Not a DNS-1123 label", "warning: host: Not a cluster's reference"];
    assert_eq!(told(&read), want);
    assert_eq!(fleet.object(), edited.object());

    let unread = "warning: Stored application cannot be read";
    let mut application = world.application.clone();
    edit(&mut application, "name", Raw::string("Not A Name"));
    let edited = application.clone();
    let destroyed = world.client.destroy(&mut application).await.unwrap();
    assert_eq!(told(&destroyed), [unread, "error: Application cannot be used"]);
    assert_eq!(application.object(), edited.object());

    let policy = json!({ "kustomization": { "path": "./base", "prune": true } });
    let whole = object(
        &world,
        "kurator_application",
        &json!({ "name": "web", "sync_policies": { "Not A Name": policy } }),
    );
    let mut application = world.application.clone();
    edit(&mut application, "sync_policies", whole.get("sync_policies").clone());
    let destroyed = world.client.destroy(&mut application).await.unwrap();
    assert_eq!(told(&destroyed), [unread, "error: sync_policies[\"Not A Name\"]: Not a DNS-1123 label"]);
    world.destroy_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_id_says_what_it_looks_like() {
    let world = World::new().await;
    for (kind, id, want) in [
        ("kurator_attached_cluster", "hub", "error: Import id is not a cluster's reference"),
        // A cluster's, but not an attached one's.
        (
            "kurator_attached_cluster",
            "ssh://site?user=admin&cp=cp1",
            "error: Import id is not a cluster's reference",
        ),
        ("kurator_fleet", "hub", "error: Import id is not a fleet's reference"),
        ("kurator_application", "hub", "error: Import id is not an application's reference"),
    ] {
        let (_, applied) = world.client.import(kind, id).await.unwrap();
        assert_eq!(told(&applied), [want]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_cannot_be_imported() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    for (kind, id, want) in [
        ("kurator_fleet", "fleet:none?host=env%3AHUB", "error: There is no such fleet"),
        ("kurator_application", "fleet:demo/none?host=env%3AHUB", "error: There is no such application"),
    ] {
        let (_, applied) = world.client.import(kind, id).await.unwrap();
        assert_eq!(told(&applied), [want]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_note_is_told() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    assert_good("application", &world.converge_application().await.1);
    world.clusters.scribble("uid-hub", &name("demo"), &name("web"), "{");
    let id = "fleet:demo/web?host=env%3AHUB";
    let (_, applied) = world.client.import("kurator_application", id).await.unwrap();
    assert_eq!(told(&applied), ["error: Application's note cannot be read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_of_a_create_is_told() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let config = world.fleet_config("edge", "hub");
    let create = async |client: &ProtocolClient| {
        told(&client.converge(&mut Instance::new("kurator_fleet"), &config).await.unwrap().1)
    };
    assert_eq!(create(&world.client).await, ["error: name: It exists already"]);

    let them = provider_over(&world.clusters, &world.machines);
    let them = ProtocolClient::start(them).await.unwrap();
    let block = json!({ "owner": "them", "max_parallel": null, "ssh_credentials": null, "mirrors": null });
    let block = raw(&block);
    assert_eq!(said(&them.configure(&block).await.unwrap()), [""; 0]);
    assert_eq!(create(&them).await, ["error: name: It belongs to another owner"]);

    world.clusters.unmark("uid-hub", &name("demo"));
    assert_eq!(create(&world.client).await, ["error: name: Something of that name exists"]);
    world.clusters.begin_deleting("uid-hub", &name("demo"));
    assert_eq!(create(&world.client).await, ["error: name: It is being deleted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_another_making_is_not_touched() {
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    let mut old = world.fleet.clone();
    assert_good("destroy", &world.client.destroy(&mut world.fleet).await.unwrap());
    assert_good("anew", &world.converge_fleet("edge", "hub").await.1);
    world.clusters.clear_calls();
    let config = world.fleet_config("hub", "edge");
    let (_, applied) = world.client.converge(&mut old, &config).await.unwrap();
    assert_eq!(told(&applied), ["error: name: It was made anew behind our back"]);
    let destroyed = world.client.destroy(&mut old).await.unwrap();
    assert_eq!(told(&destroyed), ["warning: name: It was made anew behind our back"]);
    assert_eq!((old.stored, world.clusters.mutations()), (None, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_create_is_told_by_a_read() {
    let mut world = World::new().await;
    world.clusters.break_at(3, Moment::Before, Kind::Rejected);
    assert!(!world.converge_fleet("edge", "hub").await.1.is_good());
    let read = world.client.refresh(&mut world.fleet).await.unwrap();
    assert_eq!(told(&read), ["warning: Create is unfinished"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flux_of_others_that_does_not_answer_is_told() {
    let silent = |by: Option<&str>| FluxFacts::Silent { installed_by: by.map(str::to_owned) };
    let mut world = World::new().await;
    world.clusters.set_flux("uid-hub", silent(None));
    let (_, refused) = world.converge_fleet("edge", "hub").await;
    assert_eq!(told(&refused), ["error: flux: Flux on the host does not answer"]);
    assert_eq!((&world.fleet.stored, world.clusters.mutations()), (&None, vec![]), "nothing was begun");

    // What is begun is finished, and members that hang can leave.
    let mut world = World::new().await;
    assert_good("fleet", &world.converge_fleet("edge", "hub").await.1);
    world.clusters.set_flux("uid-hub", silent(None));
    let (_, applied) = world.converge_fleet("hub", "edge").await;
    assert_eq!(told(&applied), ["warning: flux: Flux on the host does not answer"]);

    // Another fleet's is brought back where we may install one.
    world.clusters.set_flux("uid-hub", silent(Some("other")));
    assert_eq!(told(&world.converge_fleet("edge", "hub").await.1), [""; 0]);
    let config = fleet_but(&world, &json!({ "flux": { "install": false } }));
    world.clusters.set_flux("uid-hub", FluxFacts::Unfinished { installed_by: "other".into() });
    let (_, applied) = world.client.converge(&mut world.fleet, &config).await.unwrap();
    assert_eq!(told(&applied), ["warning: flux: Flux on the host does not answer"]);
}

//! Fleets and credentials of clusters that are reached over SSH: the host, a member, or both.

use domain::name::Name;
use engines::error::{CredentialProblem, Kind};
use serde_json::json;
use testkit::protocol_client::in_words;
use testkit::protocol_client_instance::Action;
use tf_value::raw::Raw;

use crate::world::{World, assert_good, raw};

const KEY: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

/// A reference as `kurator_custom_cluster` exports it, without the uid.
fn reference(host: &str) -> String {
    let key = KEY.replace('+', "%2B").replace('/', "%2F");
    format!("ssh://site?user=admin&become=sudo&cp={host}&hostkey={key}&bastion=jump@192.0.2.1")
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// A fleet whose host and one member are reached over SSH, and an application on it.
struct OverSsh {
    world: World,
    hub: String,
    edge: String,
}

impl OverSsh {
    async fn new() -> Self {
        let world = World::new().await;
        let hub = world.clusters.add(&reference("10.77.0.11"), "uid-factory").to_string();
        let edge = world.clusters.add(&reference("10.77.0.21"), "uid-plant").to_string();
        Self { world, hub, edge }
    }

    fn config(&self) -> Raw {
        self.world.fleet_with(&json!({
            "name": "demo",
            "host": self.hub,
            "clusters": {
                "hub": { "ref": self.hub, "labels": { "env": "hub" } },
                "edge": { "ref": self.edge, "labels": { "env": "edge" } },
            },
        }))
    }

    async fn whole() -> Self {
        let mut it = Self::new().await;
        let config = it.config();
        assert_good("fleet", &it.world.client.converge(&mut it.world.fleet, &config).await.unwrap().1);
        assert_good("application", &it.world.converge_application().await.1);
        it
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_and_its_application_live_on_clusters_that_are_reached_over_ssh() {
    let mut it = OverSsh::whole().await;
    // Flux is not the provider: it has no tunnel, so it is told where the API server is.
    let endpoint = it.world.clusters.endpoint("uid-factory", &name("demo"), &name("edge"));
    assert_eq!(endpoint.as_deref(), Some("https://uid-plant.example:6443"));
    assert!(!it.world.clusters.objects("uid-plant").is_empty());
    let config = it.config();
    let again = it.world.client.converge(&mut it.world.fleet, &config).await.unwrap();
    assert_eq!(again.0, Action::NoOp);
    assert_eq!(it.world.converge_application().await.0, Action::NoOp);

    // The members' references stand on the host, and the host's in the fleet's own.
    let id = it.world.fleet.object().get("ref").text().unwrap().to_owned();
    let (mut imported, read) = it.world.client.import("kurator_fleet", &id).await.unwrap();
    assert_good("import", &read);
    assert_eq!(it.world.client.converge(&mut imported, &config).await.unwrap().0, Action::NoOp);
    it.world.destroy_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_on_none_of_its_machines_any_more_is_released_with_a_warning() {
    let mut it = OverSsh::whole().await;
    let gone = Kind::Credentials(CredentialProblem::Gone);
    it.world.clusters.set_trouble("uid-plant", Some(gone));
    // A read proves nothing that it may act on.
    let read = it.world.client.refresh(&mut it.world.fleet).await.unwrap();
    assert!(read.is_good(), "{:?}", in_words(&read.diagnostics));

    let config = it.world.fleet_with(&json!({
        "name": "demo", "host": it.hub, "clusters": { "hub": { "ref": it.hub, "labels": { "env": "hub" } } },
    }));
    let (_, applied) = it.world.client.converge(&mut it.world.fleet, &config).await.unwrap();
    assert_good("leave", &applied);
    let told = in_words(&applied.diagnostics);
    assert!(
        told.iter().any(|line| line.contains("Cluster is gone, nothing was removed from it")),
        "{told:?}"
    );
    assert!(!it.world.fleet.object().get("clusters").entries().unwrap().contains_key("edge"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_does_not_answer_leaves_the_fleets_state_as_it_was() {
    let mut it = OverSsh::whole().await;
    let stored = it.world.fleet.stored.clone();
    it.world.clusters.set_trouble("uid-factory", Some(Kind::Unreachable));
    let read = it.world.client.refresh(&mut it.world.fleet).await.unwrap();
    assert!(read.is_good(), "{:?}", in_words(&read.diagnostics));
    assert!(!read.diagnostics.is_empty());
    assert_eq!(it.world.fleet.stored, stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_of_a_cluster_that_is_reached_over_ssh_names_its_endpoint() {
    let it = OverSsh::new().await;
    let schema = &it.world.client.schemas().data_source_schemas["kurator_kubeconfig"];
    let attributes = schema.block.iter().flat_map(|block| &block.attributes);
    let mut config: std::collections::BTreeMap<String, Raw> =
        attributes.map(|attribute| (attribute.name.clone(), Raw::Null)).collect();
    let text = Raw::Dynamic(Box::new((tf_value::ty::Type::String, raw(&json!(it.edge)))));
    config.insert("cluster".to_owned(), text);
    let config = Raw::Map(config);
    let (given, said) = it.world.client.read_data("kurator_kubeconfig", &config).await.unwrap();
    assert_eq!(in_words(&said), Vec::<String>::new());
    assert_eq!(given.get("host").text(), Some("https://uid-plant.example:6443"));
    let (given, response) =
        it.world.client.open_ephemeral("kurator_cluster_credentials", &without_policy(config)).await.unwrap();
    assert_eq!(in_words(&response.diagnostics), Vec::<String>::new());
    assert_eq!(given.get("host").text(), Some("https://uid-plant.example:6443"));
}

/// The ephemeral resource has all but one of the data source's attributes.
fn without_policy(config: Raw) -> Raw {
    let Raw::Map(mut object) = config else { unreachable!("an object was written") };
    object.remove("on_unreachable");
    Raw::Map(object)
}

//! Credentials for other programs, through the protocol.

use engines::error::Kind;
use serde_json::{Value as Json, json};
use testkit::fake_kube::FakeClusters;
use testkit::fake_machines::FakeMachines;
use testkit::protocol_client::{ProtocolClient, in_words};
use tf_provider::proto::tfplugin6 as pb;
use tf_value::raw::Raw;
use tf_value::ty::Type;

use crate::world::{provider_over, raw};

const EPHEMERAL: &str = "kurator_cluster_credentials";
const DATA: &str = "kurator_kubeconfig";
const EDGE: &str = "env:EDGE?uid=uid-edge";

struct Bench {
    clusters: FakeClusters,
    client: ProtocolClient,
}

impl Bench {
    async fn new() -> Self {
        let clusters = FakeClusters::default();
        clusters.add("env:EDGE", "uid-edge");
        clusters.add_service_account("uid-edge", "ci", "deployer");
        let provider = provider_over(&clusters, &FakeMachines::default());
        let client = ProtocolClient::start(provider).await.unwrap();
        Self { clusters, client }
    }

    async fn open(&self, cluster: Raw, rest: &Json) -> (Raw, pb::open_ephemeral_resource::Response) {
        let schema = &self.client.schemas().ephemeral_resource_schemas[EPHEMERAL];
        self.client.open_ephemeral(EPHEMERAL, &config(schema, cluster, rest)).await.unwrap()
    }

    async fn read(&self, cluster: Raw, rest: &Json) -> (Raw, Vec<pb::Diagnostic>) {
        let schema = &self.client.schemas().data_source_schemas[DATA];
        self.client.read_data(DATA, &config(schema, cluster, rest)).await.unwrap()
    }
}

/// A configuration that sets `cluster` and `rest`, and nothing else.
fn config(schema: &pb::Schema, cluster: Raw, rest: &Json) -> Raw {
    let attributes = schema.block.iter().flat_map(|block| &block.attributes);
    let mut object: std::collections::BTreeMap<String, Raw> =
        attributes.map(|attribute| (attribute.name.clone(), Raw::Null)).collect();
    for (name, value) in rest.as_object().unwrap() {
        object.insert(name.clone(), raw(value));
    }
    object.insert("cluster".to_owned(), cluster);
    Raw::Map(object)
}

fn text(text: &str) -> Raw {
    Raw::Dynamic(Box::new((Type::String, Raw::string(text))))
}

fn object(entries: &[(&str, Raw)]) -> Raw {
    let types = entries.iter().map(|(name, _)| ((*name).to_owned(), Type::String)).collect();
    let values = entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Raw::Dynamic(Box::new((Type::Object(types), Raw::Map(values))))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ephemeral_resource_mints_for_an_account_and_passes_its_own_on_without_one() {
    let bench = Bench::new().await;
    let account = json!({ "service_account": { "namespace": "ci", "name": "deployer" }, "lifetime": "30m" });
    let (given, response) = bench.open(text(EDGE), &account).await;
    assert_eq!(in_words(&response.diagnostics), Vec::<String>::new());
    assert_eq!(given.get("token").text(), Some("token of ci/deployer on uid-edge"));
    assert_eq!(given.get("expires_at").text(), Some("1970-01-01T00:30:00Z"));
    assert_eq!(given.get("host").text(), Some("https://uid-edge.example:6443"));
    assert_eq!(given.get("cluster_ca_certificate").text(), Some("authority of uid-edge"));
    assert!(given.get("client_key").is_null());
    // Nobody who holds a token hears of a later one, so none is renewed.
    assert_eq!((response.renew_at, response.deferred), (None, None));

    let (given, response) = bench.open(text(EDGE), &json!({})).await;
    assert_eq!(in_words(&response.diagnostics), Vec::<String>::new());
    assert_eq!(given.get("token").text(), Some("token of own on uid-edge"));
    assert!(given.get("expires_at").is_null());
    assert!(bench.clusters.mutations().is_empty(), "a plan opens them, and a plan changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_credentials_is_told_to_pass_one_clusters_reference() {
    let bench = Bench::new().await;
    let target = object(&[("ref", Raw::string("fleet:demo?host=env%3AHUB")), ("members", Raw::string("x"))]);
    let cases = [
        (text("fleet:demo?host=env%3AHUB"), "the reference of a fleet"),
        (target, "A fleet's target is given"),
        (object(&[("ref", Raw::string(EDGE))]), "A whole object is given"),
        (text("edge"), "does not begin with"),
        (Raw::Dynamic(Box::new((Type::Bool, Raw::Bool(true)))), "not a string"),
    ];
    for (cluster, why) in cases {
        for said in [
            bench.open(cluster.clone(), &json!({})).await.1.diagnostics,
            bench.read(cluster, &json!({})).await.1,
        ] {
            assert_eq!(in_words(&said), ["error: cluster: A cluster's reference belongs here"]);
            assert!(said[0].detail.contains(why), "{}", said[0].detail);
            assert!(said[0].detail.contains("kurator_attached_cluster.NAME.ref"), "{}", said[0].detail);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_cluster_is_validated_and_asked_nothing() {
    let bench = Bench::new().await;
    for name in [EPHEMERAL, DATA] {
        let all = bench.client.schemas();
        let schema =
            all.ephemeral_resource_schemas.get(name).or_else(|| all.data_source_schemas.get(name)).unwrap();
        let config = Some(testkit::protocol_client::pack(&config(schema, Raw::unknown(), &json!({}))));
        let said = if name == EPHEMERAL {
            let request =
                pb::validate_ephemeral_resource_config::Request { type_name: name.to_owned(), config };
            bench
                .client
                .wire()
                .validate_ephemeral_resource_config(request)
                .await
                .unwrap()
                .into_inner()
                .diagnostics
        } else {
            let request = pb::validate_data_resource_config::Request { type_name: name.to_owned(), config };
            bench.client.wire().validate_data_resource_config(request).await.unwrap().into_inner().diagnostics
        };
        assert_eq!(in_words(&said), Vec::<String>::new());
    }
    assert!(bench.clusters.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_source_of_a_cluster_out_of_reach_is_an_error_or_null_as_asked() {
    let bench = Bench::new().await;
    bench.clusters.set_trouble("uid-edge", Some(Kind::Unreachable));
    let (_, said) = bench.read(text(EDGE), &json!({})).await;
    assert_eq!(in_words(&said), ["error: cluster: Cluster cannot be reached"]);
    let (given, said) = bench.read(text(EDGE), &json!({ "on_unreachable": "null" })).await;
    assert_eq!(in_words(&said), ["warning: cluster: Cluster cannot be reached"]);
    for name in ["host", "token", "kubeconfig", "expires_at"] {
        assert!(given.get(name).is_null(), "{name}");
    }
    assert_eq!(given.get("on_unreachable").text(), Some("null"));
    let (_, response) = bench.open(text(EDGE), &json!({})).await;
    assert_eq!(in_words(&response.diagnostics), ["error: cluster: Cluster cannot be reached"]);

    bench.clusters.set_trouble("uid-edge", None);
    let (given, said) = bench.read(text(EDGE), &json!({ "on_unreachable": "null" })).await;
    assert_eq!(in_words(&said), Vec::<String>::new());
    assert_eq!(given.get("kubeconfig").text(), Some("kubeconfig with token of own on uid-edge"));
}

#[tokio::test(flavor = "multi_thread")]
async fn null_is_for_clusters_out_of_reach_and_not_for_mistakes() {
    let bench = Bench::new().await;
    let nobody = json!({
        "service_account": { "namespace": "ci", "name": "nobody" },
        "on_unreachable": "null",
    });
    let (_, said) = bench.read(text(EDGE), &nobody).await;
    assert_eq!(in_words(&said), ["error: service_account: Something is missing on the cluster"]);
    let (_, said) = bench.read(text("env:EDGE?uid=another"), &json!({ "on_unreachable": "null" })).await;
    assert_eq!(in_words(&said), ["error: cluster: Another cluster answers"]);
}

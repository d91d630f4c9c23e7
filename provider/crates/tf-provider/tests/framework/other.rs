//! What is not a managed resource: the provider itself, data sources, ephemeral resources, functions, and what is
//! not served.

use testkit::protocol_client::{in_words, pack, unpack};
use tf_provider::proto::tfplugin6 as pb;
use tf_provider::server::problems::schema_problems;
use tf_value::raw::Raw;
use tf_value::ty::Type;

use crate::broken::Broken;
use crate::toy::Toy;
use crate::{bench, number, object, text};

#[test]
fn the_toy_has_valid_schemas() {
    assert_eq!(schema_problems(Toy::default()), [""; 0]);
}

#[test]
fn a_bad_schema_is_found_by_a_test() {
    let mut problems = schema_problems(Broken);
    problems.sort();
    let want = [
        "Bad, identity: `map` is neither primitive nor a list of primitive values",
        "Bad: `inner` says inside a set what its change means",
        "Bad: its model writes `stray`, which is not in the schema",
        "Bad: its name is not of lower-case letters, digits and underscores",
        "action bad_action: `result` is computed or write-only, and nothing is given back here",
        "list resource bad_list: `secret` is computed or write-only, and nothing is given back here",
        "list resource bad_list: there is no managed resource of that name with an identity",
        "provider: `flag` can be neither computed nor write-only in a provider block",
        "there are two resources `Bad`",
    ];
    assert_eq!(problems, want);
}

#[tokio::test]
async fn everything_is_listed_with_its_capabilities() {
    let bench = bench().await;
    let metadata = bench.wire().get_metadata(pb::get_metadata::Request {}).await.unwrap().into_inner();
    let schemas = bench.schemas();
    assert_eq!(metadata.server_capabilities, schemas.server_capabilities);
    let names: Vec<_> = metadata.resources.iter().map(|it| it.type_name.as_str()).collect();
    assert_eq!(names, ["toy_echo", "toy_thing"]);
    assert_eq!(schemas.resource_schemas.len(), 2);
    assert_eq!(schemas.resource_schemas["toy_thing"].version, 1);
    assert!(schemas.functions.contains_key("join"));
    assert_eq!(metadata.list_resources[0].type_name, "toy_thing");
    assert_eq!(metadata.actions[0].type_name, "toy_bell");
    assert!(schemas.list_resource_schemas.contains_key("toy_thing"));
    assert!(schemas.action_schemas["toy_bell"].schema.is_some());
    let blocks = schemas.resource_schemas.values().flat_map(|schema| &schema.block);
    assert!(blocks.into_iter().all(|block| block.block_types.is_empty()), "no computed blocks to refuse");
    let functions = bench.wire().get_functions(pb::get_functions::Request {}).await.unwrap().into_inner();
    assert_eq!(functions.functions, schemas.functions);
    let ty = Type::Object([("id".to_owned(), Type::String)].into());
    assert_eq!((bench.identity_type("toy_thing"), bench.identity_type("toy_echo")), (Some(ty), None));
}

#[tokio::test]
async fn an_identity_says_what_an_import_needs() {
    let bench = bench().await;
    let request = pb::get_resource_identity_schemas::Request {};
    let answer = bench.wire().get_resource_identity_schemas(request).await.unwrap().into_inner();
    assert_eq!(answer.identity_schemas.keys().collect::<Vec<_>>(), ["toy_thing"]);
    let schema = &answer.identity_schemas["toy_thing"];
    let [id] = schema.identity_attributes.as_slice() else { panic!("{schema:?}") };
    assert_eq!((schema.version, id.required_for_import, id.optional_for_import), (1, true, false));
}

#[tokio::test]
async fn an_unknown_provider_configuration_is_accepted() {
    let bench = bench().await;
    let unknown = object([("directory", Raw::unknown())]);
    assert_eq!(in_words(&bench.configure(&unknown).await.unwrap()), [""; 0]);
    let missing = object([("directory", Raw::Null)]);
    let said = bench.configure(&missing).await.unwrap();
    assert_eq!(in_words(&said), ["error: directory: Required attribute has no value"]);
}

#[tokio::test]
async fn a_data_source_is_given_defaults_and_its_answers_are_checked() {
    let bench = bench().await;
    let read = async |name: &str| {
        let config = object([("name", text(name)), ("greeting", Raw::Null), ("text", Raw::Null)]);
        let (object, said) = bench.read_data("toy_lookup", &config).await.unwrap();
        (object, in_words(&said))
    };
    let want = object([("name", text("you")), ("greeting", text("hello")), ("text", text("hello, you"))]);
    assert_eq!(read("you").await, (want, vec!["warning: It is late".to_owned()]));
    assert_eq!(read("nobody").await, (Raw::Null, vec!["error: Nobody is there".to_owned()]));
    assert_eq!(read("panic").await, (Raw::Null, vec!["error: Provider crashed".to_owned()]));
    assert_eq!(read("unknown").await.1, ["error: text: Provider left a value unknown"]);
}

#[tokio::test]
async fn an_ephemeral_resource_is_opened_renewed_and_closed() {
    let bench = bench().await;
    let mut wire = bench.wire();
    let config = object([("length", Raw::Null), ("token", Raw::Null)]);
    let type_name = || "toy_token".to_owned();
    let request = pb::open_ephemeral_resource::Request {
        type_name: type_name(),
        config: Some(pack(&config)),
        client_capabilities: None,
    };
    let opened = wire.open_ephemeral_resource(request).await.unwrap().into_inner();
    let want = object([("length", number(8)), ("token", text("xxxxxxxx"))]);
    assert_eq!((in_words(&opened.diagnostics), opened.result), (vec![], Some(pack(&want))));
    assert_eq!(opened.renew_at.map(|at| (at.seconds, at.nanos)), Some((1, 500_000_000)));
    let request = pb::open_ephemeral_resource::Request {
        type_name: type_name(),
        config: Some(pack(&object([("length", number(13)), ("token", Raw::Null)]))),
        client_capabilities: None,
    };
    let unlucky = wire.open_ephemeral_resource(request).await.unwrap().into_inner();
    assert_eq!(in_words(&unlucky.diagnostics), ["error: token: Provider left a value unknown"]);
    let request =
        pb::renew_ephemeral_resource::Request { type_name: type_name(), private: opened.private.clone() };
    let renewed = wire.renew_ephemeral_resource(request).await.unwrap().into_inner();
    assert_eq!((renewed.private, renewed.renew_at), (Some(b"opened again".to_vec()), None));
    for (private, want) in [(opened.private, vec![]), (None, vec!["error: Never opened".to_owned()])] {
        let request = pb::close_ephemeral_resource::Request { type_name: type_name(), private };
        let closed = wire.close_ephemeral_resource(request).await.unwrap().into_inner();
        assert_eq!(in_words(&closed.diagnostics), want);
    }
}

#[tokio::test]
async fn a_function_is_called_by_its_signature() {
    let bench = bench().await;
    let call = async |name: &str, arguments: Vec<Raw>| {
        let arguments = arguments.iter().map(pack).collect();
        let request = pb::call_function::Request { name: name.to_owned(), arguments };
        let response = bench.wire().call_function(request).await.unwrap().into_inner();
        let fault = response.error.map(|fault| (fault.text, fault.function_argument));
        fault.map_or_else(|| Ok(unpack(response.result.as_ref(), &Type::String).unwrap()), Err)
    };
    assert_eq!(call("join", vec![text("-"), text("a"), Raw::Null, text("b")]).await, Ok(text("a-b")));
    assert_eq!(call("join", vec![text("-")]).await, Ok(text("")));
    assert_eq!(call("join", vec![text("-"), Raw::unknown()]).await, Ok(Raw::unknown()));
    let null = ("`separator` must not be null.".to_owned(), Some(0));
    assert_eq!(call("join", vec![Raw::Null]).await, Err(null));
    let few = ("1 arguments are wanted, 0 were given.".to_owned(), None);
    assert_eq!(call("join", vec![]).await, Err(few));
    let bad = ("That is bad.".to_owned(), Some(2));
    assert_eq!(call("join", vec![text("-"), text("a"), text("bad")]).await, Err(bad));
    assert!(call("join", vec![text("-"), text("panic")]).await.unwrap_err().0.contains("in a function"));
    assert!(call("split", vec![]).await.unwrap_err().0.contains("has no function `split`"));
    assert!(call("join", vec![Raw::Bool(true)]).await.unwrap_err().0.contains("cannot be read"));
}

#[tokio::test]
async fn state_stores_are_absent_and_their_calls_are_not_implemented() {
    let bench = bench().await;
    assert!(bench.schemas().state_store_schemas.is_empty());
    let mut wire = bench.wire();
    let chunks = || futures::stream::iter([pb::write_state_bytes::RequestChunk::default()]);
    let codes = [
        wire.validate_state_store_config(pb::validate_state_store::Request::default()).await.err(),
        wire.configure_state_store(pb::configure_state_store::Request::default()).await.err(),
        wire.read_state_bytes(pb::read_state_bytes::Request::default()).await.err(),
        wire.write_state_bytes(chunks()).await.err(),
        wire.lock_state(pb::lock_state::Request::default()).await.err(),
        wire.unlock_state(pb::unlock_state::Request::default()).await.err(),
        wire.get_states(pb::get_states::Request::default()).await.err(),
        wire.delete_state(pb::delete_state::Request::default()).await.err(),
    ];
    for code in codes.map(|status| status.unwrap().code()) {
        assert_eq!(code, tonic::Code::Unimplemented);
    }
}

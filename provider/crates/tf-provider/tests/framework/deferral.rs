//! Deferrals: only where the host allows them, and only for a reason that holds.

use testkit::protocol_client::{CAPABILITIES, in_words, pack, unpack};
use tf_provider::proto::tfplugin6 as pb;
use tf_provider::proto::tfplugin6::deferred::Reason;
use tf_value::raw::Raw;

use crate::{Bench, bench, number, object, text, told};

const ALLOWED: pb::ClientCapabilities = pb::ClientCapabilities { deferral_allowed: true, ..CAPABILITIES };

fn reason(deferred: Option<pb::Deferred>) -> Option<Reason> {
    deferred.map(|deferred| deferred.reason())
}

/// The plan of a thing that wants to be put off.
async fn plan(
    bench: &Bench,
    behave: &str,
    notes: Raw,
    client: pb::ClientCapabilities,
) -> pb::plan_resource_change::Response {
    let given = object([("name", text("t")), ("behave", text(behave)), ("notes", notes)]);
    let config = pack(&bench.resource("toy_thing").unwrap().object(given).unwrap());
    let request = pb::plan_resource_change::Request {
        type_name: "toy_thing".to_owned(),
        prior_state: Some(pack(&Raw::Null)),
        proposed_new_state: Some(config.clone()),
        config: Some(config),
        client_capabilities: Some(client),
        ..pb::plan_resource_change::Request::default()
    };
    let response = bench.wire().plan_resource_change(request).await.unwrap().into_inner();
    assert_eq!(in_words(&response.diagnostics), [""; 0]);
    // Also a plan that is put off must be readable.
    assert!(unpack(response.planned_state.as_ref(), &bench.resource("toy_thing").unwrap().ty()).is_ok());
    response
}

async fn forget_directory(bench: &Bench) {
    let config = object([("directory", Raw::unknown())]);
    assert_eq!(in_words(&bench.configure(&config).await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_plan_is_put_off_only_where_the_host_allows_it() {
    let bench = bench().await;
    for (client, want) in [(ALLOWED, Some(Reason::AbsentPrereq)), (CAPABILITIES, None)] {
        let planned = plan(&bench, "defer_for_prerequisite", Raw::Null, client).await;
        assert_eq!(reason(planned.deferred), want);
    }
}

#[tokio::test]
async fn a_plan_is_put_off_for_its_configuration_only_while_that_is_unknown() {
    let bench = bench().await;
    // During apply Terraform says that it allows deferrals, and the configuration is known by then.
    for (notes, want) in [(Raw::unknown(), Some(Reason::ResourceConfigUnknown)), (text("n"), None)] {
        let planned = plan(&bench, "defer_for_config", notes, ALLOWED).await;
        assert_eq!(reason(planned.deferred), want);
    }
}

#[tokio::test]
async fn a_plan_is_put_off_for_the_providers_configuration_only_while_that_is_unknown() {
    let bench = bench().await;
    let planned = plan(&bench, "defer_for_provider", Raw::Null, ALLOWED).await;
    assert_eq!(reason(planned.deferred), None);
    forget_directory(&bench).await;
    let planned = plan(&bench, "defer_for_provider", Raw::Null, ALLOWED).await;
    assert_eq!(reason(planned.deferred), Some(Reason::ProviderConfigUnknown));
}

#[tokio::test]
async fn a_read_that_is_put_off_keeps_what_is_stored() {
    let bench = bench().await;
    let mut thing = bench.thing([("behave", text("read_deferred"))]).await;
    let stored = thing.stored.clone().unwrap();
    let request = pb::read_resource::Request {
        type_name: "toy_thing".to_owned(),
        current_state: Some(pack(&stored.object)),
        private: stored.private.clone(),
        current_identity: stored.identity.clone(),
        client_capabilities: Some(ALLOWED),
        ..pb::read_resource::Request::default()
    };
    let read = bench.wire().read_resource(request).await.unwrap().into_inner();
    assert_eq!(reason(read.deferred), Some(Reason::AbsentPrereq));
    assert_eq!((read.new_state, read.private), (Some(pack(&stored.object)), stored.private));
    assert_eq!(read.new_identity, stored.identity);
    // Where it is not allowed, it is read.
    assert_eq!(told(&bench.refresh(&mut thing).await.unwrap()), [""; 0]);
    assert!(thing.stored.is_some());
}

#[tokio::test]
async fn an_import_a_data_source_and_an_ephemeral_resource_are_put_off_only_where_allowed() {
    let bench = bench().await;
    let mut wire = bench.wire();
    let lookup = pack(&object([("name", text("later")), ("greeting", Raw::Null), ("text", Raw::Null)]));
    let token = pack(&object([("length", number(14)), ("token", Raw::Null)]));
    for (client, want) in [(ALLOWED, Some(Reason::AbsentPrereq)), (CAPABILITIES, None)] {
        let request = pb::import_resource_state::Request {
            type_name: "toy_thing".to_owned(),
            id: "later".to_owned(),
            client_capabilities: Some(client),
            identity: None,
        };
        let imported = wire.import_resource_state(request).await.unwrap().into_inner();
        assert_eq!(reason(imported.deferred), want);
        let request = pb::read_data_source::Request {
            type_name: "toy_lookup".to_owned(),
            config: Some(lookup.clone()),
            client_capabilities: Some(client),
            ..pb::read_data_source::Request::default()
        };
        let read = wire.read_data_source(request).await.unwrap().into_inner();
        assert_eq!(reason(read.deferred), want);
        assert!(read.diagnostics.iter().all(|said| said.severity() == pb::diagnostic::Severity::Warning));
        let request = pb::open_ephemeral_resource::Request {
            type_name: "toy_token".to_owned(),
            config: Some(token.clone()),
            client_capabilities: Some(client),
        };
        let opened = wire.open_ephemeral_resource(request).await.unwrap().into_inner();
        assert_eq!((reason(opened.deferred), in_words(&opened.diagnostics)), (want, vec![]));
    }
}

#[tokio::test]
async fn an_action_is_put_off_only_for_the_providers_configuration() {
    let bench = bench().await;
    let behave = |how: &str| object([("behave", text(how)), ("times", Raw::unknown())]);
    let deferred = async |how: &str, client| {
        reason(bench.plan_action("toy_bell", behave(how), client).await.unwrap().deferred)
    };
    assert_eq!(deferred("defer", ALLOWED).await, None);
    forget_directory(&bench).await;
    assert_eq!(deferred("defer", ALLOWED).await, Some(Reason::ProviderConfigUnknown));
    assert_eq!(deferred("defer", CAPABILITIES).await, None);
    assert_eq!(deferred("defer_for_config", ALLOWED).await, None);
    assert_eq!(deferred("defer_for_prerequisite", ALLOWED).await, None);
}

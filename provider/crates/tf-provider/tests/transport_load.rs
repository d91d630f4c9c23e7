//! Much at once: large states, many requests, several stops, two providers.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod transport_caller;

use futures::future::join_all;
use testkit::protocol_client::{ProtocolClient, in_words};
use testkit::protocol_client_instance::{Action, Applied, Instance};
use tf_provider::proto::plugin::Empty;
use tf_provider::proto::tfplugin6::{get_provider_schema, stop_provider};
use tf_value::raw::Raw;
use transport_caller::{
    Caller, Started, as_terraform, begin, controller, example, make, provider, read_handshake, start,
    summaries, verdict,
};

/// A toy provider in a process of its own, configured.
async fn toy(caller: &Caller, directory: &std::path::Path) -> (Started, ProtocolClient) {
    let started = read_handshake(as_terraform(&example("toy_provider"), Some(caller))).await;
    let client = ProtocolClient::over(started.channel(Some(caller))).await.unwrap();
    let config = object([("directory", Raw::string(directory.to_str().unwrap()))]);
    assert_eq!(in_words(&client.configure(&config).await.unwrap()), [""; 0]);
    (started, client)
}

fn object<const N: usize>(entries: [(&str, Raw); N]) -> Raw {
    Raw::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn told(applied: &Applied) -> Vec<String> {
    let mut told = in_words(&applied.diagnostics);
    told.extend(applied.faults.iter().cloned());
    told
}

#[tokio::test]
async fn a_state_of_20_mib_goes_round_through_mutual_tls() {
    let (caller, directory) = (Caller::like_terraform(), tempfile::tempdir().unwrap());
    let (_started, client) = toy(&caller, directory.path()).await;
    let notes = Raw::string("0123456789abcdef".repeat(20 * 1024 * 1024 / 16));
    let config = |size: i64| {
        let size = Raw::Number(tf_value::number::Number::from(size));
        object([("name", Raw::string("large")), ("notes", notes.clone()), ("size", size)])
    };
    let mut thing = Instance::new("toy_thing");
    for (size, action) in [(1, Action::Create), (2, Action::Update)] {
        let (done, applied) = client.converge(&mut thing, &config(size)).await.unwrap();
        assert_eq!((done, told(&applied)), (action, vec![]));
    }
    assert_eq!(thing.object().get("notes").text().map(str::len), Some(20 * 1024 * 1024));
    assert_eq!(told(&client.destroy(&mut thing).await.unwrap()), [""; 0]);
    assert_eq!(thing.stored, None);
}

#[tokio::test]
async fn sixty_four_objects_are_made_and_removed_at_once() {
    let (caller, directory) = (Caller::like_terraform(), tempfile::tempdir().unwrap());
    let (_started, client) = toy(&caller, directory.path()).await;
    let client = &client;
    let all = join_all((0..64).map(async |number| {
        let mut thing = Instance::new("toy_thing");
        let config = object([("name", Raw::string(format!("t{number}")))]);
        let (_, applied) = client.converge(&mut thing, &config).await.unwrap();
        (thing, told(&applied))
    }))
    .await;
    for (number, (thing, told)) in all.iter().enumerate() {
        assert_eq!(
            (told.as_slice(), thing.object().get("id").text()),
            ([].as_slice(), Some(&*format!("id-of-t{number}")))
        );
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 64);
    join_all(all.into_iter().map(async |(mut thing, _)| {
        assert_eq!(told(&client.destroy(&mut thing).await.unwrap()), [""; 0]);
    }))
    .await;
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn sixty_four_requests_are_under_way_at_once_and_a_stop_reaches_them_all() {
    let caller = Caller::like_terraform();
    let started = start(Some(&caller)).await;
    let channel = started.channel(Some(&caller));
    let mut making = Vec::new();
    for _ in 0..64 {
        making.push(begin(&channel, "bare_patient", "state").await);
    }
    assert!(making.iter().all(|making| !making.is_finished()));
    provider(channel.clone()).stop_provider(stop_provider::Request {}).await.unwrap();
    for made in join_all(making).await {
        let made = made.unwrap().unwrap();
        assert_eq!(summaries(&made), ["the thing is unfinished"]);
        assert_eq!(made.new_state.unwrap().msgpack, b"state");
    }
}

#[tokio::test]
async fn a_second_stop_and_a_second_shutdown_harm_nothing() {
    let caller = Caller::like_terraform();
    let mut started = start(Some(&caller)).await;
    let channel = started.channel(Some(&caller));
    let making = begin(&channel, "bare_patient", "state").await;
    let mut client = provider(channel.clone());
    for _ in 0..2 {
        client.stop_provider(stop_provider::Request {}).await.unwrap();
    }
    assert_eq!(summaries(&making.await.unwrap().unwrap()), ["the thing is unfinished"]);
    // What comes after a stop is served: ephemeral resources are still to be closed.
    let made = client.apply_resource_change(make("bare_thing", "")).await.unwrap();
    assert!(made.into_inner().diagnostics.is_empty());
    let making = begin(&channel, "bare_patient", "state").await;
    let (mut first, mut second) = (controller(channel.clone()), controller(channel));
    let (first, _) = tokio::join!(first.shutdown(Empty {}), second.shutdown(Empty {}));
    assert!(first.is_ok(), "{first:?}");
    assert_eq!(summaries(&making.await.unwrap().unwrap()), ["the thing is unfinished"]);
    assert_eq!(started.exit_code().await, Some(0));
    assert!(!started.directory().exists());
}

#[tokio::test]
async fn two_providers_side_by_side_do_not_know_each_other() {
    let callers = [Caller::like_terraform(), Caller::like_terraform()];
    let mut first = start(Some(&callers[0])).await;
    let second = start(Some(&callers[1])).await;
    assert_ne!(first.socket, second.socket);
    // Neither lets the other's caller in, who knows whom to expect and has a good certificate of its own.
    assert!(verdict(&first, Some(&callers[1])).await.is_some());
    assert!(verdict(&second, Some(&callers[0])).await.is_some());

    let (one, two) = (first.channel(Some(&callers[0])), second.channel(Some(&callers[1])));
    let (ending, staying) = (begin(&one, "bare_patient", "").await, begin(&two, "bare_patient", "").await);
    controller(one).shutdown(Empty {}).await.unwrap();
    assert_eq!(summaries(&ending.await.unwrap().unwrap()), ["the thing is unfinished"]);
    assert_eq!(first.exit_code().await, Some(0));
    assert!(!first.directory().exists());

    assert!(!staying.is_finished());
    assert!(second.socket.exists());
    provider(two.clone()).get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    provider(two).stop_provider(stop_provider::Request {}).await.unwrap();
    assert_eq!(summaries(&staying.await.unwrap().unwrap()), ["the thing is unfinished"]);
}

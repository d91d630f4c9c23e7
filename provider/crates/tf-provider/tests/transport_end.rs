//! How the provider's process ends, and what must not end it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod transport_caller;

use std::time::Duration;

use futures::FutureExt as _;
use rustix::process::{Pid, Signal, kill_process};
use tf_provider::proto::plugin::Empty;
use tf_provider::proto::plugin::grpc_broker_client::GrpcBrokerClient;
use tf_provider::proto::plugin::grpc_stdio_client::GrpcStdioClient;
use tf_provider::proto::tfplugin6::{get_provider_schema, stop_provider};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tonic::Code;
use transport_caller::{
    Caller, Started, as_terraform, bare_provider, begin, controller, eventually, make, provider,
    read_handshake, start, summaries,
};

fn signal(started: &Started, signal: Signal) {
    let pid = started.child.id().and_then(|id| Pid::from_raw(id.try_into().unwrap())).unwrap();
    kill_process(pid, signal).unwrap();
}

#[tokio::test]
async fn shutdown_ends_the_process_and_removes_the_socket() {
    let caller = Caller::like_terraform();
    let mut started = start(Some(&caller)).await;
    let channel = started.channel(Some(&caller));
    // Streams that never end must not keep the process.
    let _stdio = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.unwrap();
    let offers = futures::stream::pending();
    let _broker = GrpcBrokerClient::new(channel.clone()).start_stream(offers).await.unwrap();
    controller(channel).shutdown(Empty {}).await.unwrap();
    assert_eq!(started.exit_code().await, Some(0));
    assert!(!started.directory().exists());
    let mut rest = String::new();
    started.stdout.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "", "stdout has one line");
}

#[tokio::test]
async fn shutdown_is_held_until_the_handler_has_answered() {
    let caller = Caller::like_terraform();
    let mut started = start(Some(&caller)).await;
    let channel = started.channel(Some(&caller));
    let large = "x".repeat(5 * 1024 * 1024);
    let making = begin(&channel, "bare_patient", &large).await;
    assert!(!making.is_finished());
    controller(channel).shutdown(Empty {}).await.unwrap();
    // As Terraform does: whatever has not come by now is lost.
    let made = making.now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(summaries(&made), ["the thing is unfinished"]);
    assert_eq!(made.new_state.unwrap().msgpack.len(), large.len());
    assert_eq!(started.exit_code().await, Some(0));
}

#[tokio::test]
async fn a_stop_reaches_the_running_handler_and_not_the_next() {
    let started = start(None).await;
    let channel = started.channel(None);
    let first = begin(&channel, "bare_patient", "").await;
    provider(channel.clone()).stop_provider(stop_provider::Request {}).await.unwrap();
    assert_eq!(summaries(&first.await.unwrap().unwrap()), ["the thing is unfinished"]);
    let made = provider(channel.clone()).apply_resource_change(make("bare_thing", "")).await.unwrap();
    assert!(made.into_inner().diagnostics.is_empty());
    let second = begin(&channel, "bare_patient", "").await;
    assert!(tokio::time::timeout(Duration::from_secs(1), second).await.is_err());
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_cut_a_handler() {
    let caller = Caller::like_terraform();
    let started = start(Some(&caller)).await;
    let directory = tempfile::tempdir().unwrap();
    let gate = directory.path().join("gate");
    let channel = started.channel(Some(&caller));
    let making = begin(&channel, "bare_gate", gate.to_str().unwrap()).await;
    // Resets the stream first, and then the connection goes as well.
    making.abort();
    provider(channel.clone()).get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    drop(channel);
    std::fs::write(&gate, "").unwrap();
    eventually("the end of the handler", || gate.with_extension("done").exists()).await;
}

#[tokio::test]
async fn a_panic_in_a_handler_is_an_answer_and_spares_the_others() {
    let started = start(None).await;
    let channel = started.channel(None);
    let other = begin(&channel, "bare_patient", "").await;
    let clumsy = provider(channel.clone()).apply_resource_change(make("bare_clumsy", "state")).await.unwrap();
    let clumsy = clumsy.into_inner();
    assert!(summaries(&clumsy)[0].contains("clumsy"), "{:?}", clumsy.diagnostics);
    assert_eq!(clumsy.new_state.unwrap().msgpack, b"state");
    let crash = provider(channel.clone()).apply_resource_change(make("bare_crash", "")).await.unwrap_err();
    assert_eq!((crash.code(), crash.message()), (Code::Internal, "a handler panicked: crashed"));
    // A formatted text may hold values, so it is for the log alone.
    let leak = provider(channel.clone()).apply_resource_change(make("bare_leak", "")).await.unwrap_err();
    assert_eq!(leak.message(), "a handler panicked: the provider's log has the details");
    provider(channel.clone()).stop_provider(stop_provider::Request {}).await.unwrap();
    assert_eq!(summaries(&other.await.unwrap().unwrap()), ["the thing is unfinished"]);
}

#[tokio::test]
async fn an_interrupt_ends_nothing_and_a_termination_ends_in_order() {
    let mut started = start(None).await;
    let channel = started.channel(None);
    let making = begin(&channel, "bare_patient", "").await;
    signal(&started, Signal::INT);
    signal(&started, Signal::INT);
    provider(channel.clone()).get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    assert!(!making.is_finished());
    signal(&started, Signal::TERM);
    assert_eq!(summaries(&making.await.unwrap().unwrap()), ["the thing is unfinished"]);
    drop(channel);
    assert_eq!(started.exit_code().await, Some(0));
    assert!(!started.directory().exists());
}

#[tokio::test]
async fn a_terminal_that_closes_ends_nothing_by_itself() {
    let mut started = start(None).await;
    let channel = started.channel(None);
    let making = begin(&channel, "bare_patient", "").await;
    signal(&started, Signal::HUP);
    provider(channel.clone()).get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    assert!(!making.is_finished());
    controller(channel).shutdown(Empty {}).await.unwrap();
    assert_eq!(summaries(&making.await.unwrap().unwrap()), ["the thing is unfinished"]);
    assert_eq!(started.exit_code().await, Some(0));
    assert!(!started.directory().exists());
}

#[tokio::test]
async fn the_process_ends_when_its_parent_dies() {
    // The shell is the parent; the provider shares its stdout, which ends when both have.
    let bare = bare_provider();
    let mut command: Command = as_terraform("/bin/sh".as_ref(), None);
    command.arg("-c").arg("\"$0\" & wait").arg(bare);
    let mut started = read_handshake(command).await;
    let making = begin(&started.channel(None), "bare_patient", "").await;
    started.child.start_kill().unwrap();
    // Without a deadline, a provider that notices nothing would hold up the test for ever.
    let made = tokio::time::timeout(transport_caller::LONG, making).await.unwrap();
    assert_eq!(summaries(&made.unwrap().unwrap()), ["the thing is unfinished"]);
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(transport_caller::LONG, started.stdout.read_to_end(&mut rest)).await;
    ended.unwrap().unwrap();
    assert!(!started.directory().exists());
}

//! A provider that Terraform did not start.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod transport_caller;

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tf_provider::proto::plugin::Empty;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use transport_caller::{LONG, as_terraform, bare_provider, controller, make};

/// A provider that waits for Terraform, and what it told Terraform to use.
async fn attachable() -> (Child, serde_json::Value) {
    let mut command = as_terraform(&bare_provider(), None);
    command.arg("-debug").env_remove("TF_PLUGIN_MAGIC_COOKIE").stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = loop {
        let line = tokio::time::timeout(LONG, lines.next_line()).await.unwrap().unwrap().unwrap();
        if let Some(value) = line.trim().strip_prefix("export TF_REATTACH_PROVIDERS='") {
            break value.trim_end_matches('\'').to_owned();
        }
    };
    let variable: serde_json::Value = serde_json::from_str(&line).unwrap();
    let entry = &variable["registry.terraform.io/acme/bare"];
    assert_eq!(entry["Pid"], child.id().unwrap());
    (child, entry.clone())
}

/// Sends `signal`, and waits for an orderly end.
async fn ends_by(signal: Signal, mut child: Child, socket: &str) {
    let pid = Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
    let ended = tokio::time::timeout(LONG, child.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));
    assert!(!std::path::Path::new(socket).exists());
}

#[tokio::test]
async fn an_attachable_provider_survives_shutdown_and_ends_by_interrupt() {
    let (child, entry) = attachable().await;
    let socket = entry["Addr"]["String"].as_str().unwrap();
    let channel = transport_caller::plain_channel(socket.into());
    controller(channel.clone()).shutdown(Empty {}).await.unwrap();
    let made =
        transport_caller::provider(channel).apply_resource_change(make("bare_thing", "")).await.unwrap();
    assert!(made.into_inner().diagnostics.is_empty());
    ends_by(Signal::INT, child, socket).await;
}

#[tokio::test]
async fn an_attachable_provider_ends_in_order_with_its_terminal() {
    let (child, entry) = attachable().await;
    ends_by(Signal::HUP, child, entry["Addr"]["String"].as_str().unwrap()).await;
}

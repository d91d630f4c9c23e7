//! Connections that are lost.

use std::sync::Arc;

use engines::error::{HostKeyProblem, Kind};
use engines::machines::{Command, Machines as _};
use rustix::process::Signal;

use crate::process::{children_named, runs, signal, sleeping};
use crate::setup::{PATIENCE, Sshd, eventually, limits, make_key};

#[tokio::test]
async fn a_look_is_begun_anew_on_a_new_connection_and_the_first_one_ends() {
    let Some(mut server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let notes = server.path("notes");
    // The second time it does not wait.
    let sleep = sleeping(7601);
    let script =
        format!("echo begun >>{0}; [ $(wc -l <{0}) -gt 1 ] || {sleep}; echo result", notes.display());
    let command = Command::look("trying", script);
    let call = tokio::spawn(async move { machine.run(&command, &limits()).await });
    eventually("it has begun", || runs(&sleep)).await;
    server.kill();
    eventually("the first one has ended", || !runs(&sleep)).await;
    server.run().await;
    assert_eq!(call.await.unwrap().unwrap().text(), "result");
    assert_eq!(server.text("notes"), "begun\nbegun\n");
}

#[tokio::test]
async fn a_machine_that_does_not_come_back_is_out_of_reach() {
    let Some(mut server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    server.kill();
    let begun = tokio::time::Instant::now();
    let error = machine.run(&Command::look("trying", "true"), &limits()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unreachable, "{}", error.chain());
    assert!(error.chain().contains("refused"), "{}", error.chain());
    assert!(begun.elapsed() < 2 * PATIENCE.resume);
}

#[tokio::test]
async fn a_machine_that_is_frozen_is_noticed_by_its_silence() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let call = tokio::spawn({
        let machine = Arc::clone(&machine);
        async move { machine.run(&Command::look("trying", "sleep 2.29; echo result"), &limits()).await }
    });
    eventually("it has begun", || runs("sleep 2.29")).await;
    let serving = children_named(server.pid(), "sshd");
    assert!(!serving.is_empty());
    for pid in &serving {
        signal(*pid, Signal::STOP);
    }
    // Only this connection is frozen, so a new one gets through.
    assert_eq!(call.await.unwrap().unwrap().text(), "result");
    assert_eq!(server.text("log").matches("Accepted publickey").count(), 2);
    for pid in serving {
        signal(pid, Signal::CONT);
    }
}

#[tokio::test]
async fn whoever_comes_back_has_to_have_the_same_key() {
    let Some(mut server) = Sshd::start().await else { return };
    let address = server.address_with(domain::host_key::HostKeyPolicy {
        accepts_new: true,
        ..domain::host_key::HostKeyPolicy::default()
    });
    let machine = server.machines().connect(&address, &limits()).await.unwrap();
    server.kill();
    for name in ["host_ed25519", "host_ecdsa"] {
        std::fs::remove_file(server.path(name)).unwrap();
        std::fs::remove_file(server.path(&format!("{name}.pub"))).unwrap();
        make_key(&server.path(name), &["-t", name.trim_start_matches("host_")]);
    }
    server.run().await;
    let error = machine.run(&Command::look("trying", "true"), &limits()).await.unwrap_err();
    assert_eq!(error.kind, Kind::HostKey(HostKeyProblem::Differs), "{}", error.chain());
}

#[tokio::test]
async fn a_hang_up_ends_looks_and_the_next_call_logs_in_again() {
    let Some(server) = Sshd::start().await else { return };
    let machines = server.machines();
    let machine = machines.connect(&server.address(), &limits()).await.unwrap();
    machines.hang_up().await;
    assert!(machine.run(&Command::look("trying", "true"), &limits()).await.unwrap().is_success());
    assert_eq!(server.text("log").matches("Accepted publickey").count(), 2);
}

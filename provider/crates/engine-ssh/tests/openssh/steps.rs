//! Commands that change something, and that outlive their connection.

use std::sync::Arc;
use std::time::Duration;

use engines::error::Kind;
use engines::limits::Limits;
use engines::machines::{Command, Ending};
use tokio_util::sync::CancellationToken;

use crate::process::runs;
use crate::setup::{Sshd, eventually, limits};

/// Where the machine keeps what it has to know of steps.
fn kept() -> std::path::PathBuf {
    let runtime = std::process::Command::new("sh")
        .args([
            "-c",
            "[ \"$(id -u)\" = 0 ] && echo /run/kurator || echo ${XDG_RUNTIME_DIR:-$HOME/.cache}/kurator",
        ])
        .output()
        .unwrap();
    String::from_utf8(runtime.stdout).unwrap().trim().into()
}

fn files_of(name: &str) -> Vec<String> {
    let entries = std::fs::read_dir(kept()).into_iter().flatten().filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|file| file.starts_with(&format!("{name}."))).collect()
}

pub(crate) fn forget(name: &str) {
    for file in files_of(name) {
        // The machine clears up itself at the same moment.
        std::fs::remove_file(kept().join(file)).ok();
    }
}

#[tokio::test]
async fn a_step_gives_what_it_said_and_leaves_nothing_of_it() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let script = "seq 1 200000; echo oh >&2; exit 4";
    let command = Command { most_output: 2_000_000, ..Command::step("test-plain", "trying", script) };
    let output = machine.run(&command, &limits()).await.unwrap();
    assert_eq!(output.ending, Ending::Exited(4));
    assert_eq!(output.stdout.len(), 1_288_895);
    assert_eq!((output.stderr.as_slice(), output.left_out), (&b"oh\n"[..], 0));
    eventually("its files are gone", || files_of("test-plain") == ["test-plain.lock"]).await;
    forget("test-plain");
}

#[tokio::test]
async fn a_step_outlives_its_connection_and_is_run_once() {
    let Some(mut server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let notes = server.path("notes");
    let script = format!("echo begun >>{0}; sleep 3.17; echo done >>{0}; echo result", notes.display());
    let command = Command::step("test-once", "trying", script);
    let call = tokio::spawn(async move { machine.run(&command, &limits()).await });
    eventually("it has begun", || runs("sleep 3.17")).await;
    server.kill();
    assert!(runs("sleep 3.17"));
    server.run().await;
    let output = call.await.unwrap().unwrap();
    assert_eq!(output.text(), "result");
    assert_eq!(server.text("notes"), "begun\ndone\n");
    forget("test-once");
}

#[tokio::test]
async fn a_step_that_ended_while_nobody_was_there_is_not_run_again() {
    let Some(mut server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let notes = server.path("notes");
    let script = format!("echo begun >>{0}; sleep 1.19; echo oh >&2; exit 6", notes.display());
    let command = Command::step("test-alone", "trying", script);
    let call = tokio::spawn(async move { machine.run(&command, &limits()).await });
    eventually("it has begun", || runs("sleep 1.19")).await;
    server.kill();
    eventually("it has ended", || files_of("test-alone").contains(&"test-alone.status".to_owned())).await;
    server.run().await;
    let output = call.await.unwrap().unwrap();
    assert_eq!((output.ending, output.complaint().as_str()), (Ending::Exited(6), "oh"));
    assert_eq!(server.text("notes"), "begun\n");
    forget("test-alone");
}

#[tokio::test]
async fn steps_of_one_name_wait_for_each_other_and_others_do_not() {
    let Some(server) = Sshd::start().await else { return };
    let notes = server.path("notes");
    let script = |n: usize| format!("echo {n} >>{0}; sleep 0.4; echo {n} >>{0}", notes.display());
    let mut running = tokio::task::JoinSet::new();
    for n in 0..3 {
        // Each over a login of its own, as other processes have.
        let machine = server.machine().await;
        let command = Command::step("test-turns", "trying", script(n));
        running.spawn(async move { machine.run(&command, &limits()).await.unwrap().is_success() });
    }
    assert!(running.join_all().await.into_iter().all(|done| done));
    let text = server.text("notes");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.chunks(2).all(|pair| pair[0] == pair[1]), "{lines:?}");

    let machine = server.machine().await;
    let long = Command::step("test-turns", "trying", "sleep 7401");
    let holder = tokio::spawn({
        let machine = Arc::clone(&machine);
        async move { machine.run(&long, &limits()).await }
    });
    eventually("it sleeps", || runs("sleep 7401")).await;
    // Long enough for a machine under load to say so once.
    let short = Limits::within(Duration::from_secs(10), CancellationToken::new());
    let error = machine.run(&Command::step("test-turns", "trying", "true"), &short).await.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    assert!(error.chain().contains("another step of this name"), "{}", error.chain());
    assert!(
        machine.run(&Command::step("test-free", "trying", "true"), &limits()).await.unwrap().is_success()
    );
    holder.abort();
    eventually("it has ended", || !runs("sleep 7401")).await;
    eventually("the lock is free", || files_of("test-turns").len() <= 5).await;
    assert!(
        machine.run(&Command::step("test-turns", "trying", "true"), &limits()).await.unwrap().is_success()
    );
    forget("test-turns");
    forget("test-free");
}

#[tokio::test]
async fn cancel_ends_a_step() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let limits = limits();
    let command = Command::step("test-cancel", "waiting on", "sleep 7501");
    let cancel = async {
        eventually("it sleeps", || runs("sleep 7501")).await;
        limits.cancel.cancel();
    };
    let (error, ()) = tokio::join!(machine.run(&command, &limits), cancel);
    assert_eq!(error.unwrap_err().kind, Kind::Cancelled);
    assert!(!runs("sleep 7501"));
    forget("test-cancel");
}

#[tokio::test]
async fn a_name_that_is_no_file_name_is_refused() {
    let Some(server) = Sshd::start().await else { return };
    for name in ["", "../x", "A", "a b"] {
        let error =
            server.machine().await.run(&Command::step(name, "trying", "true"), &limits()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Rejected, "{name}");
    }
}

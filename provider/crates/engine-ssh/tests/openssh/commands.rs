//! Commands that look.

use std::sync::Arc;
use std::time::Duration;

use engines::error::Kind;
use engines::limits::Limits;
use engines::machines::{Command, Ending};
use tokio_util::sync::CancellationToken;

use crate::process::{arguments, runs, sleeping};
use crate::setup::{Sshd, eventually, limits};

#[tokio::test]
async fn status_output_and_errors_are_told_apart() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let script = "echo out\necho \"it's\" >&2\n[ -z \"$(cat)\" ] && echo nothing comes in\nexit 3";
    let output = machine.run(&Command::look("trying", script), &limits()).await.unwrap();
    assert_eq!(output.ending, Ending::Exited(3));
    assert_eq!(output.stdout, b"out\nnothing comes in\n");
    assert_eq!(output.stderr, b"it's\n");
    let output = machine.run(&Command::look("trying", "kill -9 $$"), &limits()).await.unwrap();
    assert_eq!(output.ending, Ending::Exited(137));
    let output = machine.run(&Command::look("trying", "exit 143"), &limits()).await.unwrap();
    assert_eq!(output.ending, Ending::Exited(143));
    let command = Command::look("trying", "umask; echo $LC_ALL");
    let output = machine.run(&command, &limits()).await.unwrap();
    assert_eq!(output.text(), "0022\nC");
}

#[tokio::test]
async fn what_a_shell_says_at_login_is_not_the_commands() {
    let Some(server) = Sshd::start_with("SetEnv ENV=FOLDER/rc BASH_ENV=FOLDER/rc").await else { return };
    std::fs::write(server.path("rc"), "echo Welcome; echo Welcome >&2\n").unwrap();
    let output = server.machine().await.run(&Command::look("trying", "echo a"), &limits()).await.unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"a\n"[..], &b""[..]));
}

#[tokio::test]
async fn of_big_outputs_the_beginning_and_of_big_errors_the_end_is_kept() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let script = "seq 1 1000000 & seq 1 1000000 >&2; wait";
    for most in [10_000, 20_000_000] {
        let command = Command { most_output: most, ..Command::look("counting on", script) };
        let output = machine.run(&command, &limits()).await.unwrap();
        assert!(output.stdout.starts_with(b"1\n2\n3\n") && output.stderr.ends_with(b"999999\n1000000\n"));
        let total = output.stdout.len() + output.stderr.len() + usize::try_from(output.left_out).unwrap();
        assert_eq!(total, 2 * 6_888_896);
        assert_eq!(output.stdout.len(), most.min(6_888_896));
    }
}

#[tokio::test]
async fn a_script_may_be_long() {
    let Some(server) = Sshd::start().await else { return };
    let script = format!("set -- {}\necho $#", "word ".repeat(1_000_000));
    let output = server.machine().await.run(&Command::look("trying", script), &limits()).await.unwrap();
    assert_eq!(output.text(), "1000000");
}

#[tokio::test]
async fn the_deadline_ends_a_command_and_all_it_started() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let short = Limits::within(Duration::from_secs(1), CancellationToken::new());
    let (beside, last) = (sleeping(7101), sleeping(7102));
    let command = Command::look("waiting on", format!("{beside} & {last}"));
    let error = machine.run(&command, &short).await.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    eventually("both have ended", || !runs(&beside) && !runs(&last)).await;
    // The connection is as good as before.
    assert!(machine.run(&Command::look("trying", "true"), &limits()).await.unwrap().is_success());
}

#[tokio::test]
async fn cancel_ends_a_command_and_all_it_started_also_one_that_does_not_want_to() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let (plain, stubborn, after) = (sleeping(7201), sleeping(7202), sleeping(7203));
    let scripts = [(plain.clone(), &plain), (format!("trap '' TERM; {stubborn}; {after}"), &stubborn)];
    for (script, sleep) in scripts {
        let limits = limits();
        let command = Command::look("waiting on", script);
        let cancel = async {
            eventually("it sleeps", || runs(sleep)).await;
            limits.cancel.cancel();
        };
        let (error, ()) = tokio::join!(machine.run(&command, &limits), cancel);
        assert_eq!(error.unwrap_err().kind, Kind::Cancelled);
        eventually("it has ended", || !runs(sleep) && !runs(&after)).await;
    }
}

#[tokio::test]
async fn a_command_that_nobody_waits_for_any_more_ends() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let sleep = sleeping(7301);
    let command = Command::look("waiting on", &sleep);
    let call = tokio::spawn(async move {
        machine.run(&command, &limits()).await.ok();
        machine
    });
    eventually("it sleeps", || runs(&sleep)).await;
    call.abort();
    eventually("it has ended", || !runs(&sleep)).await;
}

#[tokio::test]
async fn twenty_commands_share_one_connection() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let mut running = tokio::task::JoinSet::new();
    for n in 0..20 {
        let machine = Arc::clone(&machine);
        let script = format!("sleep 0.3; echo {n}");
        running.spawn(async move {
            machine.run(&Command::look("trying", script), &limits()).await.unwrap().text()
        });
    }
    let mut said: Vec<usize> = running.join_all().await.iter().map(|text| text.parse().unwrap()).collect();
    said.sort_unstable();
    assert_eq!(said, (0..20).collect::<Vec<_>>());
    assert_eq!(server.text("log").matches("Accepted publickey").count(), 1);
}

#[tokio::test]
async fn a_server_with_little_room_is_asked_again() {
    let Some(server) = Sshd::start_with("MaxSessions 2").await else { return };
    let machine = server.machine().await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let machine = Arc::clone(&machine);
        running.spawn(async move {
            machine.run(&Command::look("trying", "sleep 0.1"), &limits()).await.unwrap().is_success()
        });
    }
    assert!(running.join_all().await.into_iter().all(|done| done));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_has_a_script_a_file_or_a_password_among_its_arguments() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let stop = CancellationToken::new();
    let looking = std::thread::spawn({
        let stop = stop.clone();
        move || {
            let mut samples = 0;
            let mut bad = Vec::new();
            while !stop.is_cancelled() {
                samples += 1;
                bad.extend(arguments().into_iter().filter(|line| line.contains("hunter2-of-this-test")));
            }
            (samples, bad)
        }
    });
    let secret = "hunter2-of-this-test";
    let file = engines::machines::RemoteFile::secret(server.path("secret").to_str().unwrap(), secret);
    for n in 0..10 {
        let script = format!("s={secret}; sleep 0.05; [ -n \"$s\" ]");
        for command in [Command::look("trying", &*script), Command::step("test-argument", "trying", &*script)]
        {
            assert!(machine.run(&command, &limits()).await.unwrap().is_success(), "{n}");
        }
        machine.put(&file, &limits()).await.unwrap();
    }
    stop.cancel();
    let (samples, bad) = looking.join().unwrap();
    assert!(samples > 10, "{samples}");
    assert_eq!(bad, Vec::<String>::new());
    crate::steps::forget("test-argument");
}

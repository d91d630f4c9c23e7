//! Becoming root: with the real `sudo` where there is one, and with a stand-in that asks and answers as it does, because
//! a test makes no users.

use domain::machine_address::{Become, MachineAddress};
use engine_ssh::credentials::SshCredential;
use engines::error::{Kind, SudoProblem};
use engines::machines::{Command, Machines as _, RemoteFile};
use engines::secret::SecretString;

use crate::setup::{PATIENCE, Sshd, limits, machines, user};

/// Asks for a password on standard error and takes it from standard input, letter by letter, as `sudo -S` does.
const STAND_IN: &str = r#"#!/bin/sh
prompt='[sudo] password: ' ask=
while :; do
  case $1 in
    -n) ask=no ;;
    -S) ask=yes ;;
    -H) ;;
    -p) prompt=$2; shift ;;
    --) shift; break ;;
    *) exit 9 ;;
  esac
  shift
done
if [ -e FOLDER/needs-password ]; then
  [ "$ask" = yes ] || { echo 'sudo: a password is required' >&2; exit 1; }
  for attempt in 1 2 3; do
    printf '%s' "$prompt" >&2
    IFS= read -r given || { echo 'sudo: no password was provided' >&2; exit 1; }
    echo asked >>FOLDER/asked
    [ "$given" = opensesame ] && break
    echo 'Sorry, try again.' >&2
    [ "$attempt" -lt 3 ] || exit 1
  done
fi
SUDO_STAND_IN=yes exec "$@"
"#;

async fn server() -> Option<Sshd> {
    let server = Sshd::start_with("SetEnv PATH=FOLDER/bin:/usr/sbin:/usr/bin:/sbin:/bin").await?;
    let folder = server.folder.path().to_str().unwrap().to_owned();
    server.program("sudo", &STAND_IN.replace("FOLDER", &folder));
    Some(server)
}

fn root(server: &Sshd) -> MachineAddress {
    MachineAddress { becomes: Become::Sudo, ..server.address() }
}

fn credential(server: &Sshd, password: Option<&str>) -> SshCredential {
    SshCredential { become_password: password.map(SecretString::from), ..server.credential() }
}

async fn says(server: &Sshd, password: Option<&str>) -> Result<String, (Kind, String)> {
    let machines = machines(credential(server, password));
    let machine = machines.connect(&root(server), &limits()).await.unwrap();
    let path = server.path("file");
    let output = machine.run(&Command::look("trying", "echo $SUDO_STAND_IN; cat"), &limits()).await;
    let output = output.map_err(|error| (error.kind, error.chain()))?;
    machine.put(&RemoteFile::secret(path.to_str().unwrap(), "content"), &limits()).await.unwrap();
    assert_eq!(server.text("file"), "content");
    Ok(output.text())
}

#[tokio::test]
async fn commands_and_files_go_through_sudo_with_and_without_a_password() {
    let Some(server) = server().await else { return };
    assert_eq!(says(&server, None).await, Ok("yes".to_owned()));
    // One that is not asked for is not sent: it would be read as something else.
    assert_eq!(says(&server, Some("opensesame")).await, Ok("yes".to_owned()));
    std::fs::write(server.path("needs-password"), "").unwrap();
    assert_eq!(says(&server, Some("opensesame")).await, Ok("yes".to_owned()));
}

#[tokio::test]
async fn what_needs_no_root_does_not_ask_to_become_it() {
    let Some(server) = server().await else { return };
    std::fs::write(server.path("needs-password"), "").unwrap();
    let machines = machines(credential(&server, None));
    let machine = machines.connect(&root(&server), &limits()).await.unwrap();
    let command = Command::look("trying", "echo as ${SUDO_STAND_IN:-login}").as_login();
    assert_eq!(machine.run(&command, &limits()).await.unwrap().text(), "as login");
}

#[tokio::test]
async fn a_password_that_is_missing_or_wrong_is_told_and_tried_once() {
    let Some(server) = server().await else { return };
    std::fs::write(server.path("needs-password"), "").unwrap();
    let (kind, chain) = says(&server, None).await.unwrap_err();
    assert_eq!(kind, Kind::Sudo(SudoProblem::PasswordNeeded), "{chain}");
    let (kind, chain) = says(&server, Some("hunter2")).await.unwrap_err();
    assert_eq!(kind, Kind::Sudo(SudoProblem::PasswordWrong), "{chain}");
    assert!(!chain.contains("hunter2"), "{chain}");
    assert_eq!(server.text("asked"), "asked\n");
}

#[tokio::test]
async fn no_sudo_at_all_is_told() {
    let Some(server) = server().await else { return };
    server.program("sudo", "#!/bin/sh\necho 'ann is not in the sudoers file.' >&2\nexit 1\n");
    let (kind, chain) = says(&server, None).await.unwrap_err();
    assert_eq!(kind, Kind::Sudo(SudoProblem::Refused));
    assert!(chain.contains("ann is not in the sudoers file."), "{chain}");
}

#[tokio::test]
async fn the_real_sudo_makes_root_and_its_children_can_be_ended() {
    let may = std::process::Command::new("sudo").args(["-n", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no sudo here, or it asks {} for a password", user());
        return;
    }
    let Some(server) = Sshd::start().await else { return };
    for password in [None, Some("not asked for")] {
        let machines = machines(credential(&server, password)).with_patience(PATIENCE);
        let machine = machines.connect(&root(&server), &limits()).await.unwrap();
        let output =
            machine.run(&Command::look("trying", "id -u; echo $SUDO_USER"), &limits()).await.unwrap();
        assert_eq!(output.text(), format!("0\n{}", user()));
        let limits = limits();
        let command = Command::look("waiting on", "sleep 7701");
        let cancel = async {
            crate::setup::eventually("it sleeps", || crate::process::runs("sleep 7701")).await;
            limits.cancel.cancel();
        };
        let (error, ()) = tokio::join!(machine.run(&command, &limits), cancel);
        assert_eq!(error.unwrap_err().kind, Kind::Cancelled);
        assert!(!crate::process::runs("sleep 7701"));
    }
}

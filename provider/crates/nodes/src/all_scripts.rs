//! What holds for every script.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use domain::node::Role;

use crate::kubeadm::join::JoinToken;
use crate::script::{Script, Secrecy};
use crate::{alive, artifacts, claim, cluster, leave, lock, look, prepare, reach, renewal, testing};

const TOKEN: &str = "abcdef.0123456789abcdef";

fn all() -> Vec<Script> {
    let setup = testing::setup();
    let facts = testing::facts("10.0.0.1");
    let node = testing::node("cp1", Role::ControlPlane, "10.0.0.1");
    let token = JoinToken::from_command(&format!(
        "kubeadm join api:6443 --token {TOKEN} --discovery-token-ca-cert-hash sha256:00"
    ))
    .unwrap();
    vec![
        look::script(),
        lock::take(&lock::Holder { id: "x".into(), who: "y".into() }),
        reach::script(&["10.0.0.2:6443".parse().unwrap()]),
        alive::script(),
        claim::script(&testing::mark("cp1")),
        artifacts::script(&setup, &artifacts::list(&setup, testing::ARCH, false).unwrap()),
        prepare::script(&setup, &facts, None).unwrap(),
        cluster::init(&setup, &node).unwrap(),
        cluster::token(Duration::from_mins(15)),
        cluster::take_back(&token),
        cluster::join(&setup, &node, &token, Some("00aa"), "00", Duration::from_secs(30)).unwrap(),
        renewal::script(),
        leave::reset(),
        leave::clean(),
        leave::forget(),
    ]
}

/// Whether the machine's shell reads `text` to its end.
fn reads(text: &str) -> bool {
    let mut shell = Command::new("/bin/sh").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    shell.wait().unwrap().success()
}

#[test]
fn every_script_is_read_by_a_plain_shell() {
    for script in all() {
        assert!(reads(&script.render()), "{script:?}");
    }
    assert!(reads(include_str!("sh/renew-certificates.sh")));
    assert!(!reads("if"));
}

#[test]
fn what_holds_a_token_says_so() {
    for script in all() {
        let holds = script.render().contains(TOKEN);
        assert_eq!(holds, script.secrecy() == Secrecy::Text, "{script:?}");
    }
}

#[test]
fn on_a_machine_every_path_is_its_own() {
    for script in all() {
        let text = script.render();
        // Empty is what it is there, and nothing may take that for a mistake.
        assert!(!text.contains("ROOT:?"), "{script:?}");
        assert!(text.contains("\nROOT=''\n") && text.contains("\nPATH='/usr/local/sbin:"), "{script:?}");
    }
}

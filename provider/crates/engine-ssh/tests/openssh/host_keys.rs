//! Which machines are taken for the one that is meant.

use std::process::Command;

use domain::host_key::{HostKeyFingerprint, HostKeyPolicy};
use engines::error::{HostKeyProblem, Kind};
use engines::machines::Machines as _;

use crate::setup::{Sshd, fingerprint, limits, refused};

fn known(text: String) -> HostKeyPolicy {
    HostKeyPolicy { known_hosts: Some(text), ..HostKeyPolicy::default() }
}

async fn accepted(server: &Sshd, policy: HostKeyPolicy) -> HostKeyFingerprint {
    let address = server.address_with(policy);
    server.machines().connect(&address, &limits()).await.unwrap().host_key()
}

async fn denied(server: &Sshd, policy: HostKeyPolicy) -> (Kind, String) {
    let error = refused(server.credential(), &server.address_with(policy)).await;
    // Nobody is let in, and nobody was asked to be.
    assert!(!server.text("log").contains("Accepted publickey"), "{}", server.text("log"));
    (error.kind, error.chain())
}

#[tokio::test]
async fn a_pinned_key_is_accepted_whichever_of_the_servers_it_is() {
    let Some(server) = Sshd::start().await else { return };
    for name in ["host_ed25519.pub", "host_ecdsa.pub"] {
        let key = fingerprint(&server.path(name));
        assert_eq!(accepted(&server, HostKeyPolicy::pinned(key)).await, key);
    }
}

#[tokio::test]
async fn another_key_than_the_pinned_one_is_refused_and_both_are_named() {
    let Some(server) = Sshd::start().await else { return };
    let other = fingerprint(&server.path("id.pub"));
    let (kind, chain) = denied(&server, HostKeyPolicy::pinned(other)).await;
    assert_eq!(kind, Kind::HostKey(HostKeyProblem::Differs));
    assert!(chain.contains(&other.to_string()) && chain.contains(&server.key().to_string()), "{chain}");
    // A pinned key decides alone.
    let policy = HostKeyPolicy {
        pinned: Some(other),
        known_hosts: Some(server.known_hosts("host_ed25519.pub")),
        accepts_new: true,
        recorded: None,
    };
    assert_eq!(denied(&server, policy).await.0, Kind::HostKey(HostKeyProblem::Differs));
}

#[tokio::test]
async fn an_unknown_key_is_refused_and_named_unless_new_ones_are_accepted() {
    let Some(server) = Sshd::start().await else { return };
    let elsewhere = format!("elsewhere {}", server.text("host_ed25519.pub"));
    for policy in [HostKeyPolicy::default(), known(elsewhere)] {
        let (kind, chain) = denied(&server, policy).await;
        assert_eq!(kind, Kind::HostKey(HostKeyProblem::Unknown));
        assert!(chain.contains(&server.key().to_string()), "{chain}");
    }
    let policy = HostKeyPolicy { accepts_new: true, ..HostKeyPolicy::default() };
    assert_eq!(accepted(&server, policy).await, server.key());
}

#[tokio::test]
async fn of_a_machine_that_was_accepted_once_no_other_key_is() {
    let Some(server) = Sshd::start().await else { return };
    let accepting = |recorded| HostKeyPolicy { accepts_new: true, recorded, ..HostKeyPolicy::default() };
    let other = fingerprint(&server.path("id.pub"));
    let (kind, chain) = denied(&server, accepting(Some(other))).await;
    assert_eq!(kind, Kind::HostKey(HostKeyProblem::Differs));
    assert!(chain.contains(&other.to_string()) && chain.contains(&server.key().to_string()), "{chain}");
    // Once new keys are accepted no more, one that was is not either.
    let policy = HostKeyPolicy { recorded: Some(server.key()), ..HostKeyPolicy::default() };
    assert_eq!(denied(&server, policy).await.0, Kind::HostKey(HostKeyProblem::Unknown));
    // `known_hosts` knows better, whatever was accepted before.
    let known_hosts = Some(server.known_hosts("host_ed25519.pub"));
    let policy = HostKeyPolicy { known_hosts, ..accepting(Some(other)) };
    assert_eq!(accepted(&server, policy).await, server.key());
    for name in ["host_ed25519.pub", "host_ecdsa.pub"] {
        let key = fingerprint(&server.path(name));
        assert_eq!(accepted(&server, accepting(Some(key))).await, key, "{name}");
    }
}

#[tokio::test]
async fn known_hosts_is_obeyed_plain_and_hashed_and_asks_for_the_key_that_it_knows() {
    let Some(server) = Sshd::start().await else { return };
    for name in ["host_ed25519.pub", "host_ecdsa.pub"] {
        let plain = server.known_hosts(name);
        let key = fingerprint(&server.path(name));
        assert_eq!(accepted(&server, known(plain.clone())).await, key);
        let file = server.path("known_hosts");
        std::fs::write(&file, plain).unwrap();
        assert!(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(&file).status().unwrap().success());
        let hashed = server.text("known_hosts");
        assert!(hashed.starts_with("|1|") && !hashed.contains("127.0.0.1"), "{hashed}");
        assert_eq!(accepted(&server, known(hashed)).await, key);
    }
}

#[tokio::test]
async fn a_key_that_differs_from_known_hosts_is_refused_also_where_new_ones_are_accepted() {
    let Some(server) = Sshd::start().await else { return };
    let policy = HostKeyPolicy { accepts_new: true, ..known(server.known_hosts("id.pub")) };
    let (kind, chain) = denied(&server, policy).await;
    assert_eq!(kind, Kind::HostKey(HostKeyProblem::Differs));
    let other = fingerprint(&server.path("id.pub"));
    assert!(chain.contains(&other.to_string()) && chain.contains(&server.key().to_string()), "{chain}");
}

#[tokio::test]
async fn a_revoked_key_is_refused() {
    let Some(server) = Sshd::start().await else { return };
    let line = server.known_hosts("host_ed25519.pub");
    let policy = HostKeyPolicy { accepts_new: true, ..known(format!("{line}@revoked {line}")) };
    assert_eq!(denied(&server, policy).await.0, Kind::HostKey(HostKeyProblem::Revoked));
}

//! Machines behind other machines.

use domain::host_key::HostKeyPolicy;
use domain::machine_address::HostPort;
use engines::error::{HostKeyProblem, Kind};
use engines::machines::{Command, Machines as _};

use crate::setup::{Sshd, key_file, limits, machines, refused};

/// A machine and a bastion that both let in the bastion's key.
async fn pair(more: &str) -> Option<(Sshd, Sshd)> {
    let bastion = Sshd::start_with(more).await?;
    let machine = Sshd::start().await?;
    std::fs::write(machine.path("authorized_keys"), bastion.text("id.pub")).unwrap();
    Some((machine, bastion))
}

#[tokio::test]
async fn a_machine_is_reached_through_its_bastions_and_each_key_is_checked() {
    let Some((machine, bastion)) = pair("").await else { return };
    let second = Sshd::start().await.unwrap();
    std::fs::write(second.path("authorized_keys"), bastion.text("id.pub")).unwrap();
    let mut address = machine.address();
    address.bastions = vec![
        bastion.login(HostKeyPolicy::pinned(bastion.key())),
        second.login(HostKeyPolicy::pinned(second.key())),
    ];
    let machines = machines(key_file(&bastion.path("id")));
    let it = machines.connect(&address, &limits()).await.unwrap();
    assert_eq!(it.host_key(), machine.key());
    let output = it.run(&Command::look("asking", "echo $SSH_CONNECTION"), &limits()).await.unwrap();
    assert!(output.text().ends_with(&machine.port.to_string()), "{}", output.text());
    assert!(bastion.text("log").contains("Accepted publickey"));

    address.bastions[1].host_keys = HostKeyPolicy::pinned(bastion.key());
    let error = refused(key_file(&bastion.path("id")), &address).await;
    assert_eq!(error.kind, Kind::HostKey(HostKeyProblem::Differs));
    let named = format!("at the bastion {}@127.0.0.1:{}", crate::setup::user(), second.port);
    assert!(error.chain().contains(&named), "{}", error.chain());
}

#[tokio::test]
async fn what_a_bastion_does_not_reach_or_pass_on_is_told() {
    let Some((machine, bastion)) = pair("").await else { return };
    let mut address = machine.address();
    address.bastions = vec![bastion.login(HostKeyPolicy::pinned(bastion.key()))];
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    address.login.at = HostPort::new("127.0.0.1", closed);
    let error = refused(key_file(&bastion.path("id")), &address).await;
    assert_eq!(error.kind, Kind::Unreachable);
    assert!(error.chain().contains("the server before it does not reach"), "{}", error.chain());

    let Some((machine, bastion)) = pair("AllowTcpForwarding no").await else { return };
    let mut address = machine.address();
    address.bastions = vec![bastion.login(HostKeyPolicy::pinned(bastion.key()))];
    let error = refused(key_file(&bastion.path("id")), &address).await;
    assert_eq!(error.kind, Kind::Rejected);
    assert!(error.chain().contains("AllowTcpForwarding"), "{}", error.chain());
}

//! Who is let in, and what is said to those who are not.

use std::process::{Child, Command, Stdio};

use domain::machine_address::HostPort;
use engine_ssh::credentials::{KeySource, SshCredential};
use engines::error::{Kind, SshCredentialProblem};
use engines::machines::Machines as _;
use engines::secret::SecretString;

use crate::setup::{Sshd, eventually, key_file, key_text, limits, machines, make_key, refused};

async fn lets_in(server: &Sshd, credential: SshCredential) {
    let connected = machines(credential).connect(&server.address(), &limits()).await;
    assert!(connected.is_ok(), "{}", connected.err().unwrap().chain());
}

#[tokio::test]
async fn ed25519_and_ecdsa_keys_log_in_from_files_and_as_text() {
    let Some(server) = Sshd::start().await else { return };
    for (name, arguments) in [
        ("ed25519", &["-t", "ed25519"][..]),
        ("p256", &["-t", "ecdsa", "-b", "256"]),
        ("p384", &["-t", "ecdsa", "-b", "384"]),
        ("p521", &["-t", "ecdsa", "-b", "521"]),
        ("pkcs8", &["-t", "ecdsa", "-m", "PKCS8"]),
        ("pem", &["-t", "ecdsa", "-m", "PEM"]),
    ] {
        make_key(&server.path(name), arguments);
        server.let_in(&format!("{name}.pub"));
        lets_in(&server, key_file(&server.path(name))).await;
        lets_in(&server, key_text(&server.path(name))).await;
    }
}

#[tokio::test]
async fn an_encrypted_key_needs_the_right_passphrase() {
    let Some(server) = Sshd::start().await else { return };
    make_key(&server.path("locked"), &["-t", "ed25519", "-N", "opensesame"]);
    server.let_in("locked.pub");
    let with = |passphrase: Option<&str>| SshCredential {
        passphrase: passphrase.map(SecretString::from),
        ..key_file(&server.path("locked"))
    };
    lets_in(&server, with(Some("opensesame"))).await;
    for passphrase in [None, Some("hunter2")] {
        let error = refused(with(passphrase), &server.address()).await;
        assert_eq!(error.kind, Kind::SshCredential(SshCredentialProblem::Locked), "{}", error.chain());
        assert!(!error.chain().contains("hunter2"));
    }
}

#[tokio::test]
async fn a_key_that_the_server_does_not_know_is_refused_with_what_it_would_take() {
    let Some(server) = Sshd::start().await else { return };
    make_key(&server.path("stranger"), &["-t", "ed25519"]);
    let error = refused(key_file(&server.path("stranger")), &server.address()).await;
    assert_eq!(error.kind, Kind::LoginRefused);
    assert!(error.chain().contains("tried the key; it would take publickey"), "{}", error.chain());
}

#[tokio::test]
async fn unusable_credentials_are_told_apart_and_not_quoted() {
    let Some(server) = Sshd::start().await else { return };
    make_key(&server.path("rsa"), &["-t", "rsa"]);
    make_key(&server.path("rsa_pem"), &["-t", "rsa", "-m", "PEM"]);
    let text = |text: &str| SshCredential {
        key: Some(KeySource::Text(SecretString::from(text))),
        ..SshCredential::default()
    };
    let missing = Kind::SshCredential(SshCredentialProblem::Missing);
    let malformed = Kind::SshCredential(SshCredentialProblem::Malformed);
    for (credential, kind) in [
        (key_file(&server.path("absent")), missing),
        (SshCredential::default(), missing),
        (text("hunter2"), malformed),
        (text(""), malformed),
        (text("-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----"), malformed),
        (key_file(&server.path("rsa")), malformed),
        (key_file(&server.path("rsa_pem")), malformed),
    ] {
        let error = refused(credential, &server.address()).await;
        assert_eq!(error.kind, kind, "{}", error.chain());
        assert!(!error.chain().contains("hunter2"), "{}", error.chain());
    }
    let mut address = server.address();
    address.login.credential = "elsewhere".to_owned();
    let error = refused(server.credential(), &address).await;
    assert_eq!(error.kind, missing);
    assert!(error.chain().contains("`elsewhere`; there are site"), "{}", error.chain());
}

/// An agent on a socket of its own.
struct Agent {
    child: Child,
    credential: SshCredential,
}

impl Agent {
    async fn start(server: &Sshd) -> Self {
        let socket = server.path("agent");
        let child = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn();
        let child = child.unwrap();
        eventually("the agent listens", || socket.exists()).await;
        let key = Some(KeySource::Agent { socket: Some(socket) });
        Self { child, credential: SshCredential { key, ..SshCredential::default() } }
    }

    fn add(server: &Sshd, key: &str) {
        let mut command = Command::new("ssh-add");
        command.arg("-q").arg(server.path(key)).env("SSH_AUTH_SOCK", server.path("agent"));
        assert!(command.status().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
async fn an_agent_logs_in_with_the_key_that_fits_rsa_too() {
    let Some(server) = Sshd::start().await else { return };
    let agent = Agent::start(&server).await;
    let error = refused(agent.credential.clone(), &server.address()).await;
    assert_eq!(error.kind, Kind::SshCredential(SshCredentialProblem::Missing));
    assert!(error.chain().contains("holds no key"), "{}", error.chain());
    make_key(&server.path("stranger"), &["-t", "ed25519"]);
    Agent::add(&server, "stranger");
    let error = refused(agent.credential.clone(), &server.address()).await;
    assert_eq!(error.kind, Kind::LoginRefused);
    make_key(&server.path("rsa"), &["-t", "rsa"]);
    Agent::add(&server, "rsa");
    server.let_in("rsa.pub");
    lets_in(&server, agent.credential.clone()).await;
}

#[tokio::test]
async fn an_agent_that_is_not_there_is_named() {
    let Some(server) = Sshd::start().await else { return };
    let key = Some(KeySource::Agent { socket: Some(server.path("nobody")) });
    let error = refused(SshCredential { key, ..SshCredential::default() }, &server.address()).await;
    assert_eq!(error.kind, Kind::SshCredential(SshCredentialProblem::Missing));
    assert!(error.chain().contains("nobody does not answer"), "{}", error.chain());
}

#[tokio::test]
async fn where_nobody_or_somebody_else_listens_is_out_of_reach() {
    let Some(server) = Sshd::start().await else { return };
    let mut address = server.address();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    address.login.at = HostPort::new("127.0.0.1", closed);
    let error = refused(server.credential(), &address).await;
    assert_eq!(error.kind, Kind::Unreachable);
    assert!(error.chain().contains("refused"), "{}", error.chain());
    // One that accepts and says nothing: many who ask wait together.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    address.login.at = HostPort::new("127.0.0.1", listener.local_addr().unwrap().port());
    let machines = server.machines();
    let begun = tokio::time::Instant::now();
    let limits = limits();
    let mut asking = tokio::task::JoinSet::new();
    let machines = std::sync::Arc::new(machines);
    for _ in 0..20 {
        let (machines, address, limits) = (machines.clone(), address.clone(), limits.clone());
        asking.spawn(async move { machines.connect(&address, &limits).await.err().unwrap().kind });
    }
    let kinds = asking.join_all().await;
    assert!(kinds.iter().all(|kind| *kind == Kind::Unreachable), "{kinds:?}");
    assert!(begun.elapsed() < 2 * crate::setup::PATIENCE.login, "{:?}", begun.elapsed());
}

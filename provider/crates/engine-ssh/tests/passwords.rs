//! Passwords, against a server of the same library: OpenSSH takes those of the system's users only, and a test makes no
//! users.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::host_key::HostKeyPolicy;
use domain::machine_address::{Become, HostPort, Login, MachineAddress};
use engine_ssh::credentials::{SshCredential, SshCredentials};
use engine_ssh::machines::SshMachines;
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::Machines as _;
use engines::secret::SecretString;
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{Auth, Handler, Response};
use russh::{MethodKind, MethodSet};
use tokio_util::sync::CancellationToken;

/// How the server wants to hear the password.
#[derive(Clone, Copy, PartialEq)]
enum Ways {
    Plainly,
    AsAnAnswer,
    /// As an answer, and then a second question, as for a one-time code.
    WithACode,
}

#[derive(Clone)]
struct Guard {
    ways: Ways,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Guard {
    fn judge(&self, password: &str) -> Auth {
        self.heard.lock().unwrap().push(password.to_owned());
        if password == "opensesame" { Auth::Accept } else { self.no() }
    }

    fn no(&self) -> Auth {
        let way =
            if self.ways == Ways::Plainly { MethodKind::Password } else { MethodKind::KeyboardInteractive };
        Auth::Reject { proceed_with_methods: Some(MethodSet::from(&[way][..])), partial_success: false }
    }

    fn ask(prompt: &'static str) -> Auth {
        let prompts = Cow::Owned(vec![(Cow::Borrowed(prompt), false)]);
        Auth::Partial { name: "".into(), instructions: "".into(), prompts }
    }
}

impl Handler for Guard {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        Ok(self.no())
    }

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(if self.ways == Ways::Plainly { self.judge(password) } else { self.no() })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(mut answers) = response else { return Ok(Self::ask("Password: ")) };
        let answer = String::from_utf8(answers.next().unwrap().to_vec()).unwrap();
        match self.judge(&answer) {
            Auth::Accept if self.ways == Ways::WithACode => Ok(Self::ask("Code: ")),
            other => Ok(other),
        }
    }
}

/// Logs in to such a server, and gives what it heard.
async fn log_in(ways: Ways, password: &str) -> (Result<(), EngineError>, Vec<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let guard = Guard { ways, heard: Arc::clone(&heard) };
    let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
    let config = russh::server::Config {
        keys: vec![key],
        auth_rejection_time: Duration::ZERO,
        ..russh::server::Config::default()
    };
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let session = russh::server::run_stream(Arc::new(config), stream, guard).await.unwrap();
        session.await.ok();
    });
    let credential =
        SshCredential { password: Some(SecretString::from(password)), ..SshCredential::default() };
    let machines = SshMachines::new(SshCredentials::new([("site".to_owned(), credential)]));
    let login = Login {
        at: HostPort::new("127.0.0.1", port),
        user: "ann".to_owned(),
        credential: "site".to_owned(),
        host_keys: HostKeyPolicy { accepts_new: true, ..HostKeyPolicy::default() },
    };
    let address = MachineAddress { login, bastions: Vec::new(), becomes: Become::Nobody };
    let limits = Limits::within(Duration::from_secs(20), CancellationToken::new());
    let result = machines.connect(&address, &limits).await.map(drop);
    let heard = heard.lock().unwrap().clone();
    (result, heard)
}

#[tokio::test]
async fn a_password_is_given_plainly_or_as_an_answer() {
    for ways in [Ways::Plainly, Ways::AsAnAnswer] {
        let (result, heard) = log_in(ways, "opensesame").await;
        assert!(result.is_ok(), "{}", result.unwrap_err().chain());
        assert_eq!(heard, ["opensesame"]);
    }
}

#[tokio::test]
async fn a_wrong_password_is_given_once_and_never_shown() {
    for ways in [Ways::Plainly, Ways::AsAnAnswer] {
        let (result, heard) = log_in(ways, "hunter2").await;
        let error = result.unwrap_err();
        assert_eq!(error.kind, Kind::LoginRefused, "{}", error.chain());
        assert!(error.chain().contains("tried the password") && !error.chain().contains("hunter2"));
        assert_eq!(heard, ["hunter2"]);
    }
}

#[tokio::test]
async fn a_question_for_something_else_is_not_answered_with_the_password() {
    let (result, heard) = log_in(Ways::WithACode, "opensesame").await;
    assert_eq!(result.unwrap_err().kind, Kind::LoginRefused);
    assert_eq!(heard, ["opensesame"]);
}

//! A server, keys and addresses to try.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use domain::host_key::{HostKeyFingerprint, HostKeyPolicy};
use domain::machine_address::{Become, HostPort, Login, MachineAddress};
use engine_ssh::credentials::{KeySource, SshCredential, SshCredentials};
use engine_ssh::machines::SshMachines;
use engine_ssh::patience::Patience;
use engines::error::EngineError;
use engines::limits::Limits;
use engines::machines::{Machine, Machines};
use engines::secret::SecretString;
use engines::wait::{Pace, Seen, until};
use tokio_util::sync::CancellationToken;

/// Where Debian and Red Hat put it.
const SSHD: &str = "/usr/sbin/sshd";

/// For tests on one machine: what is not there after this does not come.
pub(crate) const PATIENCE: Patience = Patience {
    login: Duration::from_secs(5),
    alive: Duration::from_millis(500),
    resume: Duration::from_secs(10),
    end: Duration::from_secs(8),
};

const SOON: Pace = Pace { first: Duration::from_millis(20), most: Duration::from_millis(200) };

pub(crate) fn limits() -> Limits {
    Limits::within(Duration::from_mins(1), CancellationToken::new())
}

/// Waits until `look` is true.
pub(crate) async fn eventually(what: &'static str, look: impl Fn() -> bool) {
    let seen = || async { Ok(if look() { Seen::Ready(()) } else { Seen::Pending("not yet".to_owned()) }) };
    let limits = Limits::within(Duration::from_secs(20), CancellationToken::new());
    until("waiting until", what, SOON, &limits, seen).await.unwrap();
}

/// Makes a key pair with `ssh-keygen`.
pub(crate) fn make_key(file: &Path, arguments: &[&str]) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-C", "test", "-f"]).arg(file).args(arguments);
    if !arguments.contains(&"-N") {
        command.args(["-N", ""]);
    }
    assert!(command.status().unwrap().success());
}

/// What `ssh-keygen -l` says of a public key.
pub(crate) fn fingerprint(public: &Path) -> HostKeyFingerprint {
    let output = Command::new("ssh-keygen").arg("-lf").arg(public).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    HostKeyFingerprint::parse(text.split(' ').nth(1).unwrap()).unwrap()
}

/// Who runs the tests: the server lets in nobody else, unless it is root's.
pub(crate) fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// An OpenSSH server.
pub(crate) struct Sshd {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
    child: Option<Child>,
}

impl Sshd {
    /// Starts one that lets in the key `id` in its folder; none if there is no `sshd` here.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_with("").await
    }

    /// The same, with more lines in its configuration; `FOLDER` in them is its folder.
    pub(crate) async fn start_with(more: &str) -> Option<Self> {
        if !Path::new(SSHD).exists() {
            println!("skipped: {SSHD} is not there (Debian: openssh-server)");
            return None;
        }
        if user() == "root" {
            // Where its service does not run, nobody has made it; it is empty and stays so.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut it = Self { folder, port, child: None };
        make_key(&it.path("host_ed25519"), &["-t", "ed25519"]);
        make_key(&it.path("host_ecdsa"), &["-t", "ecdsa"]);
        make_key(&it.path("id"), &["-t", "ed25519"]);
        it.let_in("id.pub");
        let config = "Port PORT\nListenAddress 127.0.0.1\nHostKey FOLDER/host_ed25519\nHostKey FOLDER/host_ecdsa\n\
                      PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n\
                      KbdInteractiveAuthentication no\nAuthorizedKeysFile FOLDER/authorized_keys\nLogLevel VERBOSE\n";
        let config = format!("{config}{more}\n").replace("PORT", &port.to_string());
        let config = config.replace("FOLDER", it.folder.path().to_str().unwrap());
        fs::write(it.path("config"), config).unwrap();
        it.run().await;
        Some(it)
    }

    /// Starts it, or starts it again.
    pub(crate) async fn run(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = Command::new(SSHD);
        command.args(["-D", "-e", "-f"]).arg(self.path("config")).stdin(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let port = self.port;
        eventually("the server listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    }

    /// The process that listens.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.as_ref().unwrap().id()).unwrap()
    }

    /// Kills it with all its connections, but not what was run through them.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let pid = i32::try_from(child.id()).unwrap();
        let serving = crate::process::children_named(pid, "sshd");
        child.kill().unwrap();
        child.wait().unwrap();
        for pid in serving {
            crate::process::signal(pid, rustix::process::Signal::KILL);
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Lets in a public key of its folder, with `options` before it if they are part of the name.
    pub(crate) fn let_in(&self, public: &str) {
        let all = self.text("authorized_keys") + &self.text(public);
        fs::write(self.path("authorized_keys"), all).unwrap();
    }

    /// Writes a program into its folder.
    pub(crate) fn program(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path("bin")).unwrap();
        let file = self.path("bin").join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The fingerprint of its better host key.
    pub(crate) fn key(&self) -> HostKeyFingerprint {
        fingerprint(&self.path("host_ed25519.pub"))
    }

    /// Its line in a `known_hosts` file.
    pub(crate) fn known_hosts(&self, key: &str) -> String {
        format!("[127.0.0.1]:{} {}", self.port, self.text(key))
    }

    pub(crate) fn login(&self, host_keys: HostKeyPolicy) -> Login {
        Login {
            at: HostPort::new("127.0.0.1", self.port),
            user: user(),
            credential: "site".to_owned(),
            host_keys,
        }
    }

    /// Its address, with the right host key.
    pub(crate) fn address(&self) -> MachineAddress {
        self.address_with(HostKeyPolicy::pinned(self.key()))
    }

    pub(crate) fn address_with(&self, host_keys: HostKeyPolicy) -> MachineAddress {
        MachineAddress { login: self.login(host_keys), bastions: Vec::new(), becomes: Become::Nobody }
    }

    /// The credential that it lets in.
    pub(crate) fn credential(&self) -> SshCredential {
        key_file(&self.path("id"))
    }

    pub(crate) fn machines(&self) -> SshMachines {
        machines(self.credential())
    }

    /// Logs in with the right key.
    pub(crate) async fn machine(&self) -> Arc<dyn Machine> {
        self.machines().connect(&self.address(), &limits()).await.unwrap()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The way to machines with one credential, `site`.
pub(crate) fn machines(credential: SshCredential) -> SshMachines {
    SshMachines::new(SshCredentials::new([("site".to_owned(), credential)])).with_patience(PATIENCE)
}

pub(crate) fn key_file(path: &Path) -> SshCredential {
    let key = Some(KeySource::File(path.to_str().unwrap().to_owned()));
    SshCredential { key, ..SshCredential::default() }
}

pub(crate) fn key_text(path: &Path) -> SshCredential {
    let key = Some(KeySource::Text(SecretString::from(fs::read_to_string(path).unwrap())));
    SshCredential { key, ..SshCredential::default() }
}

/// Logs in and gives what stood in the way.
pub(crate) async fn refused(credential: SshCredential, address: &MachineAddress) -> EngineError {
    machines(credential).connect(address, &limits()).await.err().unwrap()
}

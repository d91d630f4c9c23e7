//! Machines that remember, without a network: which commands they were given and which files they hold. They break
//! where a test asks for it.
//!
//! ```
//! use engines::error::Kind;
//! use engines::machines::Manner;
//! use testkit::fake_kube::Moment;
//! use testkit::fake_machines::FakeMachines;
//!
//! let machines = FakeMachines::default();
//! machines.add("10.77.0.11:22");
//! machines.answer("10.77.0.11:22", |script| script.contains("uname").then(|| (0, "Linux".to_owned())));
//! machines.break_at(2, Moment::After, Kind::Unreachable);
//! ```
//!
//! A script that no answer knows ends with status 0 and says nothing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::host_key::HostKeyFingerprint;
use domain::machine_address::{HostPort, MachineAddress, SSH_PORT};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::{
    ByteStream, Command, Content, Ending, Machine, Machines, Manner, Output, RemoteFile,
};
use engines::secret::ExposeSecret as _;
use tokio::net::TcpStream;

use crate::fake_kube::Moment;

/// A file as a machine holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its mode.
    pub mode: u32,
    /// Whose it is; none means root's.
    pub owner: Option<String>,
}

/// One call, as a test compares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineCall {
    /// `HOST:PORT` of the machine.
    pub machine: String,
    /// `run`, `put`, `get` or `open`.
    pub method: &'static str,
    /// The script, the path, or `HOST:PORT` of the tunnel's other end.
    pub target: String,
    /// Whether it changes something: a step or a put.
    pub is_mutation: bool,
}

/// What a machine holds by path.
pub type Files = BTreeMap<String, HeldFile>;

/// Status and output of a script that it knows, which may change what the machine holds.
type Answer = Box<dyn Fn(&str, &mut Files) -> Option<(u32, String)> + Send>;

#[derive(Default)]
struct Host {
    files: Files,
    answers: Vec<Answer>,
    /// By `HOST:PORT` of a tunnel's other end, where it leads here.
    tunnels: BTreeMap<String, SocketAddr>,
    trouble: Option<Kind>,
}

#[derive(Default)]
struct World {
    hosts: BTreeMap<String, Host>,
    calls: Vec<MachineCall>,
    breaks: BTreeMap<usize, (Moment, Kind)>,
}

/// Machines by their addresses. Clones share one world.
#[derive(Clone, Default)]
pub struct FakeMachines {
    world: Arc<Mutex<World>>,
}

impl FakeMachines {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a machine answer at `HOST:PORT`.
    pub fn add(&self, at: &str) {
        self.world().hosts.entry(at.to_owned()).or_default();
    }

    /// Takes a machine away: nobody answers there any more, and what it held is gone.
    pub fn remove(&self, at: &str) {
        self.world().hosts.remove(at);
    }

    /// Makes every call to a machine fail; none heals it.
    pub fn set_trouble(&self, at: &str, trouble: Option<Kind>) {
        self.host(at, |host| host.trouble = trouble);
    }

    /// Tells what a machine answers to the scripts that `answer` knows. Later answers come before earlier ones.
    pub fn answer(&self, at: &str, answer: impl Fn(&str) -> Option<(u32, String)> + Send + 'static) {
        self.host(at, |host| host.answers.push(Box::new(move |script, _| answer(script))));
    }

    /// The same for scripts that change what the machine holds.
    pub fn carry_out(
        &self,
        at: &str,
        script: impl Fn(&str, &mut Files) -> Option<(u32, String)> + Send + 'static,
    ) {
        self.host(at, |host| host.answers.push(Box::new(script)));
    }

    /// Puts a file on a machine that nobody wrote through us.
    pub fn hold(&self, at: &str, path: &str, bytes: impl Into<Vec<u8>>) {
        let file = HeldFile { bytes: bytes.into(), mode: 0o644, owner: None };
        self.host(at, |host| host.files.insert(path.to_owned(), file));
    }

    /// Lets tunnels through a machine to `HOST:PORT` lead to an address on this one.
    pub fn lead(&self, at: &str, target: &str, to: SocketAddr) {
        self.host(at, |host| host.tunnels.insert(target.to_owned(), to));
    }

    /// Takes a file off a machine by hand.
    pub fn lose(&self, at: &str, path: &str) {
        self.host(at, |host| host.files.remove(path));
    }

    /// What a machine holds by path.
    pub fn files(&self, at: &str) -> Files {
        self.world().hosts.get(at).map(|host| host.files.clone()).unwrap_or_default()
    }

    /// Breaks the `n`-th mutating call from now on, counted from 1, once.
    pub fn break_at(&self, n: usize, moment: Moment, kind: Kind) {
        let mut world = self.world();
        let at = world.calls.iter().filter(|call| call.is_mutation).count() + n;
        world.breaks.insert(at, (moment, kind));
    }

    /// Every call so far, in order, broken ones too.
    pub fn calls(&self) -> Vec<MachineCall> {
        self.world().calls.clone()
    }

    fn host<T>(&self, at: &str, change: impl FnOnce(&mut Host) -> T) {
        self.world().hosts.get_mut(at).map(change);
    }
}

#[async_trait]
impl Machines for FakeMachines {
    async fn connect(&self, to: &MachineAddress, _: &Limits) -> Result<Arc<dyn Machine>, EngineError> {
        let at = to.login.at.to_string();
        let error = |kind| EngineError::new("logging in to", to.to_string(), kind);
        match self.world().hosts.get(&at) {
            None => Err(error(Kind::Unreachable)),
            Some(Host { trouble: Some(kind), .. }) => Err(error(*kind)),
            Some(_) => Ok(Arc::new(FakeMachine { at: to.login.at.clone(), world: self.clone() })),
        }
    }
}

struct FakeMachine {
    at: HostPort,
    world: FakeMachines,
}

impl FakeMachine {
    /// Notes a call, carries it out, and breaks where that is asked for.
    fn call<T>(
        &self,
        method: &'static str,
        target: &str,
        is_mutation: bool,
        limits: &Limits,
        carry_out: impl FnOnce(&mut Host) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let machine = self.at.to_string();
        let error = |kind| EngineError::new(method, machine.clone(), kind);
        if limits.cancel.is_cancelled() {
            return Err(error(Kind::Cancelled));
        }
        let mut world = self.world.world();
        let world = &mut *world;
        let call = MachineCall { machine: machine.clone(), method, target: target.to_owned(), is_mutation };
        world.calls.push(call);
        let host = world.hosts.get_mut(&machine).ok_or_else(|| error(Kind::Unreachable))?;
        if let Some(kind) = host.trouble {
            return Err(error(kind));
        }
        let number = world.calls.iter().filter(|call| call.is_mutation).count();
        let broken = if is_mutation { world.breaks.remove(&number) } else { None };
        match broken {
            Some((Moment::Before, kind)) => Err(error(kind)),
            Some((Moment::After, kind)) => {
                carry_out(host)?;
                Err(error(kind))
            }
            None => carry_out(host),
        }
    }
}

#[async_trait]
impl Machine for FakeMachine {
    /// One that differs from machine to machine, and stays.
    fn host_key(&self) -> HostKeyFingerprint {
        let mut digest = [0; 32];
        for (at, byte) in self.at.to_string().bytes().enumerate() {
            digest[at % 32] ^= byte;
        }
        HostKeyFingerprint::new(digest)
    }

    fn bastion_keys(&self) -> &[HostKeyFingerprint] {
        &[]
    }

    async fn run(&self, command: &Command, limits: &Limits) -> Result<Output, EngineError> {
        let script = command.script.expose_secret();
        let is_step = matches!(command.manner, Manner::Step { .. });
        self.call("run", script, is_step, limits, |host| {
            let Host { answers, files, .. } = host;
            let answer = answers.iter().rev().find_map(|answer| answer(script, files));
            let (status, stdout) = answer.unwrap_or_default();
            let (stdout, stderr) =
                if status == 0 { (stdout, String::new()) } else { (String::new(), stdout) };
            Ok(Output {
                ending: Ending::Exited(status),
                stdout: stdout.into_bytes(),
                stderr: stderr.into_bytes(),
                left_out: 0,
            })
        })
    }

    async fn put(&self, file: &RemoteFile, limits: &Limits) -> Result<(), EngineError> {
        let (bytes, mode) = match &file.content {
            Content::Plain { bytes, mode } => (bytes.clone(), *mode),
            Content::Secret(bytes) => (bytes.expose_secret().to_vec(), 0o600),
        };
        self.call("put", &file.path, true, limits, |host| {
            host.files.insert(file.path.clone(), HeldFile { bytes, mode, owner: file.owner.clone() });
            Ok(())
        })
    }

    async fn get(&self, path: &str, limits: &Limits) -> Result<Option<Vec<u8>>, EngineError> {
        self.call("get", path, false, limits, |host| Ok(host.files.get(path).map(|file| file.bytes.clone())))
    }

    /// Nobody answers behind a fake machine but where [`FakeMachines::lead`] leads.
    async fn open(&self, host: &str, port: u16, limits: &Limits) -> Result<Box<dyn ByteStream>, EngineError> {
        let target = HostPort::new(host, port).to_string();
        let error = || EngineError::new("opening a tunnel through", self.at.to_string(), Kind::Unreachable);
        let to = self.call("open", &target, false, limits, |host| {
            host.tunnels.get(&target).copied().ok_or_else(error)
        })?;
        let stream = TcpStream::connect(to).await.map_err(|cause| error().because(cause))?;
        Ok(Box::new(stream))
    }
}

/// The address of a fake machine at `HOST:PORT`, or `HOST` with the usual port.
///
/// # Panics
///
/// If `at` is no host and port.
#[expect(clippy::panic, reason = "a test that names its machines wrongly ends here")]
pub fn address(at: &str) -> MachineAddress {
    let Ok(at) = HostPort::parse(at, SSH_PORT) else { panic!("`{at}` is no host and port") };
    let login = domain::machine_address::Login {
        at,
        user: "admin".to_owned(),
        credential: "site".to_owned(),
        host_keys: domain::host_key::HostKeyPolicy::default(),
    };
    MachineAddress { login, bastions: Vec::new(), becomes: domain::machine_address::Become::Sudo }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::*;

    fn limits() -> Limits {
        Limits::within(Duration::from_secs(5), CancellationToken::new())
    }

    #[tokio::test]
    async fn it_remembers_files_and_commands_and_answers_as_told() {
        let machines = FakeMachines::default();
        machines.add("cp1:22");
        machines.answer("cp1:22", |script| script.contains("uname").then(|| (0, "Linux".to_owned())));
        let machine = machines.connect(&address("cp1"), &limits()).await.unwrap();
        let said = machine.run(&Command::look("asking", "uname -s"), &limits()).await.unwrap();
        assert_eq!(said.text(), "Linux");
        machine.put(&RemoteFile::secret("/k", "hunter2"), &limits()).await.unwrap();
        assert_eq!(machines.files("cp1:22")["/k"].mode, 0o600);
        assert_eq!(machine.get("/k", &limits()).await.unwrap().as_deref(), Some(b"hunter2".as_slice()));
        assert_eq!(machine.get("/none", &limits()).await.unwrap(), None);
        let methods: Vec<_> = machines.calls().iter().map(|call| call.method).collect();
        assert_eq!(methods, ["run", "put", "get", "get"]);
    }

    #[tokio::test]
    async fn it_breaks_before_and_after_a_call_is_carried_out() {
        let machines = FakeMachines::default();
        machines.add("cp1:22");
        let machine = machines.connect(&address("cp1"), &limits()).await.unwrap();
        machines.break_at(1, Moment::Before, Kind::Unreachable);
        machines.break_at(2, Moment::After, Kind::Unreachable);
        let file = |path: &str| RemoteFile::plain(path, 0o644, "x");
        for path in ["/a", "/b"] {
            let error = machine.put(&file(path), &limits()).await.unwrap_err();
            assert_eq!(error.kind, Kind::Unreachable);
        }
        assert_eq!(machines.files("cp1:22").into_keys().collect::<Vec<_>>(), ["/b"]);
        let error = machines.connect(&address("gone"), &limits()).await.err().unwrap();
        assert_eq!(error.kind, Kind::Unreachable);
    }
}

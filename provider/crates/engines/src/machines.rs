//! Machines reached from afar: log in, run commands, put and fetch files, open tunnels.
//!
//! **What every command must bear.** A connection that is lost is made again and the call goes on, so whoever writes a
//! command makes it safe to run twice and safe to be cut off anywhere: it looks before it acts, and it writes beside
//! and renames. In return:
//!
//! - A [`Manner::Look`] is begun anew after a lost connection, and the machine ends the first run where it can.
//! - A [`Manner::Step`] goes on when the connection is lost. The call finds it again by its name and waits for its
//!   result: it is run a second time only if the machine forgot it (a reboot), and never beside itself.
//! - Nothing is run of a script that did not arrive whole, and a file that did not arrive whole is not put in place.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use domain::host_key::HostKeyFingerprint;
use domain::machine_address::MachineAddress;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::{EngineError, Kind};
use crate::limits::Limits;
use crate::secret::{SecretBytes, SecretString};

/// How much of each of a command's two outputs is kept if nothing else is said.
pub const MOST_OUTPUT: usize = 1024 * 1024;

/// The largest file that is fetched.
pub const MOST_FILE: usize = 16 * 1024 * 1024;

/// How much of a failed command's errors goes into a message: the last lines, for those say what went wrong.
const MOST_SAID: usize = 1200;

/// The way to all machines.
#[async_trait]
pub trait Machines: Send + Sync {
    /// Logs in to a machine, or gives the login that is there: all who ask for one address share one connection.
    ///
    /// # Errors
    ///
    /// - [`Kind::Unreachable`] if nobody answers there, or at one of its bastions; it is named.
    /// - [`Kind::HostKey`] if it proves a key that the address does not allow; the cause names both.
    /// - [`Kind::SshCredential`] if there is no usable credential of that name.
    /// - [`Kind::LoginRefused`] if it does not accept the credential.
    async fn connect(&self, to: &MachineAddress, limits: &Limits) -> Result<Arc<dyn Machine>, EngineError>;
}

/// A machine that is logged in to.
///
/// Every call may find the connection lost and then makes it again, to the same host key; so each can fail as
/// [`Machines::connect`] does. Calls of one machine may run at the same time.
#[async_trait]
pub trait Machine: Send + Sync {
    /// The key by which it proved to be itself.
    fn host_key(&self) -> HostKeyFingerprint;

    /// The keys by which the bastions on the way proved to be themselves, in the order of the address.
    fn bastion_keys(&self) -> &[HostKeyFingerprint];

    /// Runs a command, as root if it wants to and the address says how to become it, and gives how it ended, whatever
    /// that is.
    ///
    /// On cancel and at the deadline it is ended on the machine, with all it started.
    ///
    /// # Errors
    ///
    /// - [`Kind::Sudo`] if it may not become root.
    /// - [`Kind::TimedOut`], [`Kind::Cancelled`].
    async fn run(&self, command: &Command, limits: &Limits) -> Result<Output, EngineError>;

    /// Writes a file: beside its place, with its mode and owner, and then renamed. Its folder must exist.
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`] with what the machine says if it cannot be written.
    async fn put(&self, file: &RemoteFile, limits: &Limits) -> Result<(), EngineError>;

    /// Fetches a file; none if there is none. What is secret in it is the caller's to wrap.
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`] if it is no file, cannot be read, or is larger than [`MOST_FILE`].
    async fn get(&self, path: &str, limits: &Limits) -> Result<Option<Vec<u8>>, EngineError>;

    /// Opens a connection from the machine to `host:port`. It does not outlive the login: whoever reads from it sees
    /// its end when the connection to the machine is lost, and opens another.
    ///
    /// # Errors
    ///
    /// [`Kind::Unreachable`] if nobody answers there.
    async fn open(&self, host: &str, port: u16, limits: &Limits) -> Result<Box<dyn ByteStream>, EngineError>;
}

/// Bytes in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// A shell script and how it is run. It is sent to `sh` by standard input, so that it may hold secrets; its own
/// standard input is empty, its umask 022 and its locale `C`, whatever the login's are.
#[derive(Clone, Debug)]
pub struct Command {
    /// What is being done, in words that a machine's name can follow: `starting kubelet on`.
    pub doing: &'static str,
    /// POSIX shell.
    pub script: SecretString,
    /// What becomes of it when the connection is lost.
    pub manner: Manner,
    /// As whom it is run.
    pub rights: Rights,
    /// How much is kept of its output, and as much again of its errors.
    pub most_output: usize,
}

/// What becomes of a command when the connection is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It ends, and is begun anew. For what is quickly done.
    Look,
    /// It goes on, and is found again.
    Step {
        /// Its name on the machine: lower case letters, digits and dashes. A second step of this name, from whichever
        /// process, waits until the first has ended.
        name: String,
    },
}

/// As whom a command is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// As root, where the address says how to become it.
    Root,
    /// As whoever logged in.
    Login,
}

impl Command {
    /// A command that only looks, or is quickly done.
    pub fn look(doing: &'static str, script: impl Into<String>) -> Self {
        Self::new(doing, script.into(), Manner::Look)
    }

    /// A command that changes something and may take its time.
    pub fn step(name: impl Into<String>, doing: &'static str, script: impl Into<String>) -> Self {
        Self::new(doing, script.into(), Manner::Step { name: name.into() })
    }

    fn new(doing: &'static str, script: String, manner: Manner) -> Self {
        let script = SecretString::from(script);
        Self { doing, script, manner, rights: Rights::Root, most_output: MOST_OUTPUT }
    }

    /// The same for whoever logged in: becoming root takes a machine longer than a small script.
    #[must_use]
    pub fn as_login(self) -> Self {
        Self { rights: Rights::Login, ..self }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this status; beyond 128 a shell tells the signal that ended what it ran.
    Exited(u32),
    /// By a signal.
    Killed,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "it ended with status {status}"),
            Self::Killed => f.write_str("it was killed by a signal"),
        }
    }
}

/// What a command left behind.
#[derive(Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub ending: Ending,
    /// Its output: the beginning, if it was too much.
    pub stdout: Vec<u8>,
    /// Its errors: the end, if they were too much.
    pub stderr: Vec<u8>,
    /// How many bytes of both were not kept.
    pub left_out: u64,
}

/// Why a command counts as failed.
#[derive(Debug, thiserror::Error)]
#[error("{ending}{}{said}", if said.is_empty() { "" } else { ": " })]
struct Failed {
    ending: Ending,
    said: String,
}

impl Output {
    /// Whether it ended with status 0.
    pub fn is_success(&self) -> bool {
        self.ending == Ending::Exited(0)
    }

    /// Its output as text, without white space around it.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }

    /// The last lines of its errors.
    pub fn complaint(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let text = text.trim();
        let mut from = text.len().saturating_sub(MOST_SAID);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        match text.get(from..).unwrap_or_default().split_once('\n') {
            // The first line is cut in two.
            Some((_, rest)) if from > 0 => rest.to_owned(),
            _ => text.get(from..).unwrap_or_default().to_owned(),
        }
    }

    /// It, if it ended with status 0 and all of its output is here.
    ///
    /// # Errors
    ///
    /// [`Kind::Rejected`] with how it ended and the last lines of its errors.
    pub fn success(self, doing: &'static str, target: impl Into<String>) -> Result<Self, EngineError> {
        if self.is_success() {
            return Ok(self);
        }
        let failed = Failed { ending: self.ending, said: self.complaint() };
        Err(EngineError::new(doing, target, Kind::Rejected).because(failed))
    }
}

/// Says how much there is, not what: it may be a secret.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("ending", &self.ending)
            .field("stdout", &self.stdout.len())
            .field("stderr", &self.stderr.len())
            .field("left_out", &self.left_out)
            .finish()
    }
}

/// A file on a machine.
#[derive(Clone, Debug)]
pub struct RemoteFile {
    /// Absolute path.
    pub path: String,
    /// What is in it.
    pub content: Content,
    /// `USER` or `USER:GROUP`; none means whoever the commands run as.
    pub owner: Option<String>,
}

/// What is in a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// Something that anybody may see.
    Plain {
        /// The bytes.
        bytes: Vec<u8>,
        /// Its mode, as in `0o644`.
        mode: u32,
    },
    /// A secret: its mode is 0600 before a byte of it is written.
    Secret(SecretBytes),
}

impl RemoteFile {
    /// A file that anybody may see.
    pub fn plain(path: impl Into<String>, mode: u32, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: Content::Plain { bytes: bytes.into(), mode }, owner: None }
    }

    /// A file that holds a secret.
    pub fn secret(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: Content::Secret(SecretBytes::from(bytes.into())), owner: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(status: u32, stderr: &str) -> Output {
        Output {
            ending: Ending::Exited(status),
            stdout: b" hunter2\n".to_vec(),
            stderr: stderr.as_bytes().to_vec(),
            left_out: 0,
        }
    }

    #[test]
    fn a_failed_command_says_how_it_ended_and_what_it_said_last() {
        let error = output(3, "no room\n").success("starting kubelet on", "cp1").unwrap_err();
        assert_eq!(error.kind, Kind::Rejected);
        assert_eq!(error.chain(), "starting kubelet on cp1: it ended with status 3: no room");
        let error = output(1, "").success("starting kubelet on", "cp1").unwrap_err();
        assert_eq!(error.chain(), "starting kubelet on cp1: it ended with status 1");
        assert_eq!(output(0, "a warning").success("starting", "cp1").unwrap().text(), "hunter2");
    }

    #[test]
    fn of_many_errors_the_last_whole_lines_are_told() {
        let many: Vec<String> = (0..1000).map(|n| format!("line {n} äöü")).collect();
        let said = output(1, &many.join("\n")).complaint();
        assert!(said.len() <= MOST_SAID && said.ends_with("line 999 äöü"), "{said}");
        assert!(said.starts_with("line "), "{said}");
    }

    #[test]
    fn neither_a_script_nor_its_output_is_shown() {
        let shown = format!("{:?}{:?}", Command::look("x", "echo hunter2"), output(0, "hunter2"));
        let file = format!("{:?}", RemoteFile::secret("/k", "hunter2"));
        assert!(!shown.contains("hunter2") && !file.contains("hunter2"), "{shown} {file}");
    }
}

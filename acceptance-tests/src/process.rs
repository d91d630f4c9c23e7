//! Processes that we start: each leads a group of its own, and ends with the value that stands for it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};

/// The groups that run now, by the pid of their leader: what an interrupted run has to end.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// How to start a process.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// The folder it runs in.
    pub cwd: PathBuf,
    /// Where its output goes: two files, named after it.
    pub output: PathBuf,
}

/// A process that was started. Dropping it kills its whole group.
#[derive(Debug)]
pub struct Running {
    child: Child,
    pid: Pid,
    args: Vec<String>,
    output: PathBuf,
    begun: Instant,
    is_over: bool,
}

/// A process that is over.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its arguments.
    pub args: Vec<String>,
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Launch {
    /// Starts the process.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start(self) -> anyhow::Result<Running> {
        let doing = || format!("starting {} {}", self.program.display(), self.args.join(" "));
        let file = |suffix| File::create(with_suffix(&self.output, suffix)).with_context(doing);
        let child = Command::new(&self.program)
            .args(&self.args)
            .env_clear()
            .envs(self.env.iter().map(|(key, value)| (key, value)))
            .current_dir(&self.cwd)
            .stdin(Stdio::null())
            .stdout(file("out")?)
            .stderr(file("err")?)
            .process_group(0)
            .spawn()
            .with_context(doing)?;
        let raw = i32::try_from(child.id()).with_context(doing)?;
        let pid = Pid::from_raw(raw).with_context(doing)?;
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).insert(raw);
        Ok(Running {
            child,
            pid,
            args: self.args,
            output: self.output,
            begun: Instant::now(),
            is_over: false,
        })
    }
}

impl Running {
    /// Whether the process has not ended yet.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn is_alive(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait().context("looking at a process")?.is_none())
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// The process is not over after `patience`; its whole group is killed then.
    pub fn wait(mut self, patience: Duration) -> anyhow::Result<Finished> {
        if !self.ends_within(patience)? {
            self.end();
            bail!(
                "{} was not over after {} s\n{}",
                self.args.join(" "),
                patience.as_secs(),
                self.written("err")
            );
        }
        let status = self.child.wait().context("waiting for a process")?;
        self.end();
        Ok(Finished {
            args: self.args.clone(),
            code: status.code(),
            signal: status.signal(),
            stdout: self.written("out"),
            stderr: self.written("err"),
            took: self.begun.elapsed(),
        })
    }

    fn ends_within(&mut self, patience: Duration) -> anyhow::Result<bool> {
        let handle = match pidfd_open(self.pid, PidfdFlags::empty()) {
            Ok(handle) => handle,
            Err(Errno::SRCH) => return Ok(true),
            Err(cause) => return Err(cause).context("waiting for a process"),
        };
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&left)) {
                Ok(ready) => return Ok(ready > 0),
                Err(Errno::INTR) => {}
                Err(cause) => return Err(cause).context("waiting for a process"),
            }
        }
    }

    /// Sends a signal to the process and all that it started, as a terminal does at Ctrl-C.
    ///
    /// # Errors
    ///
    /// The signal cannot be sent.
    pub fn signal_group(&self, signal: Signal) -> anyhow::Result<()> {
        kill_process_group(self.pid, signal).context("sending a signal to a process group")
    }

    /// Kills (`SIGKILL`) those descendants of the process that run `program`; gives how many there were.
    ///
    /// # Errors
    ///
    /// A signal cannot be sent.
    pub fn kill_descendants(&self, program: &Path) -> anyhow::Result<usize> {
        let found: Vec<i32> = descendants(self.pid.as_raw_nonzero().get())
            .into_iter()
            .filter(|pid| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program))
            .collect();
        for pid in &found {
            let Some(pid) = Pid::from_raw(*pid) else { continue };
            match kill_process(pid, Signal::KILL) {
                Ok(()) | Err(Errno::SRCH) => {}
                Err(cause) => return Err(cause).context("killing a process"),
            }
        }
        Ok(found.len())
    }

    /// Whether the process has written `text` so far, to stdout or stderr.
    pub fn has_written(&self, text: &str) -> bool {
        ["out", "err"].iter().any(|suffix| self.written(suffix).contains(text))
    }

    fn written(&self, suffix: &str) -> String {
        let bytes = fs::read(with_suffix(&self.output, suffix)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Ends what may be left of the group.
    fn end(&mut self) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        // Without a process left in the group there is nothing to end.
        let _ = kill_process_group(self.pid, Signal::KILL);
        let _ = self.child.wait();
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.pid.as_raw_nonzero().get());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Kills every group that was started here and is not over: for a run that was interrupted.
pub fn end_all() {
    let groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
    for pid in groups.iter().copied().filter_map(Pid::from_raw) {
        // One that is gone by now needs no ending.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

/// All processes that descend from `ancestor`.
fn descendants(ancestor: i32) -> Vec<i32> {
    let parents: Vec<(i32, i32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| Some((pid, parent(pid)?)))
        .collect();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(of) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, parent)| *parent == of).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// The fourth field of `/proc/PID/stat`, after the name, which may hold anything.
fn parent(pid: i32) -> Option<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn with_suffix(output: &Path, suffix: &str) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

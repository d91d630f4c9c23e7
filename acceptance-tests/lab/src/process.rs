//! Processes, known by pid and start time, so that a reused pid is never taken for ours.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// One process: the pid alone could be another's by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The process id.
    pub(crate) pid: i32,
    /// When it began, in clock ticks since boot (field 22 of `/proc/PID/stat`).
    pub(crate) start: u64,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It runs, or could.
    Running,
    /// It was stopped by a signal.
    Frozen,
    /// It is gone with all its threads, or the pid is another's now.
    Dead,
}

/// The fields of `/proc/PID/stat` that we read.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    threads: u64,
    start: u64,
}

/// Reads the fields after the name, which stands in parentheses and may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        threads: fields.get(17)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
    })
}

fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

impl Identity {
    /// Gives the identity of the process that has this pid now.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        stat(pid).map(|stat| Self { pid, start: stat.start })
    }

    /// Gives the identity of this very process.
    pub(crate) fn own() -> Option<Self> {
        Self::of(i32::try_from(std::process::id()).ok()?)
    }

    /// Says what the process does.
    ///
    /// A zombie with threads left is not dead: it still holds its ports.
    pub(crate) fn condition(self) -> Condition {
        match stat(self.pid) {
            Some(stat) if stat.start == self.start => match stat.state {
                'X' => Condition::Dead,
                'Z' if stat.threads <= 1 => Condition::Dead,
                'T' | 't' => Condition::Frozen,
                _ => Condition::Running,
            },
            Some(_) | None => Condition::Dead,
        }
    }

    /// Says whether every thread was stopped: a stop reaches them one after another.
    pub(crate) fn wholly_frozen(self) -> bool {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.pid)) else { return false };
        self.condition() == Condition::Frozen
            && threads.flatten().all(|thread| {
                // A thread that is gone by now is no thread that runs.
                let text = fs::read_to_string(thread.path().join("stat"));
                text.ok()
                    .and_then(|text| parse_stat(&text))
                    .is_none_or(|stat| matches!(stat.state, 'T' | 't'))
            })
    }

    /// Gives the resident memory in KiB, 0 if the process is gone.
    pub(crate) fn resident_kib(self) -> u64 {
        fs::read_to_string(format!("/proc/{}/status", self.pid))
            .ok()
            .and_then(|text| {
                let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
                line.split_whitespace().next()?.parse().ok()
            })
            .unwrap_or(0)
    }

    /// Opens a handle that stays with this process, or none if it is gone.
    ///
    /// The identity is looked at after the handle is open, so the handle cannot be another's.
    fn handle(self) -> anyhow::Result<Option<OwnedFd>> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(None) };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Err(Errno::SRCH) => Ok(None),
            Err(cause) => Err(cause).with_context(|| format!("opening process {}", self.pid)),
            Ok(handle) => Ok(match self.condition() {
                Condition::Dead => None,
                Condition::Running | Condition::Frozen => Some(handle),
            }),
        }
    }

    /// Sends a signal; does nothing if the process is gone.
    pub(crate) fn signal(self, signal: Signal) -> anyhow::Result<()> {
        let Some(handle) = self.handle()? else { return Ok(()) };
        match pidfd_send_signal(&handle, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(cause) => Err(cause).with_context(|| format!("sending {signal:?} to process {}", self.pid)),
        }
    }

    /// Waits until the process and its last thread are gone; false if `patience` ran out first.
    pub(crate) fn wait_gone(self, patience: Duration) -> anyhow::Result<bool> {
        let Some(handle) = self.handle()? else { return Ok(true) };
        let patience = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        };
        let mut polled = [PollFd::new(&handle, PollFlags::IN)];
        match poll(&mut polled, Some(&patience)) {
            Ok(ready) => Ok(ready > 0),
            // An interrupted wait counts as one that ran out: the caller then uses the harder signal.
            Err(Errno::INTR) => Ok(false),
            Err(cause) => Err(cause).with_context(|| format!("waiting for process {}", self.pid)),
        }
    }

    /// Ends the process for good: `first`, then after `patience` the signal that cannot be refused.
    pub(crate) fn end(self, first: Signal, patience: Duration) -> anyhow::Result<()> {
        self.signal(first)?;
        // A frozen process acts on a signal only once it goes on.
        self.signal(Signal::CONT)?;
        if first != Signal::KILL && self.wait_gone(patience)? {
            return Ok(());
        }
        self.signal(Signal::KILL)?;
        if self.wait_gone(Duration::from_secs(20))? {
            return Ok(());
        }
        anyhow::bail!("process {} is still there 20 s after SIGKILL", self.pid)
    }
}

/// All that is needed to start a process.
#[derive(Clone, Debug)]
pub(crate) struct Launch<'a> {
    /// The binary that has our hidden verbs; it puts the process into a session of its own.
    pub(crate) part_binary: &'a Path,
    /// What to run.
    pub(crate) program: &'a Path,
    /// Its arguments.
    pub(crate) args: &'a [String],
    /// Its whole environment.
    pub(crate) env: &'a BTreeMap<String, String>,
    /// Where it runs.
    pub(crate) cwd: &'a Path,
    /// Where its output goes; appended to.
    pub(crate) log: PathBuf,
}

impl Launch<'_> {
    /// Starts the process, detached: it outlives us.
    pub(crate) fn start(&self) -> anyhow::Result<Identity> {
        let doing = || format!("starting {}", self.program.display());
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log)
            .with_context(|| format!("opening log {}", self.log.display()))?;
        let mut child = Command::new(self.part_binary)
            .args(["part", "run"])
            .arg(self.program)
            .args(self.args)
            .env_clear()
            .envs(self.env)
            .current_dir(self.cwd)
            .stdin(Stdio::null())
            .stdout(log.try_clone().with_context(doing)?)
            .stderr(log)
            .spawn()
            .with_context(doing)?;
        let pid = i32::try_from(child.id()).with_context(doing)?;
        let identity = Identity::of(pid).with_context(doing)?;
        // Somebody has to collect the exit status while we live, or the dead part stays as a zombie.
        std::thread::Builder::new()
            .name(format!("reaper-{pid}"))
            .stack_size(64 * 1024)
            .spawn(move || child.wait())
            .with_context(doing)?;
        Ok(identity)
    }
}

/// Finds every process whose environment says that it belongs to the lab `id`.
///
/// This also finds what a part started itself, and what was started but never recorded.
pub(crate) fn marked(variable: &str, id: &str) -> Vec<Identity> {
    let wanted = format!("{variable}={id}");
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes()))
        })
        .filter_map(Identity::of)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_parentheses_and_blanks_does_not_shift_the_fields() {
        let text = "42 (a) b (c)) S 1 42 42 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 7 0 987654 0 0";
        assert_eq!(parse_stat(text), Some(Stat { state: 'S', threads: 7, start: 987_654 }));
    }

    #[test]
    fn this_process_is_running_and_its_namesake_with_another_start_is_dead() {
        let own = Identity::own().unwrap();
        assert_eq!(own.condition(), Condition::Running);
        assert_eq!(Identity { start: own.start + 1, ..own }.condition(), Condition::Dead);
    }

    #[test]
    fn a_signal_to_a_pid_that_is_another_process_now_is_not_sent() {
        let own = Identity::own().unwrap();
        let stale = Identity { start: own.start + 1, ..own };
        stale.end(Signal::KILL, Duration::ZERO).unwrap();
        assert_eq!(own.condition(), Condition::Running);
    }

    #[test]
    fn ending_a_frozen_process_leaves_nothing() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let identity = Identity::of(i32::try_from(child.id()).unwrap()).unwrap();
        identity.signal(Signal::STOP).unwrap();
        identity.end(Signal::TERM, Duration::from_secs(5)).unwrap();
        assert_eq!(identity.condition(), Condition::Dead);
        child.wait().unwrap();
    }
}

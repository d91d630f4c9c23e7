//! What the processes of a provider use while a host runs them.
//!
//! The host starts us in the provider's place, and we start the provider and wait for it: the system then says what it
//! used, and nobody else's share is in it.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// What processes used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Processor time, in microseconds, in user space and in the kernel.
    cpu_us: u64,
    /// The most memory that one of them had at once.
    pub(crate) peak_kib: u64,
    /// How many there were.
    pub(crate) processes: u32,
}

impl Usage {
    /// Processor time.
    pub(crate) fn cpu(self) -> Duration {
        Duration::from_micros(self.cpu_us)
    }

    fn and(self, other: Self) -> Self {
        Self {
            cpu_us: self.cpu_us + other.cpu_us,
            peak_kib: self.peak_kib.max(other.peak_kib),
            processes: self.processes + other.processes,
        }
    }
}

/// What all child processes used that have ended and been waited for, with theirs.
pub(crate) fn of_children() -> anyhow::Result<Usage> {
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).context("asking what child processes used")?;
    let microseconds = |time: nix::sys::time::TimeVal| {
        u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or_default()
    };
    Ok(Usage {
        cpu_us: microseconds(used.user_time()) + microseconds(used.system_time()),
        peak_kib: u64::try_from(used.max_rss()).unwrap_or_default(),
        processes: 1,
    })
}

/// Runs `program` and notes in `log` what it used: what `xtask watch` does.
///
/// # Errors
///
/// It cannot be started, or `log` cannot be written.
pub(crate) fn watch(log: &Path, program: &Path, arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let doing = || format!("running {}", program.display());
    let status = Command::new(program).args(arguments).status().with_context(doing)?;
    let line = serde_json::to_string(&of_children()?)? + "\n";
    let mut file = OpenOptions::new().append(true).create(true).open(log).with_context(doing)?;
    file.write_all(line.as_bytes()).with_context(doing)?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)))
}

/// A provider that is watched.
pub(crate) struct Watched {
    log: PathBuf,
    /// What hosts are given instead of it.
    pub(crate) script: PathBuf,
}

impl Watched {
    /// Watches `provider`; notes are kept in `folder`.
    pub(crate) fn new(provider: &Path, folder: &Path) -> anyhow::Result<Self> {
        let doing = || format!("writing into {}", folder.display());
        let ourselves = std::env::current_exe().context("finding this program")?;
        let (log, script) = (folder.join("usage.jsonl"), folder.join("watched-provider"));
        let words: Vec<String> = [&*ourselves, Path::new("watch"), &log, provider].map(quoted).into();
        fs::create_dir_all(folder).with_context(doing)?;
        fs::write(&script, format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "))).with_context(doing)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).with_context(doing)?;
        Ok(Self { log, script })
    }

    /// What its processes used since the last time that this was asked.
    pub(crate) fn take(&self) -> anyhow::Result<Usage> {
        let doing = || format!("reading {}", self.log.display());
        let text = fs::read_to_string(&self.log).with_context(doing)?;
        fs::remove_file(&self.log).with_context(doing)?;
        text.lines().try_fold(Usage::default(), |sum, line| {
            Ok(sum.and(serde_json::from_str(line).with_context(doing)?))
        })
    }
}

/// A word as a shell reads it back.
fn quoted(word: &Path) -> String {
    format!("'{}'", word.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_times_add_up_and_the_largest_memory_counts() {
        let one = Usage { cpu_us: 1_500, peak_kib: 20, processes: 1 };
        let other = Usage { cpu_us: 500, peak_kib: 30, processes: 1 };
        let both = one.and(other);
        assert_eq!((both.cpu(), both.peak_kib, both.processes), (Duration::from_millis(2), 30, 2));
    }

    #[test]
    fn a_path_with_a_quote_is_one_word() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}

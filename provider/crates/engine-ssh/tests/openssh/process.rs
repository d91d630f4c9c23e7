//! Looking at processes, ours and the server's.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

fn pids() -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Processes called `name` below `pid`, at any depth.
pub(crate) fn children_named(pid: i32, name: &str) -> Vec<i32> {
    let mut found = Vec::new();
    for child in pids() {
        let Ok(stat) = fs::read_to_string(format!("/proc/{child}/stat")) else { continue };
        // `PID (NAME) STATE PARENT …`
        let Some((head, rest)) = stat.rsplit_once(") ") else { continue };
        let parent = rest.split(' ').nth(1).and_then(|parent| parent.parse().ok());
        if parent == Some(pid) && head.ends_with(&format!("({name}")) {
            found.push(child);
            found.extend(children_named(child, name));
        }
    }
    found
}

/// Sends a signal; the process may be gone.
pub(crate) fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).ok();
}

/// The arguments of all processes.
pub(crate) fn arguments() -> Vec<String> {
    let read = |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).ok();
    let all = pids().into_iter().filter_map(read);
    all.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " ")).collect()
}

/// Whether a process runs that was started with these arguments.
pub(crate) fn runs(arguments: &str) -> bool {
    self::arguments().iter().any(|found| found.trim() == arguments)
}

/// A command that sleeps for long, and that no other run of these tests has: what one run has left behind is not taken for
/// another's.
pub(crate) fn sleeping(seconds: u32) -> String {
    format!("sleep {seconds}.{}", std::process::id())
}

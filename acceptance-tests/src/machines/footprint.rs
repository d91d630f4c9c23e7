//! All that is on a machine, to compare before and after.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::machines::ground::Ground;
use crate::wait::until;

/// How a machine says what is on it.
const LOOK: &str = include_str!("footprint.sh");

/// How long what ends in the background may take: sessions are closed some seconds after the last command.
const SETTLES: Duration = Duration::from_secs(20);

/// What changes by itself, and why: the section, and what a line of it begins with. An asterisk at the end of the
/// section's name means that it is looked for anywhere in the line.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("file", "/run/systemd/sessions", "logging in makes a session"),
    ("file", "/run/systemd/users", "logging in makes a session"),
    ("file", "/run/user", "logging in makes a session"),
    ("file", "/run/systemd/transient", "the scope of a session"),
    ("file", "/run/systemd/units", "which units run: they are compared by themselves"),
    ("file", "/run/systemd/inhibit", "a session that ends"),
    ("file", "/run/systemd/journal", "streams of units that run, and of commands that were run"),
    ("file", "/run/log/journal", "the journal"),
    ("file", "/run/sudo", "sudo notes who has used it"),
    ("file", "/var/lib/sudo", "sudo notes who has used it"),
    ("file", "/run/motd", "written at a log-in"),
    ("file", "/var/log/journal", "the journal"),
    ("file", "/tmp/systemd-private-", "named after the boot"),
    ("file", "/var/tmp/systemd-private-", "named after the boot"),
    ("unit", "session-", "logging in makes a session"),
    ("unit", "user-", "logging in makes a session"),
    ("unit", "user@", "logging in makes a session"),
    ("unit", "run-user-", "logging in makes a session"),
    ("unit-file", "session-", "logging in makes a session"),
    ("mount", "/run/user", "logging in makes a session"),
    ("mount", "/run/credentials", "what a unit is given while it starts"),
    ("file", "/run/credentials", "what a unit is given while it starts"),
    ("program", "", "those that come and go; what must not is named below"),
    ("sysctl", "fs.dentry-state", "a counter of the kernel that all machines share"),
    ("sysctl", "fs.file-nr", "a counter of that kernel"),
    ("sysctl", "fs.inode-", "a counter of that kernel"),
    ("sysctl", "fs.quota", "a counter of that kernel"),
    ("sysctl", "kernel.ns_last_pid", "a counter of that kernel"),
    ("sysctl", "kernel.pty.nr", "a counter of that kernel"),
    ("sysctl", "kernel.random", "random"),
    ("sysctl", "kernel.perf_event_max_sample_rate", "the kernel lowers it when it is busy"),
    ("sysctl", "net.netfilter.nf_conntrack_count", "connections there are"),
    ("sysctl", "net.netfilter.nf_conntrack_buckets", "the kernel's, for all machines"),
];

/// Programs that a node runs: none may be left. Others come and go.
const PROGRAMS: &[&str] = &[
    "kubelet",
    "kube-",
    "etcd",
    "coredns",
    "containerd",
    "runc",
    "pause",
    "kubeadm",
    "kubectl",
    "cni-stand-in",
];

/// What is on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    machine: String,
    lines: BTreeSet<String>,
}

impl Footprint {
    /// Looks at a machine.
    ///
    /// # Errors
    ///
    /// It does not let one look.
    pub fn of(ground: &Ground<'_>, machine: &str) -> anyhow::Result<Self> {
        // Whoever uses sudo for the first time is noted as somebody who has been told how to.
        ground.lab.on_machine(machine, "admin", "sudo -n true")?;
        let said = ground.on(machine, LOOK).with_context(|| format!("looking at {machine}"))?;
        let lines: BTreeSet<String> = said.lines().filter(|line| counts(line)).map(str::to_owned).collect();
        for section in ["file", "content", "unit", "port", "route", "link", "mount", "sysctl"] {
            ensure!(lines.iter().any(|line| of(line).0 == section), "{machine} tells nothing of {section}");
        }
        Ok(Self { machine: machine.to_owned(), lines })
    }

    /// What is not as in `self`, a line each.
    fn differences(&self, later: &Self) -> Vec<String> {
        let gone =
            self.lines.difference(&later.lines).map(|line| format!("gone: {}", line.replace('\t', " ")));
        gone.chain(
            later.lines.difference(&self.lines).map(|line| format!("new: {}", line.replace('\t', " "))),
        )
        .collect()
    }

    /// Checks that the machine is as it was, or is so within a short time.
    ///
    /// # Errors
    ///
    /// It stays different; the message says what differs.
    pub fn holds(&self, ground: &Ground<'_>) -> anyhow::Result<()> {
        let mut differences = Vec::new();
        until("nothing of ours is left", SETTLES, || {
            differences = self.differences(&Self::of(ground, &self.machine)?);
            Ok(differences.is_empty().then_some(()))
        })
        .with_context(|| format!("{} is not as it was:\n{}", self.machine, differences.join("\n")))
    }
}

/// Section and thing.
fn of(line: &str) -> (&str, &str) {
    line.split_once('\t').unwrap_or((line, ""))
}

fn counts(line: &str) -> bool {
    let (section, thing) = of(line);
    if section == "program" {
        return PROGRAMS.iter().any(|program| thing.starts_with(program));
    }
    !LEFT_OUT.iter().any(|(of, begins, _)| *of == section && thing.starts_with(begins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_by_itself_does_not_count_and_a_nodes_programs_do() {
        assert!(counts("file\t/etc/hosts f 644 0:0 "));
        assert!(!counts("file\t/run/user/0 d 700 0:0 "));
        assert!(!counts("program\tbash") && counts("program\tkube-proxy"));
        assert!(counts("sysctl\tnet.ipv4.ip_forward = 1") && !counts("sysctl\tfs.file-nr = 1 2 3"));
    }

    #[test]
    fn what_is_new_and_what_is_gone_is_told() {
        let footprint = |lines: &[&str]| Footprint {
            machine: "m1".to_owned(),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        };
        let (before, after) =
            (footprint(&["port\ttcp a", "link\tx"]), footprint(&["port\ttcp a", "link\ty"]));
        assert_eq!(before.differences(&after), ["gone: link x", "new: link y"]);
    }
}

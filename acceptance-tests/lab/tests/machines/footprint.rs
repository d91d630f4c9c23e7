//! What machines are to the machine that they run on.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use lab::lab::Lab;

/// Runs a program of this machine and gives the lines it prints.
pub(crate) fn lines(program: &str, arguments: &[&str]) -> anyhow::Result<Vec<String>> {
    let output = Command::new(program).args(arguments).output().with_context(|| program.to_owned())?;
    ensure!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// Finds all that bears one of `marks`: processes, groups, mounts, network things, rules and folders.
fn traces(marks: &[String]) -> anyhow::Result<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    let mut add =
        |what: &str, lines: Vec<String>| all.extend(lines.iter().map(|line| format!("{what}: {line}")));
    add("link", lines("ip", &["-o", "link"])?);
    add("namespace", names(Path::new("/run/netns")));
    add("route", lines("ip", &["route", "show", "table", "all"])?);
    add("rule", lines("iptables-save", &[])?);
    add("mount", fs::read_to_string("/proc/mounts")?.lines().map(str::to_owned).collect());
    add("container", names(Path::new("/run/systemd/nspawn/propagate")));
    let mut groups = Vec::new();
    collect_folders(Path::new("/sys/fs/cgroup"), &mut groups);
    add("group", groups);
    let processes = names(Path::new("/proc")).into_iter().filter(|name| name.parse::<u32>().is_ok());
    let describe = |pid: String| {
        let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        // One that is dead, and only waits for its parent to take notice, has no command any more.
        if read("cmdline").is_empty() {
            return pid;
        }
        let text =
            String::from_utf8_lossy(&[read("cmdline"), read("cgroup")].concat()).replace(['\0', '\n'], " ");
        format!("{pid} {text}")
    };
    add("process", processes.map(describe).collect());
    all.retain(|line| marks.iter().any(|mark| line.contains(mark)));
    Ok(all)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn collect_folders(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.push(entry.path().display().to_string());
            collect_folders(&entry.path(), found);
        }
    }
}

/// What all things of this lab's machines have in their names.
fn marks(lab: &Lab) -> anyhow::Result<Vec<String>> {
    let machines = lab.machines()?;
    let index = machines.gateway.octets()[2];
    let mut marks = vec![
        format!("labbr{index} "),
        format!("labbr{index}:"),
        format!("lab{index}-"),
        format!("10.77.{index}."),
        lab.dir().display().to_string(),
    ];
    marks.extend(machines.hosts.keys().map(|name| format!("v{index}-{name}")));
    Ok(marks)
}

pub(crate) fn down_leaves_nothing(lab: Lab) -> anyhow::Result<()> {
    let (dir, marks) = (lab.dir().to_owned(), marks(&lab)?);
    let there = traces(&marks)?;
    for kind in ["link: ", "namespace: ", "route: ", "rule: ", "mount: ", "group: ", "process: "] {
        ensure!(there.iter().any(|line| line.starts_with(kind)), "no {kind}is seen while it is up");
    }
    lab.down()?;
    let left = traces(&marks)?;
    ensure!(left.is_empty(), "left behind: {left:#?}");
    ensure!(!dir.exists(), "{} is left", dir.display());
    Ok(())
}

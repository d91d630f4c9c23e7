//! What a lab is to the machine: its processes, its ports, its files.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use lab::lab::Lab;
use lab::up::UpOptions;
use serde_json::Value;

use crate::options;

/// The id that marks the processes of a lab.
fn id(lab: &Lab) -> anyhow::Result<String> {
    let record: Value = serde_json::from_slice(&fs::read(lab.dir().join("lab.json"))?)?;
    Ok(record["id"].as_str().context("no id")?.to_owned())
}

/// Finds the processes of a lab, without help of the lab.
fn processes(id: &str) -> Vec<u32> {
    let marked = |pid: &u32| {
        fs::read(format!("/proc/{pid}/environ"))
            .is_ok_and(|environ| String::from_utf8_lossy(&environ).contains(&format!("LAB_ID={id}")))
    };
    let all = fs::read_dir("/proc").expect("/proc");
    all.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(marked).collect()
}

/// Gives the local addresses, as the kernel writes them, on which these processes listen.
fn listening(pids: &[u32]) -> BTreeSet<String> {
    let sockets: BTreeSet<String> = pids
        .iter()
        .filter_map(|pid| fs::read_dir(format!("/proc/{pid}/fd")).ok())
        .flat_map(Iterator::flatten)
        .filter_map(|entry| Some(fs::read_link(entry.path()).ok()?.to_str()?.to_owned()))
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut found = BTreeSet::new();
    for (table, listens) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        for line in fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default().lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if fields[3] == listens && sockets.contains(fields[9]) {
                found.insert(fields[1].to_owned());
            }
        }
    }
    found
}

pub(crate) fn second_up(lab: &Lab) -> anyhow::Result<()> {
    let before = lab.status()?;
    let begun = Instant::now();
    Lab::up(&UpOptions { dir: Some(lab.dir().to_owned()), ..options() })?;
    ensure!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
    let pids = |status: &[lab::status::PartStatus]| status.iter().map(|part| part.pid).collect::<Vec<_>>();
    ensure!(pids(&before) == pids(&lab.status()?), "something was restarted");
    Ok(())
}

pub(crate) fn loopback_only(lab: &Lab) -> anyhow::Result<()> {
    let addresses = listening(&processes(&id(lab)?));
    ensure!(addresses.len() >= 10, "only {} sockets seen", addresses.len());
    let beyond: Vec<_> = addresses.iter().filter(|address| !address.starts_with("0100007F:")).collect();
    ensure!(beyond.is_empty(), "listening beyond 127.0.0.1: {beyond:?}");
    Ok(())
}

pub(crate) fn no_secrets(lab: &Lab) -> anyhow::Result<()> {
    let tokens = [lab.token("hub")?, lab.token("edge")?];
    let mut texts = vec![fs::read_to_string(lab.dir().join("lab.json"))?];
    for entry in fs::read_dir(lab.dir().join("logs"))? {
        texts.push(String::from_utf8_lossy(&fs::read(entry?.path())?).into_owned());
    }
    for pid in processes(&id(lab)?) {
        for file in ["cmdline", "environ"] {
            let content = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            texts.push(String::from_utf8_lossy(&content).into_owned());
        }
    }
    texts.push(serde_json::to_string(&lab.environment()?)?);
    ensure!(
        !texts.iter().any(|text| tokens.iter().any(|token| text.contains(token))),
        "a token is in the open"
    );
    Ok(())
}

pub(crate) fn modes(lab: &Lab) -> anyhow::Result<()> {
    let mode = |path: &Path| -> anyhow::Result<u32> { Ok(fs::metadata(path)?.permissions().mode() & 0o777) };
    ensure!(mode(lab.dir())? == 0o700, "the folder is open to others");
    for name in ["kubeconfig", "edge.kubeconfig", "lab.json", "pki/hub/tokens.csv", "logs/etcd.log"] {
        ensure!(mode(&lab.dir().join(name))? == 0o600, "{name} is open to others");
    }
    Ok(())
}

pub(crate) fn side_by_side() -> anyhow::Result<()> {
    let small = || Lab::ephemeral(&UpOptions { clusters: 1, flux: false, ..options() });
    let (one, two) = (small()?, small()?);
    ensure!(id(&one)? != id(&two)?);
    for lab in [one, two] {
        let environment = lab.environment()?;
        ensure!(environment.clusters.len() == 1);
        down_leaves_nothing(lab)?;
    }
    Ok(())
}

pub(crate) fn down_leaves_nothing(lab: Lab) -> anyhow::Result<()> {
    let (id, dir) = (id(&lab)?, lab.dir().to_owned());
    ensure!(!processes(&id).is_empty(), "no process is marked");
    lab.down()?;
    let left = processes(&id);
    ensure!(left.is_empty(), "processes are left: {left:?}");
    ensure!(!dir.exists(), "{} is left", dir.display());
    Ok(())
}

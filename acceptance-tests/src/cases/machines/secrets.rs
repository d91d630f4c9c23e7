//! No key, token or kubeconfig is where somebody else could read it while a cluster is made, or afterwards.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::case::Case;
use crate::machines::ground::{CONTROL_PLANE, Ground, Place, WORKERS, on_fresh_machines};
use crate::machines::processes::{Seen, Watch, tokens};
use crate::scan::{Artifact, Secret, findings};
use crate::wait::until;
use crate::workspace::Logs;

/// How long the create may take.
const PATIENCE: Duration = Duration::from_mins(10);

/// What is planted in what is looked through, so that a scan that finds nothing is known to look.
const MARKER: &str = "planted-marker-73c1f0-planted-marker";

/// Prints the files of a machine that everybody there can read and that hold a key or credentials.
const READABLE: &str = r"setpriv --reuid=65534 --regid=65534 --clear-groups \
  grep -rIlE 'PRIVATE KEY-----|client-key-data: *[A-Za-z0-9+/]|[^a-z0-9.][a-z0-9]{6}\.[a-z0-9]{16}([^a-z0-9.]|$)' \
  /etc /var /run /opt /tmp /usr/local /root /home /dev/shm 2>/dev/null | sort; true";

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    on_fresh_machines(case, 2, |ground| {
        let workers: &[Place] = &WORKERS[..1];
        let machines = [CONTROL_PLANE.1, WORKERS[0].1];
        let readable = |machine: &str| ground.on(machine, READABLE);
        let before: Vec<String> = machines.iter().map(|it| readable(it)).collect::<anyhow::Result<_>>()?;
        ground.configure(workers)?;

        ground.workspace.run_traced(&["plan", "-json", "-out=first.plan"])?.ended_with(0)?;
        let watch = Watch::default();
        let (seen, looks, made) = std::thread::scope(|scope| {
            let watching = watch.begin(scope);
            let made = create(ground);
            let (seen, looks) = watch.end(watching)?;
            anyhow::Ok((seen, looks, made?))
        })?;
        case.site.say(&format!("{}: {looks} looks at all processes during the create", case.host));
        ensure!(!made.is_empty(), "no token was seen on the worker: nothing to look for");
        // The second apply stores a backup of the state, and its plan holds the state, too.
        let mut variables = ground.variables(workers)?;
        variables["machines"]["w1"]["labels"] = serde_json::json!({"zone": "a"});
        ground.workspace.variables(&variables)?;
        ground.workspace.run_traced(&["plan", "-json", "-out=second.plan"])?.ended_with(0)?;
        ground.workspace.run_traced(&["apply", "-json", "second.plan"])?.ended_with(0)?;

        let mut secrets = keys(ground, &machines)?;
        secrets.extend(made.iter().map(|token| Secret::new("a token", token.as_bytes())));
        let artifacts = artifacts(ground, &seen)?;
        let mut found = findings(&artifacts, &secrets);
        // Tokens that were there too short to be seen on the worker.
        let words = seen.arguments.iter().chain(&seen.environments);
        let in_processes: BTreeSet<String> = words.filter_map(|text| masked(text)).collect();
        found.extend(
            in_processes.into_iter().map(|text| format!("what looks like a token is in a process: {text}")),
        );
        for (machine, before) in machines.iter().zip(before) {
            let was: BTreeSet<&str> = before.lines().collect();
            let after = readable(machine)?;
            found.extend(
                after
                    .lines()
                    .filter(|file| !was.contains(file))
                    .map(|file| format!("everybody on {machine} can read {file}")),
            );
        }
        ensure!(found.is_empty(), "{} of {} secrets:\n{}", found.len(), secrets.len(), found.join("\n"));
        ground.workspace.destroy().map(drop)
    })
}

/// Applies the first plan, and gives the tokens that were on the worker meanwhile.
fn create(ground: &Ground<'_>) -> anyhow::Result<BTreeSet<String>> {
    let mut running = ground.workspace.start(&["apply", "-json", "first.plan"], Logs::Trace)?;
    let file = ground.file(WORKERS[0].1, "/etc/kurator/join.yaml");
    let mut found = BTreeSet::new();
    until("the cluster is made", PATIENCE, || {
        if let Ok(text) = fs::read_to_string(&file) {
            found.extend(tokens(&text.replace(['"', '\''], " ")).into_iter().map(str::to_owned));
        }
        Ok((!running.is_alive()?).then_some(()))
    })?;
    running.wait(PATIENCE)?.ended_with(0)?;
    Ok(found)
}

/// The beginning of a text with what looks like a token in it, without that; none if there is none.
fn masked(text: &str) -> Option<String> {
    let found = tokens(text);
    let first = found.first()?;
    let (before, after) = text.split_once(first)?;
    let before: String = before.chars().rev().take(100).collect::<Vec<_>>().into_iter().rev().collect();
    let after: String = after.chars().take(40).collect();
    Some(format!("…{before}[token]{after}…"))
}

/// All that was seen and stored, the marker planted in each.
fn artifacts(ground: &Ground<'_>, seen: &Seen) -> anyhow::Result<Vec<Artifact>> {
    let workspace = &ground.workspace;
    let joined = |texts: &BTreeSet<String>| texts.iter().cloned().collect::<Vec<_>>().join("\n");
    let mut artifacts = vec![
        Artifact::of("arguments of processes", &joined(&seen.arguments)),
        Artifact::of("environments of processes", &joined(&seen.environments)),
    ];
    for name in ["terraform.tfstate", "terraform.tfstate.backup", "first.plan", "second.plan"] {
        artifacts.extend(Artifact::read(name, &workspace.path(name))?);
    }
    artifacts.extend(Artifact::read("trace log", &workspace.log())?);
    // What is known to be there: what the resource is called, and on a machine the command that makes the cluster.
    let name = Secret::new("the resource", b"kurator_custom_cluster");
    let command = Secret::new("a command", b"kubeadm init");
    let known = findings(&artifacts, &[name, command]);
    let places = ["trace log", "first.plan", "second.plan", "terraform.tfstate", "terraform.tfstate.backup"];
    for what in places.into_iter().chain(["arguments of processes"]) {
        ensure!(
            known.iter().any(|line| line.contains(what)),
            "a scan of {what} finds nothing that is there: {known:?}"
        );
    }
    let planted = [Artifact::of("planted", &format!("--token={MARKER}"))];
    ensure!(
        !findings(&planted, &[Secret::new("marker", MARKER.as_bytes())]).is_empty(),
        "the scan does not look"
    );
    Ok(artifacts)
}

/// The key that opens the machines, and every key on them.
fn keys(ground: &Ground<'_>, machines: &[&str]) -> anyhow::Result<Vec<Secret>> {
    let mut secrets = Vec::new();
    let own = fs::read_to_string(&ground.machines.key).context("reading the key of the machines")?;
    secrets.extend(lines(&own, "the key of the machines"));
    for machine in machines {
        let texts = ground.on(
            machine,
            "find /etc/kubernetes /var/lib/kubelet/pki -type f \\( -name '*.key' -o -name '*.pem' \\) -exec cat {} + 2>/dev/null; true",
        )?;
        secrets.extend(lines(&texts, &format!("a key of {machine}")));
        let configs = ground.on(machine, "cat /etc/kubernetes/*.conf")?;
        for line in configs.lines().filter_map(|line| line.trim().strip_prefix("client-key-data: ")) {
            secrets.push(Secret::new(format!("a kubeconfig's key on {machine}"), line.trim().as_bytes()));
            let key = STANDARD.decode(line.trim()).context("a kubeconfig's key")?;
            secrets
                .extend(lines(&String::from_utf8_lossy(&key), &format!("a kubeconfig's key on {machine}")));
        }
    }
    let encryption = "sed -n 's/^ *secret: *//p' /etc/kubernetes/kurator/encryption.yaml 2>/dev/null; true";
    let encryption = ground.on(CONTROL_PLANE.1, encryption)?;
    secrets.extend(encryption.lines().map(|key| Secret::new("the key of Secrets in etcd", key.as_bytes())));
    ensure!(secrets.len() > 20, "only {} keys were found to look for", secrets.len());
    Ok(secrets)
}

/// The lines of private keys in a text: an encoder may break them anew, but not within a line.
fn lines(text: &str, what: &str) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("-----") {
            inside = line.contains("BEGIN") && line.contains("PRIVATE KEY");
        } else if inside && line.len() > 24 {
            secrets.push(Secret::new(format!("{what}, a line of it"), line.as_bytes()));
        }
    }
    secrets
}

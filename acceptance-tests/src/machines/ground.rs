//! Fresh machines for one claim, and a workspace with the configuration of a cluster on them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use lab::lab::Lab;
use lab::machines::addresses::{MachinesEnvironment, Services};
use lab::machines::fault::MachineFault;
use lab::machines::up::MachineOptions;
use serde_json::{Value, json};

use crate::case::Case;
use crate::environment;
use crate::page::Page;
use crate::wait::until;
use crate::workspace::Workspace;
use crate::zip;

/// What the claims took.
static PAGE: Page = Page::new(
    "machines.md",
    "\
# Claims on machines

<!-- Written by `make test-slow`. -->

What is claimed of `kurator_custom_cluster` on the lab's machines, and what it took where it held: a claim that does not
hold is not in the table. Claims run one after the other; downloads are from the lab's mirror and are included. COMMIT.
",
);

/// The head of the table.
const HEAD: &str = "\
| claim | host | what | seconds |
| --- | --- | --- | --: |
";

/// How long one command of a host may take: images are pulled, and other work may go on beside it.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long pods may take to run.
const PODS: Duration = Duration::from_mins(3);

/// Two web servers and a service, and a client on every worker.
const WEB: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/custom_cluster/web.yaml"));
const CLIENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/custom_cluster/client.yaml"));

/// A machine in a configuration: the name of its node, and the lab's name of the machine.
pub type Place = (&'static str, &'static str);

/// The control plane of every claim.
pub const CONTROL_PLANE: Place = ("cp1", "m1");

/// The usual workers.
pub const WORKERS: [Place; 2] = [("w1", "m2"), ("w2", "m3")];

/// Fresh machines, and a workspace. The machines go with it.
pub struct Ground<'a> {
    /// The case.
    pub case: &'a Case<'a>,
    /// The lab with the machines; it may have control planes, too.
    pub lab: Lab,
    /// What is where.
    pub machines: MachinesEnvironment,
    /// The workspace with `cases/custom_cluster`.
    pub workspace: Workspace,
    /// What parts of the claim took.
    took: RefCell<Vec<(String, Duration)>>,
}

/// Checks a claim on `count` fresh machines. What the workspace holds is kept for a person if that is wanted and the
/// claim does not hold; nothing is destroyed then, for the machines go.
///
/// # Errors
///
/// The machines do not come up, or the claim does not hold.
pub fn on_fresh_machines(
    case: &Case<'_>,
    count: u8,
    claim: impl FnOnce(&Ground<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let ground = Ground::open(case, count)?;
    let Err(error) = claim(&ground) else {
        ground.took("all of it", begun.elapsed());
        PAGE.add(HEAD, &ground.rows())?;
        return ground.lab.down();
    };
    let Ground { lab, workspace, .. } = ground;
    let kept = environment::kept_workspaces().map(|folder| workspace.keep(&folder)).transpose()?;
    let kept = kept.map_or_else(String::new, |folder| format!("\n\nkept in {}", folder.display()));
    lab.down().context("taking the machines down")?;
    bail!("{error:#}{kept}")
}

impl<'a> Ground<'a> {
    fn open(case: &'a Case<'a>, count: u8) -> anyhow::Result<Self> {
        let progress = case.site.progress().clone();
        let lab = Lab::ephemeral_machines(&MachineOptions { count, progress, ..MachineOptions::default() })?;
        let machines = lab.machines()?;
        let workspace = Workspace::new(case.host, case.site.scratch(), &case.name, &case.site.provider)?;
        workspace.be_patient(PATIENCE);
        workspace.take("custom_cluster")?;
        Ok(Self { case, lab, machines, workspace, took: RefCell::default() })
    }

    /// Says what a part of the claim took, and notes it for the page.
    pub fn took(&self, what: &str, took: Duration) {
        self.case.site.say(&format!("{}: {what}: {:.1} s", self.case.host, took.as_secs_f64()));
        self.took.borrow_mut().push((what.to_owned(), took));
    }

    /// The rows of the page.
    fn rows(&self) -> String {
        let mut rows = String::new();
        for (what, took) in &*self.took.borrow() {
            let (claim, host) = (self.case.claim(), self.case.host);
            // Writing into a text does not fail.
            let _ = writeln!(rows, "| `{claim}` | {host} | {what} | {:.1} |", took.as_secs_f64());
        }
        rows
    }

    /// Mirror and registry.
    ///
    /// # Errors
    ///
    /// The lab has none.
    pub fn services(&self) -> anyhow::Result<&Services> {
        self.machines.services.as_ref().context("the machines have no mirror")
    }

    /// The address of a machine.
    ///
    /// # Errors
    ///
    /// There is no such machine.
    pub fn address(&self, machine: &str) -> anyhow::Result<Ipv4Addr> {
        self.machines.hosts.get(machine).copied().with_context(|| format!("the lab has no machine {machine}"))
    }

    /// The values of the variables for the control plane and these workers.
    ///
    /// # Errors
    ///
    /// There is no such machine.
    pub fn variables(&self, workers: &[Place]) -> anyhow::Result<Value> {
        let services = self.services()?;
        let mut machines = BTreeMap::new();
        for (role, (node, machine)) in [("control_plane", &CONTROL_PLANE)]
            .into_iter()
            .chain(workers.iter().map(|place| ("worker", place)))
        {
            machines.insert(*node, json!({"role": role, "address": self.address(machine)?}));
        }
        Ok(json!({
            "name": self.case.name,
            "kubernetes": services.versions.kubernetes,
            "artifacts": {
                "containerd": services.versions.containerd,
                "runc": services.versions.runc,
                "cni_plugins": services.versions.cni_plugins,
            },
            "key": self.machines.key,
            "known_hosts": self.machines.known_hosts,
            "mirrors": services.mirrors,
            "chart": {"source": services.cni_chart.source, "version": services.cni_chart.version},
            "machines": machines,
        }))
    }

    /// Writes the configuration with these workers.
    ///
    /// # Errors
    ///
    /// There is no such machine, or the file cannot be written.
    pub fn configure(&self, workers: &[Place]) -> anyhow::Result<()> {
        self.workspace.variables(&self.variables(workers)?)
    }

    /// Runs a shell command as root on a machine of the lab.
    ///
    /// # Errors
    ///
    /// It fails.
    pub fn on(&self, machine: &str, script: &str) -> anyhow::Result<String> {
        self.lab.on_machine(machine, "root", script)
    }

    /// Where a file of a machine is on this one. What is in memory there, such as `/run`, is not to be seen here.
    pub fn file(&self, machine: &str, path: &str) -> PathBuf {
        self.lab.file_of_machine(machine, path)
    }

    /// Asks the cluster as its administrator does on the control plane.
    ///
    /// # Errors
    ///
    /// It fails.
    pub fn kubectl(&self, arguments: &str) -> anyhow::Result<String> {
        let kubectl = "/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf";
        self.on(CONTROL_PLANE.1, &format!("{kubectl} {arguments}"))
    }

    /// Breaks or mends a machine.
    ///
    /// # Errors
    ///
    /// It cannot be done.
    pub fn fault(&self, machine: &str, fault: MachineFault) -> anyhow::Result<()> {
        self.lab.machine_fault(machine, fault).with_context(|| format!("{fault:?} of {machine}"))
    }

    /// Checks that the cluster consists of these nodes, that all are ready, and that each is the machine that is meant.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn nodes_are(&self, workers: &[Place]) -> anyhow::Result<()> {
        let columns = r#"{range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}"#;
        let mut wanted = Vec::new();
        for (node, machine) in [CONTROL_PLANE].iter().chain(workers) {
            wanted.push(format!("{node} {} True", self.address(machine)?));
        }
        wanted.sort();
        let mut seen = String::new();
        until("the nodes are as they should be", PODS, || {
            seen = self.kubectl(&format!("get nodes -o jsonpath='{columns}'"))?;
            let mut lines: Vec<&str> = seen.lines().collect();
            lines.sort_unstable();
            Ok((lines == wanted).then_some(()))
        })
        .with_context(|| format!("{wanted:?} are wanted, and there are\n{seen}"))
    }

    /// Checks that two servers on two nodes answer behind one name, asked from every worker.
    ///
    /// # Errors
    ///
    /// They do not.
    pub fn serves(&self) -> anyhow::Result<()> {
        self.kubectl(&format!("apply -f - <<'E'\n{WEB}---\n{CLIENT}\nE"))?;
        for wait in [
            "-n kube-system rollout status deployment/coredns",
            "rollout status deployment/web",
            "rollout status daemonset/client",
        ] {
            self.kubectl(&format!("{wait} --timeout={}s", PODS.as_secs()))?;
        }
        // Pods of a node that has left are still listed for a while.
        let nodes = self.kubectl("get nodes -o jsonpath='{.items[*].metadata.name}'")?;
        let columns = r#"{range .items[*]}{.metadata.name} {.spec.nodeName}{"\n"}{end}"#;
        let clients = self.kubectl(&format!("get pods -l app=client -o jsonpath='{columns}'"))?;
        let there =
            |line: &&str| line.split(' ').nth(1).is_some_and(|node| nodes.split(' ').any(|it| it == node));
        let clients: Vec<&str> =
            clients.lines().filter(there).filter_map(|line| line.split(' ').next()).collect();
        // The first calls to a new service may be refused for a second or two, and which server answers is chance.
        let ask = "for i in $(seq 40); do curl -sS -m 5 http://web.default.svc.cluster.local/; done 2>/dev/null | sort -u | wc -l";
        for client in clients {
            let mut servers = String::new();
            until("both servers answer", PODS, || {
                servers = self.kubectl(&format!("exec {client} -- sh -c '{ask}'"))?;
                Ok((servers.trim() == "2").then_some(()))
            })
            .with_context(|| format!("asked from {client}, {} servers answered", servers.trim()))?;
        }
        Ok(())
    }

    /// Plans nothing, neither with nor for a refresh.
    ///
    /// # Errors
    ///
    /// There is something to do, or a warning.
    pub fn is_in_order(&self) -> anyhow::Result<()> {
        let planned = self.workspace.plans_nothing()?;
        anyhow::ensure!(planned.warnings().is_empty(), "there is a warning\n{}", planned.in_words());
        let Err(error) = self.workspace.refreshes_nothing() else { return Ok(()) };
        // Hosts do not show everything that makes a refresh another one; a plan holds the state before it and after.
        self.workspace.run(&["plan", "-json", "-refresh-only", "-out=refresh.plan"])?;
        let plan = fs::read(self.workspace.path("refresh.plan")).context("reading a plan")?;
        let states: BTreeMap<String, Vec<u8>> = zip::entries(&plan)?.into_iter().collect();
        let state = |name: &str| serde_json::from_slice::<Value>(states.get(name).map_or(b"", Vec::as_slice));
        let lines = differences("", &state("tfstate-prev")?, &state("tfstate")?);
        Err(error.context(format!("a refresh changes\n{}", lines.join("\n"))))
    }

    /// How often a unit was started on a machine since it was last switched on, by its own journal.
    ///
    /// # Errors
    ///
    /// The journal cannot be read, or is not the system's own.
    pub fn starts(&self, machine: &str, unit: &str) -> anyhow::Result<usize> {
        // The message that systemd writes once a unit has been started.
        let started = "39f53479d3a045ac8e11786248231fbf";
        let count = |unit: &str| {
            let entries = format!("journalctl -q --no-pager -o cat MESSAGE_ID={started} UNIT={unit} | wc -l");
            anyhow::Ok(self.on(machine, &entries)?.trim().parse::<usize>()?)
        };
        anyhow::ensure!(count("ssh.service")? > 0, "the journal of {machine} does not know of its own start");
        count(unit)
    }
}

/// What differs between two documents, a line for each place.
fn differences(place: &str, one: &Value, other: &Value) -> Vec<String> {
    match (one, other) {
        (one, other) if one == other => Vec::new(),
        (Value::Object(fields), Value::Object(others)) => {
            let keys: BTreeSet<&String> = fields.keys().chain(others.keys()).collect();
            let field = |fields: &serde_json::Map<String, Value>, key: &String| {
                fields.get(key).cloned().unwrap_or_default()
            };
            keys.into_iter()
                .flat_map(|key| {
                    differences(&format!("{place}/{key}"), &field(fields, key), &field(others, key))
                })
                .collect()
        }
        _ => vec![format!("{place}: {one} became {other}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_that_differs_is_named() {
        let (one, other) = (json!({"a": {"b": 1, "c": 2}}), json!({"a": {"b": 1, "c": 3}, "d": 4}));
        assert_eq!(differences("", &one, &other), ["/a/c: 2 became 3", "/d: null became 4"]);
    }
}

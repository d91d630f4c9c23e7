//! A cluster on fresh machines, beside a script that gives the same commands by hand, in the same run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::bench::hosted::{Hosted, Took};
use crate::bench::table;
use crate::build::Built;
use crate::host::{Host, SOURCE};
use crate::repository::Repository;
use crate::run;

/// The configuration of the acceptance claims.
const CONFIG: &str = include_str!("../../../../../acceptance-tests/cases/custom_cluster/main.tf");

/// What somebody would type.
const BY_HAND: &str = "acceptance-tests/lab/machines/by-hand.sh";

/// The configuration of the claims of what stands in the way of machines.
const CHECK: &str = include_str!("../../../../../acceptance-tests/cases/machine_check/main.tf");

/// How many machines are looked at beside one.
const MANY: u8 = 10;

/// How often machines are looked at; the time in the middle counts.
const LOOKS: usize = 5;

/// How often it is looked whether downloads go on.
const LOOK: Duration = Duration::from_millis(20);

/// Measures and prints the rows.
///
/// # Errors
///
/// Machines cannot be made here, or something does not work.
pub(crate) fn measure(repository: &Repository, built: &Built, folder: &Path) -> anyhow::Result<()> {
    let host = Host::first(built)?;
    let place = folder.join("machines");
    let hosted = Hosted::new(&host, &place, CONFIG, SOURCE, &built.provider)?;

    let machines = Machines::up(built, &folder.join("machines-lab"), 4)?;
    let (made, fetching) = machines.apply(&hosted, &["m1", "m2", "m3"])?;
    let (added, fetching_more) = machines.apply(&hosted, &["m1", "m2", "m3", "m4"])?;
    drop(machines);

    let machines = Machines::up(built, &folder.join("by-hand-lab"), 3)?;
    let by_hand = machines.by_hand(&repository.path(BY_HAND))?;
    drop(machines);

    table::head(
        "a cluster of 1 + 2 on fresh machines",
        &["to Ready", "downloads", "peak memory", "provider CPU"],
    );
    let row = |what: &str, took: &Took, fetching: Duration| {
        let cells = [
            table::seconds(took.wall.saturating_sub(fetching)),
            table::seconds(fetching),
            table::mebibytes(took.provider.peak_kib),
            table::seconds(took.provider.cpu()),
        ];
        table::row(what, &cells);
    };
    row(&format!("{} apply", hosted.name()), &made, fetching);
    table::row(
        "the same kubeadm commands by hand",
        &[table::seconds(by_hand.total), table::seconds(by_hand.downloads)],
    );
    let times = made.wall.saturating_sub(fetching).as_secs_f64() / by_hand.total.as_secs_f64();
    table::row("times by hand", &[format!("{times:.2}")]);
    row("a worker more", &added, fetching_more);

    let machines = Machines::up(built, &folder.join("check-lab"), MANY)?;
    machines.preflight(&host, &folder.join("check"), &built.provider)
}

/// Machines that go down with this value.
struct Machines<'a> {
    built: &'a Built,
    dir: PathBuf,
    /// What the lab says of itself.
    environment: Value,
}

impl<'a> Machines<'a> {
    fn up(built: &'a Built, dir: &Path, count: u8) -> anyhow::Result<Self> {
        let mut machines = Self { built, dir: dir.to_owned(), environment: Value::Null };
        run::output(&mut machines.lab(&["up", "machines", "--count", &count.to_string()]))?;
        let said = run::output(&mut machines.lab(&["env"]))?;
        machines.environment = serde_json::from_str(&said).context("reading what the lab says")?;
        Ok(machines)
    }

    fn lab(&self, arguments: &[&str]) -> Command {
        let mut command = self.built.lab(arguments);
        command.arg("--dir").arg(&self.dir);
        command
    }

    /// Makes or changes the cluster so that it has these machines, the first one being its control plane. Gives what it
    /// took, and how long of it was downloads: from the first machine's beginning to the last one's end.
    fn apply(&self, hosted: &Hosted, names: &[&str]) -> anyhow::Result<(Took, Duration)> {
        let said = &self.environment["machines"];
        let services = &said["services"];
        let role = |place| if place == 0 { "control_plane" } else { "worker" };
        let machines: serde_json::Map<String, Value> = names
            .iter()
            .enumerate()
            .map(|(place, name)| {
                ((*name).to_owned(), json!({ "role": role(place), "address": said["hosts"][*name] }))
            })
            .collect();
        let mut artifacts = services["versions"].clone();
        let kubernetes = artifacts.as_object_mut().and_then(|versions| versions.remove("kubernetes"));
        hosted.set(&json!({
            "name": "bench",
            "kubernetes": kubernetes,
            "artifacts": artifacts,
            "key": said["key"],
            "known_hosts": said["known_hosts"],
            "mirrors": services["mirrors"],
            "chart": services["cni_chart"],
            "machines": machines,
        }))?;
        let is_over = AtomicBool::new(false);
        let (took, fetching) = std::thread::scope(|scope| {
            let watching = scope.spawn(|| self.watch_downloads(names, &is_over));
            let took = hosted.run(&["apply", "-auto-approve"]);
            is_over.store(true, Ordering::Relaxed);
            (took, watching.join().unwrap_or_default())
        });
        let took = took?;
        let ready = run::output(&mut self.lab(&[
            "ssh",
            "m1",
            "sudo -n /usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf wait node --all --for=condition=Ready --timeout=1s",
        ]))?;
        ensure!(
            ready.lines().count() == names.len(),
            "the apply is over, and of {} nodes these are ready:\n{ready}",
            names.len()
        );
        Ok((took, fetching))
    }

    /// Measures looks at one machine and at all, and prints their rows: what a plan takes with them and without.
    fn preflight(&self, host: &Host, folder: &Path, provider: &Path) -> anyhow::Result<()> {
        let said = &self.environment["machines"];
        let all = said["hosts"].as_object().context("the lab does not say its machines")?;
        let variables = |count: usize| {
            let machine = |(name, address): (&String, &Value)| {
                let role = if name == "m1" { "control_plane" } else { "worker" };
                (name.clone(), json!({ "role": role, "address": address }))
            };
            let mut machines: Vec<_> = all.iter().map(machine).collect();
            machines.sort_by_key(|(_, machine)| machine["role"] != "control_plane");
            json!({
                "kubernetes": said["services"]["versions"]["kubernetes"],
                "key": said["key"],
                "known_hosts": said["known_hosts"],
                "machines": machines.into_iter().take(count).collect::<serde_json::Map<_, _>>(),
            })
        };
        let (without, _) = CHECK.split_once("data \"").context("the claims' case looks at nothing")?;
        let plan = |name: &str, config: &str, count: usize| {
            let hosted = Hosted::new(host, &folder.join(name), config, SOURCE, provider)?;
            hosted.set(&variables(count))?;
            hosted.plan(LOOKS)
        };
        let (none, one) = (plan("none", without, 1)?, plan("one", CHECK, 1)?);
        let many = plan("many", CHECK, all.len())?;
        let looks = [&one, &many].map(|took| took.wall.saturating_sub(none.wall));
        table::head(
            "a look at machines: alone, and a whole plan",
            &["alone", "peak memory", "provider CPU", "plan"],
        );
        for (what, took, look) in [("one machine", &one, looks[0]), ("ten machines", &many, looks[1])] {
            let cells = [
                table::seconds(look),
                table::mebibytes(took.provider.peak_kib),
                table::seconds(took.provider.cpu()),
                table::seconds(took.wall),
            ];
            table::row(what, &cells);
        }
        let times = |many: Duration, one: Duration| format!("{:.2}", many.as_secs_f64() / one.as_secs_f64());
        let none = String::new;
        let cells = [times(looks[1], looks[0]), none(), none(), times(many.wall, one.wall)];
        table::row("times one", &cells);
        Ok(())
    }

    /// How long there was something half fetched on one of the machines.
    fn watch_downloads(&self, names: &[&str], is_over: &AtomicBool) -> Duration {
        let folders: Vec<PathBuf> = names
            .iter()
            .map(|name| self.dir.join("machines").join(name).join("var/lib/kurator/download"))
            .collect();
        let (mut first, mut last) = (None, None);
        while !is_over.load(Ordering::Relaxed) {
            if folders.iter().any(|folder| folder.exists()) {
                first = first.or_else(|| Some(Instant::now()));
                last = Some(Instant::now());
            }
            std::thread::park_timeout(LOOK);
        }
        first.zip(last).map(|(first, last)| last - first).unwrap_or_default()
    }

    /// Lets the script make a cluster of three.
    fn by_hand(&self, script: &Path) -> anyhow::Result<ByHand> {
        let file = self.dir.join("tmp/environment.json");
        fs::write(&file, self.environment.to_string()).context("writing what the lab says")?;
        let said = run::output(Command::new("bash").arg(script).arg(&file).args(["m1", "m2", "m3"]))?;
        ByHand::read(&said)
    }
}

impl Drop for Machines<'_> {
    fn drop(&mut self) {
        // Nobody is left to tell; the lab's own tests see to it that this works.
        drop(run::output(&mut self.lab(&["down"])));
    }
}

/// What the script took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ByHand {
    /// Without the downloads.
    total: Duration,
    downloads: Duration,
}

impl ByHand {
    /// Reads what the script prints: a step and its seconds on each line.
    fn read(said: &str) -> anyhow::Result<Self> {
        let step = |name: &str| {
            let seconds = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            let seconds = seconds.and_then(|text| text.parse::<f64>().ok());
            seconds
                .map(Duration::from_secs_f64)
                .with_context(|| format!("the script does not say `{name}`:\n{said}"))
        };
        Ok(Self { total: step("total")?, downloads: step("downloads")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_seconds_are_read_and_a_missing_step_is_an_error() {
        let read = ByHand::read("downloads 16.9\ninit 12.8\ntotal 43.4\n").unwrap();
        assert_eq!(
            read,
            ByHand { total: Duration::from_millis(43_400), downloads: Duration::from_millis(16_900) }
        );
        assert!(ByHand::read("init 1.0\n").is_err());
    }
}

//! The table.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;

use crate::bench::caller::Caller;
use crate::bench::site::Site;
use crate::bench::table::{mebibytes, milliseconds, seconds};
use crate::bench::{applications, peer, sizes};
use crate::build::{Built, Profile};
use crate::repository::Repository;
use crate::run;

/// How often the provider is started. One more start before these warms the caches and does not count.
const STARTS: usize = 20;

/// Measured earlier, on two cores, for where the Go provider cannot be built. Quoted, never measured here.
const ANCHOR: &str = "the kubernetes provider, in Go: start 48–126 ms, 56 MiB, 65 MB; a plan of 1,000 ConfigMaps 2.5 s \
                      of processor time, 81 MiB (measured earlier, not in this run)";

/// What is measured beside the usual.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extras {
    /// The build of the lab's tools into an empty cache.
    pub(crate) cold_lab: bool,
    /// What each crate adds to the binary.
    pub(crate) sizes: bool,
}

/// Measures and prints the table.
///
/// # Errors
///
/// Something does not start or does not answer.
pub(crate) fn run(repository: &Repository, extras: Extras) -> anyhow::Result<()> {
    let built = Built::up_to_date(repository, Profile::Release)?;
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let caller = Caller::new()?;
    caller.start(&built.provider, folder.path())?;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        starts.push(caller.start(&built.provider, folder.path())?);
    }
    let size = fs::metadata(&built.provider).context("reading the binary's size")?.len();
    println!("{:<44} {:>12} {:>12} {:>12}", "", "median", "least", "most");
    row("start to handshake line", starts.iter().map(|start| start.handshake).collect(), milliseconds);
    row(
        "start to GetProviderSchema answered",
        starts.iter().map(|start| start.schema).collect(),
        milliseconds,
    );
    row("resident memory then", starts.iter().map(|start| start.resident_kib).collect(), mebibytes);
    println!("{:<44} {:>12}", "binary", format!("{}.{} MB", size / 1_000_000, size / 100_000 % 10));
    lab(&built, folder.path(), extras.cold_lab)?;
    scale(repository, &built, &caller, folder.path())?;
    if extras.sizes {
        sizes::measure(repository, folder.path())?;
    }
    println!("\n{STARTS} starts of the release binary, with mutual TLS as under Terraform. {}", load());
    Ok(())
}

/// Measures what grows with the number of objects, beside a provider written in Go.
fn scale(repository: &Repository, built: &Built, caller: &Caller, folder: &Path) -> anyhow::Result<()> {
    let site = Site::up(built, &folder.join("site"), &repository.path("examples/quickstart/apps"))?;
    applications::measure(built, &site, folder)?;
    if let Err(error) = peer::measure(built, &site, caller, folder) {
        println!("\nno Go provider beside ours: {error:#}\nAnchor: {ANCHOR}.");
    }
    Ok(())
}

/// How busy the machine is: other programs make every time longer.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    format!("{cores} cores; load {} over the last 1, 5 and 15 minutes.", load.join(", "))
}

fn row<T: Ord + Copy>(what: &str, mut values: Vec<T>, show: fn(T) -> String) {
    values.sort_unstable();
    if let (Some(&least), Some(&most)) = (values.first(), values.last()) {
        let median = values[values.len() / 2];
        println!("{what:<44} {:>12} {:>12} {:>12}", show(median), show(least), show(most));
    }
}

/// Measures the lab: the build of its tools where that is wanted, the start of a new lab, and a second `up`.
fn lab(built: &Built, folder: &Path, cold: bool) -> anyhow::Result<()> {
    if cold {
        let begun = Instant::now();
        let cache = folder.join("cold");
        let mut tools = built.lab(&["tools"]);
        run::output(
            tools
                .env("XDG_CACHE_HOME", &cache)
                .env("GOCACHE", cache.join("go"))
                .env_remove("KUBEBUILDER_ASSETS"),
        )?;
        println!("{:<44} {:>12}", "lab: cold build, modules downloaded before", seconds(begun.elapsed()));
    } else {
        println!("{:<44} {:>12}", "lab: cold build", "not measured: make bench COLD=1");
    }
    // Built before the clock starts, if they are not there yet.
    run::output(&mut built.lab(&["tools"]))?;
    let dir = folder.join("lab");
    let timed = |arguments: &[&str]| {
        let begun = Instant::now();
        let mut command = built.lab(arguments);
        run::output(command.arg("--dir").arg(&dir)).map(|_| begun.elapsed())
    };
    let up = ["up", "control-planes", "--clusters", "2"];
    let measured = timed(&up).and_then(|first| Ok((first, timed(&up)?)));
    // Whatever came of it, nothing is left running.
    let down = timed(&["down"]);
    let (first, second) = measured?;
    println!("{:<44} {:>12}", "lab: warm start of a new lab, 2 clusters", seconds(first));
    println!("{:<44} {:>12}", "lab: a second up", seconds(second));
    println!("{:<44} {:>12}", "lab: down", seconds(down?));
    Ok(())
}

//! The table.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;

use crate::bench::caller::Caller;
use crate::bench::site::Site;
use crate::bench::table::{mebibytes, milliseconds, seconds};
use crate::bench::{applications, machines, peer, sizes, table};
use crate::build::{Built, Profile};
use crate::repository::Repository;
use crate::run;

/// How often the provider is started. One more start before these warms the caches and does not count.
const STARTS: usize = 20;

/// Measured earlier, on two cores, for where the Go provider cannot be built. Quoted, never measured here.
const ANCHOR: &str = "the kubernetes provider, in Go: start 48–126 ms, 56 MiB, 65 MB; a plan of 1,000 ConfigMaps 2.5 s \
                      of processor time, 81 MiB (measured earlier, not in this run)";

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Start-up, memory and size of the provider
    Start,
    /// Start and end of the lab
    Lab,
    /// Plans and creates of many applications
    Applications,
    /// The kubernetes provider, written in Go
    Peer,
    /// A cluster on machines, beside one made by hand; needs root
    Machines,
    /// The build of the lab's tools into an empty cache: 6 to 20 minutes
    ColdLab,
    /// What each crate adds to the binary, which is linked once more for it
    Sizes,
}

/// What is measured if nothing is asked for by name.
pub(crate) const USUAL: [Part; 4] = [Part::Start, Part::Lab, Part::Applications, Part::Peer];

/// Measures `parts` and prints the table.
///
/// # Errors
///
/// Something does not start or does not answer.
pub(crate) fn run(repository: &Repository, parts: &[Part]) -> anyhow::Result<()> {
    let built = Built::up_to_date(repository, Profile::Release)?;
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let caller = Caller::new()?;
    let wanted = |part| parts.contains(&part);
    if wanted(Part::Start) {
        starts(&built, &caller, folder.path())?;
    }
    if wanted(Part::ColdLab) {
        cold_lab(&built, folder.path())?;
    }
    if wanted(Part::Lab) {
        lab(&built, folder.path())?;
    }
    if wanted(Part::Applications) || wanted(Part::Peer) {
        let site =
            Site::up(&built, &folder.path().join("site"), &repository.path("examples/quickstart/apps"))?;
        if wanted(Part::Applications) {
            applications::measure(&built, &site, folder.path())?;
        }
        if wanted(Part::Peer)
            && let Err(error) = peer::measure(&built, &site, &caller, folder.path())
        {
            println!("\nno Go provider beside ours: {error:#}\nAnchor: {ANCHOR}.");
        }
    }
    if wanted(Part::Machines) {
        machines::measure(repository, &built, folder.path())?;
    }
    if wanted(Part::Sizes) {
        sizes::measure(repository, folder.path())?;
    }
    println!("\n{}", load());
    Ok(())
}

/// Measures start-up, memory and size.
fn starts(built: &Built, caller: &Caller, folder: &Path) -> anyhow::Result<()> {
    caller.start(&built.provider, folder)?;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        starts.push(caller.start(&built.provider, folder)?);
    }
    let size = fs::metadata(&built.provider).context("reading the binary's size")?.len();
    table::head(
        &format!("{STARTS} starts, with mutual TLS as under Terraform"),
        &["median", "least", "most"],
    );
    row("start to handshake line", starts.iter().map(|start| start.handshake).collect(), milliseconds);
    row(
        "start to GetProviderSchema answered",
        starts.iter().map(|start| start.schema).collect(),
        milliseconds,
    );
    row("resident memory then", starts.iter().map(|start| start.resident_kib).collect(), mebibytes);
    table::row("binary", &[format!("{}.{} MB", size / 1_000_000, size / 100_000 % 10)]);
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
        table::row(what, &[show(values[values.len() / 2]), show(least), show(most)]);
    }
}

/// Measures the build of the lab's tools into an empty cache.
fn cold_lab(built: &Built, folder: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let cache = folder.join("cold");
    let mut tools = built.lab(&["tools"]);
    run::output(
        tools.env("XDG_CACHE_HOME", &cache).env("GOCACHE", cache.join("go")).env_remove("KUBEBUILDER_ASSETS"),
    )?;
    table::row("lab: cold build, modules downloaded before", &[seconds(begun.elapsed())]);
    Ok(())
}

/// Measures the start of a new lab, and a second `up`.
fn lab(built: &Built, folder: &Path) -> anyhow::Result<()> {
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
    table::row("lab: warm start of a new lab, 2 clusters", &[seconds(first)]);
    table::row("lab: a second up", &[seconds(second)]);
    table::row("lab: down", &[seconds(down?)]);
    Ok(())
}

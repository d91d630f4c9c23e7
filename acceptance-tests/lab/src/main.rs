//! The command `lab`: see `lab help`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people: this is how it answers"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand, ValueEnum};
use lab::lab::Lab;
use lab::machines::up::MachineOptions;
use lab::parts::command::run_if_asked;
use lab::progress::Progress;
use lab::requests::{Cut, Way};
use lab::tools::cache::Cache;
use lab::up::UpOptions;

/// A local data centre: real control planes, Flux and servers as processes on loopback.
#[derive(Debug, Parser)]
#[command(name = "lab", version)]
struct Arguments {
    /// The lab's folder [default: `$LAB_DIR`, else `labs/default` in the user's cache]
    #[arg(long, global = true)]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start a lab, or mend the one that is there
    Up {
        /// What to start
        tier: Tier,
        /// How many clusters, `hub` included; only for control-planes
        #[arg(long, default_value_t = 2)]
        clusters: usize,
        /// How many machines; only for machines
        #[arg(long, default_value_t = 1)]
        count: u8,
        /// Leave mirror and registry out; only for machines
        #[arg(long)]
        bare: bool,
        /// Leave Flux out; only for control-planes
        #[arg(long)]
        no_flux: bool,
    },
    /// End every process of the lab and remove its folder
    Down,
    /// Show every part
    Status,
    /// Print all that a test needs to know, as JSON
    Env,
    /// Print the kubeconfig of a cluster, or of all
    Kubeconfig {
        /// The cluster
        name: Option<String>,
        /// Print the path of the file instead
        #[arg(long)]
        path: bool,
    },
    /// Print the log of a part
    Log {
        /// The part
        part: String,
    },
    /// Break a cluster, a part or a machine, or heal it
    Fault {
        /// A cluster (`edge`), a part (`flux-source`) or a machine (`m1`)
        target: String,
        /// kill, freeze, refuse, slow, slow=500ms, unauthorized, forbidden, swap=CLUSTER or heal; a part knows only
        /// kill, freeze and heal; a machine knows partition, heal, freeze, thaw, power-off, power-on and reboot
        fault: String,
    },
    /// Run a shell command on a machine
    Ssh {
        /// The machine
        machine: String,
        /// The command
        command: String,
        /// Who runs it: admin or root
        #[arg(long, default_value = "admin")]
        user: String,
    },
    /// Show what the provider asked of a cluster; a star marks what changes something
    Requests {
        /// The cluster
        cluster: String,
        /// Only requests whose path holds this
        #[arg(long, default_value = "")]
        of: String,
    },
    /// Cut a mutating request of the provider, counted from now on; `lab fault CLUSTER heal` lifts it
    Cut {
        /// The cluster
        cluster: String,
        /// Which one, from 1
        nth: u64,
        /// before (it arrives), after (it is carried out), hold (after it, the connection open) or pause (late answer)
        way: Way,
        /// Count only requests whose path holds this
        #[arg(long, default_value = "")]
        of: String,
    },
    /// Repositories on the git server
    #[command(subcommand)]
    Git(GitVerb),
    /// Artifacts in the OCI registry
    #[command(subcommand)]
    Oci(OciVerb),
    /// Charts in the Helm repository
    #[command(subcommand)]
    Chart(ChartVerb),
    /// Push Flux's install manifests to the registry as flux/manifests:v1
    FluxManifests,
    /// Build the real binaries, all or the named ones
    Tools {
        /// Modules or binaries
        names: Vec<String>,
    },
    /// Print the path of a real binary, building it if need be
    Tool {
        /// The binary
        name: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tier {
    /// etcd, API servers, controllers, Flux, git, registry and charts
    ControlPlanes,
    /// Servers with their own addresses, systemd and sshd
    Machines,
}

#[derive(Debug, Subcommand)]
enum GitVerb {
    /// Make a folder's content the content of branch main; prints the commit
    Seed {
        /// The repository, made if it is not there
        repository: String,
        /// The folder
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum OciVerb {
    /// Push a folder as an artifact for Flux; prints the digest
    Push {
        /// REPOSITORY:TAG
        reference: String,
        /// The folder
        folder: PathBuf,
    },
    /// Push a chart as PREFIX/NAME:VERSION; prints the digest
    PushChart {
        /// The prefix
        prefix: String,
        /// The chart's folder
        folder: PathBuf,
        /// Instead of the version in Chart.yaml
        #[arg(long)]
        version: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum ChartVerb {
    /// Put a chart into the repository; prints name and version
    Add {
        /// The chart's folder
        folder: PathBuf,
        /// Instead of the version in Chart.yaml
        #[arg(long)]
        version: Option<String>,
    },
}

fn main() -> ExitCode {
    if let Some(code) = run_if_asked() {
        return code;
    }
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let progress = Progress::to(|line| eprintln!("{line}"));
    let (dir, begun) = (arguments.dir, Instant::now());
    let open = || Lab::open(dir.as_deref(), progress.clone());
    match arguments.verb {
        Verb::Up { tier: Tier::Machines, count, bare, .. } => {
            let lab = Lab::up_machines(&MachineOptions {
                dir: dir.clone(),
                count,
                services: !bare,
                part_binary: None,
                progress: progress.clone(),
            })?;
            let (machines, seconds) = (lab.machines()?, begun.elapsed().as_secs_f64());
            let (count, subnet, dir) = (machines.hosts.len(), machines.subnet, lab.dir().display());
            progress.say(&format!("up: {count} machines in {subnet} after {seconds:.1} s, in {dir}"));
        }
        Verb::Up { tier: Tier::ControlPlanes, clusters, no_flux, .. } => {
            let lab = Lab::up(&UpOptions {
                dir: dir.clone(),
                clusters,
                flux: !no_flux,
                part_binary: None,
                progress: progress.clone(),
            })?;
            progress.say(&format!("up: {} in {}", lab.clusters()?.join(", "), lab.dir().display()));
            println!("export KUBECONFIG={}", lab.kubeconfig(None)?.display());
        }
        Verb::Down => Lab::down_if_there(dir.as_deref(), &progress)?,
        Verb::Status => print_status(&open()?)?,
        Verb::Env => println!("{}", serde_json::to_string_pretty(&environment(&open()?)?)?),
        Verb::Kubeconfig { name, path } => {
            let file = open()?.kubeconfig(name.as_deref())?;
            if path {
                println!("{}", file.display());
            } else {
                print!(
                    "{}",
                    std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?
                );
            }
        }
        Verb::Log { part } => print!("{}", open()?.log(&part)?),
        Verb::Fault { target, fault } => {
            let lab = open()?;
            if lab.has_machine(&target) {
                lab.machine_fault(&target, fault.parse()?)?;
            } else {
                lab.fault(&target, fault.parse()?)?;
            }
        }
        Verb::Ssh { machine, command, user } => print!("{}", open()?.on_machine(&machine, &user, &command)?),
        Verb::Requests { cluster, of } => {
            open()?.requests(&cluster, &of)?.iter().for_each(|request| println!("{request}"));
        }
        Verb::Cut { cluster, nth, way, of } => open()?.watch(&cluster, &of, Some(Cut { nth, way }))?,
        Verb::Git(GitVerb::Seed { repository, folder }) => {
            println!("{}", open()?.seed_git(&repository, &folder)?);
        }
        Verb::Oci(OciVerb::Push { reference, folder }) => {
            let Some((repository, tag)) = reference.rsplit_once(':') else {
                bail!("{reference}: want REPOSITORY:TAG");
            };
            println!("{}", open()?.push_oci(repository, tag, &folder)?);
        }
        Verb::Oci(OciVerb::PushChart { prefix, folder, version }) => {
            println!("{}", open()?.push_chart(&prefix, &folder, version.as_deref())?);
        }
        Verb::Chart(ChartVerb::Add { folder, version }) => {
            let (name, version) = open()?.add_chart(&folder, version.as_deref())?;
            println!("{name} {version}");
        }
        Verb::FluxManifests => println!("{}", serde_json::to_string_pretty(&open()?.flux_manifests()?)?),
        Verb::Tools { names } => {
            for folder in Cache::open(progress)?.build(&names)? {
                println!("{}", folder.display());
            }
        }
        Verb::Tool { name } => println!("{}", Cache::open(progress)?.binary(&name)?.display()),
    }
    Ok(())
}

/// All that a test needs to know, of both tiers as far as they are there.
fn environment(lab: &Lab) -> anyhow::Result<serde_json::Value> {
    let mut all = if lab.clusters()?.is_empty() {
        serde_json::json!({"dir": lab.dir()})
    } else {
        serde_json::to_value(lab.environment()?)?
    };
    if let Ok(machines) = lab.machines() {
        all["machines"] = serde_json::to_value(machines)?;
    }
    Ok(all)
}

fn print_status(lab: &Lab) -> anyhow::Result<()> {
    println!("{:<22} {:>8}  {:<14} {:>8}  ports on 127.0.0.1", "part", "pid", "state", "RSS MiB");
    for part in lab.status()? {
        let pid = part.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        let ports: Vec<_> = part.ports.iter().map(ToString::to_string).collect();
        let stand_in = if part.name.ends_with("-node") { "(stand-in)" } else { "" };
        let ports = ports.join(" ");
        println!(
            "{:<22} {pid:>8}  {:<14} {:>8}  {ports}{stand_in}",
            part.name, part.state, part.resident_mib
        );
    }
    Ok(())
}

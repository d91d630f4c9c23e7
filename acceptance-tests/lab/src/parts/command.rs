//! The hidden verbs: `lab part …`.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::binary;
use crate::machines::boot;
use crate::parts::doors::{self, Door};
use crate::parts::{fake_node, file_server, git_server, proxy};

/// The first argument that makes a program a part of a lab.
const VERB: &str = "part";

#[derive(Debug, Parser)]
#[command(name = "lab part")]
struct Arguments {
    #[command(subcommand)]
    part: PartCommand,
}

#[derive(Debug, Subcommand)]
enum PartCommand {
    /// Runs a program in a session of its own.
    Run {
        program: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Hands on requests to an API server, with faults.
    Proxy {
        #[arg(long)]
        listen: u16,
        #[arg(long)]
        upstream: u16,
        #[arg(long)]
        pki: PathBuf,
        #[arg(long)]
        control: PathBuf,
    },
    /// Serves git repositories.
    Git {
        #[arg(long)]
        listen: u16,
        #[arg(long)]
        root: PathBuf,
    },
    /// Serves files.
    Files {
        #[arg(long, default_value_t = Ipv4Addr::LOCALHOST)]
        address: Ipv4Addr,
        #[arg(long)]
        listen: u16,
        #[arg(long)]
        root: PathBuf,
    },
    /// Leads connections on.
    Doors {
        /// `ADDRESS:PORT=ADDRESS:PORT`: where it is, and where it leads to
        doors: Vec<Door>,
    },
    /// Runs a machine.
    Machine {
        #[arg(long)]
        boot: PathBuf,
    },
    /// Stands in for a node.
    Node {
        #[arg(long)]
        kubeconfig: PathBuf,
    },
}

/// Runs a part if the arguments of this program ask for one; none if they do not.
///
/// To be called first thing in `main`: from then on the lab uses this very program for its own parts.
#[expect(clippy::print_stderr, reason = "stderr of a part is its log")]
pub fn run_if_asked() -> Option<ExitCode> {
    binary::this_one_has_the_verbs();
    let mut args = std::env::args_os().skip(1);
    if args.next()? != VERB {
        return None;
    }
    let outcome = Arguments::try_parse_from([OsString::from(VERB)].into_iter().chain(args))
        .context("reading arguments")
        .and_then(|arguments| run(arguments.part));
    Some(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

fn run(part: PartCommand) -> anyhow::Result<()> {
    match part {
        PartCommand::Run { program, args } => {
            rustix::process::setsid().context("beginning a session")?;
            rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
            // exec comes back only if it did not work.
            Err(Command::new(&program).args(args).exec())
                .with_context(|| format!("running {}", program.display()))
        }
        PartCommand::Proxy { listen, upstream, pki, control } => {
            on_runtime(proxy::run(listen, upstream, pki, control))
        }
        PartCommand::Git { listen, root } => on_runtime(git_server::run(listen, root)),
        PartCommand::Files { address, listen, root } => {
            on_runtime(file_server::run(SocketAddrV4::new(address, listen), root))
        }
        PartCommand::Doors { doors } => on_runtime(doors::run(doors)),
        PartCommand::Machine { boot } => boot::run(&boot),
        PartCommand::Node { kubeconfig } => on_runtime(fake_node::run(kubeconfig)),
    }
}

fn on_runtime(part: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(part)
}

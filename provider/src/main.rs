//! The plugin binary: flags, logging, serve.

use std::io::Write as _;
use std::process::ExitCode;

use kurator::KuratorProvider;
use tf_provider::server::service::server;
use tf_provider::transport::serve::{Mode, run};

/// The source address; a name for logs and for the reattach line, never compared with anything.
const ADDRESS: &str = "registry.terraform.io/kurator-dev/kurator";

/// Our crates, whose details may be logged. From all others only warnings are: they could log a request with its
/// token.
const OURS: &[&str] =
    &["kurator", "engine_kube", "engine_ssh", "engines", "apply", "planning", "terraform_provider_kurator"];

/// The commit that a released binary was built from: `make release` sets it. Others do not know theirs, or each commit
/// would build everything anew.
const COMMIT: Option<&str> = option_env!("KURATOR_COMMIT");

fn main() -> ExitCode {
    let version = env!("CARGO_PKG_VERSION");
    let mode = match std::env::args().nth(1).as_deref() {
        None => Mode::Plugin,
        Some("-debug" | "--debug") => Mode::Reattach { address: ADDRESS.to_owned() },
        Some("-version" | "--version") => {
            return say(&match COMMIT {
                Some(commit) => format!("terraform-provider-kurator {version} (commit {commit})"),
                None => format!("terraform-provider-kurator {version} (not a release)"),
            });
        }
        Some(other) => {
            // Nobody is left to tell if stderr is closed.
            drop(writeln!(std::io::stderr(), "unknown flag {other}; there are -debug and -version"));
            return ExitCode::FAILURE;
        }
    };
    tf_provider::log::install::install("kurator", OURS);
    tracing::info!(version, commit = COMMIT.unwrap_or("not a release"), "terraform-provider-kurator starts");
    // The first to install wins, and all of ours want the same one.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    run(mode, |hooks| server(KuratorProvider::new()).at(ADDRESS).hooked(hooks))
}

fn say(line: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{line}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

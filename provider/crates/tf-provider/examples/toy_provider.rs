//! A provider to drive by hand: things that are files in a directory.
//!
//! Build it, name the binary `terraform-provider-toy`, point `dev_overrides` for `acme/toy` at its directory, and
//! apply. `-debug` starts it for attaching.

use std::process::ExitCode;

use tf_provider::log::install::install;
use tf_provider::server::service::server;
use tf_provider::transport::serve::{Mode, run};

#[path = "../tests/toy/mod.rs"]
mod toy;

const ADDRESS: &str = "registry.terraform.io/acme/toy";

fn main() -> ExitCode {
    install("toy", &[env!("CARGO_CRATE_NAME")]);
    let mode = if std::env::args().any(|argument| argument == "-debug") {
        Mode::Reattach { address: ADDRESS.to_owned() }
    } else {
        Mode::Plugin
    };
    run(mode, |hooks| server(toy::Toy::default()).at(ADDRESS).hooked(hooks))
}

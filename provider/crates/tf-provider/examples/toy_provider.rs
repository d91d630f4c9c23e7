//! A provider to drive by hand: things that are files in a directory.
//!
//! Build it under the name `terraform-provider-toy`, point `dev_overrides` at its directory, and apply.

use std::io::Write as _;
use std::process::ExitCode;

use tf_provider::serve::{ServeOptions, serve};

#[path = "../tests/toy/mod.rs"]
mod toy;

#[tokio::main]
async fn main() -> ExitCode {
    let options =
        ServeOptions { name: "toy", address: "registry.terraform.io/acme/toy".to_owned(), version: "0.0.1" };
    match serve(toy::Toy::default(), options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "{error}"));
            ExitCode::FAILURE
        }
    }
}

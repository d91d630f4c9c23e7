//! Machines over SSH: log in, run commands, put and fetch files, open tunnels. The only crate that sees russh.
//!
//! [`machines::SshMachines`] is the way in, and [`credentials::SshCredentials`] what the provider block gives it. A
//! machine has up to two connections, one that all commands and files share and one that all tunnels share
//! (`link.rs`), because a tunnel that nobody reads from holds up its connection. Beneath them is the login with its
//! bastions (`login.rs`), the proof of the host key (`host_key.rs`) and of us (`authenticate.rs`).
//!
//! What is run is sent by standard input and begins with one of `scripts/`; process arguments hold a random token and
//! a length, nothing else.

mod authenticate;
mod capture;
pub mod credentials;
mod errors;
mod exec;
mod files;
mod host_key;
mod known_hosts;
mod link;
mod login;
mod machine;
pub mod machines;
pub mod patience;
mod private_key;
mod program;
mod run;
mod sudo;
mod tunnel;

//! The engine against a real OpenSSH server, started by each test on a port of its own with host keys of its own.
//! Skipped, with a printed reason, where `sshd` is not there (Debian: `openssh-server`).
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where it fails, and says why it was skipped"
)]

mod bastions;
mod commands;
mod files;
mod host_keys;
mod logins;
mod lost;
mod process;
mod setup;
mod steps;
mod sudo;
mod tunnels;

//! How a machine becomes a node, and how it goes back to what it was.
//!
//! Everything here is pure: scripts, files and configurations go out as text, answers come in as text. Who carries them
//! to the machine, by which way and as whom, is somebody else's: SSH on premises, user data in a cloud.
//!
//! The scripts, in the order of a machine's life: [`look`] (changes nothing), [`claim`], [`artifacts`], [`prepare`],
//! [`cluster`] (init, token, join), [`renewal`], and [`leave`] (reset, clean). Every one may be run again.

pub mod alive;
#[cfg(test)]
mod all_scripts;
pub mod answer;
pub mod artifacts;
pub mod bootstrap;
pub mod claim;
pub mod cluster;
pub mod containerd;
pub mod digest;
pub mod findings;
pub mod kubeadm;
pub mod leave;
pub mod lock;
pub mod look;
pub mod paths;
pub mod prepare;
pub mod problem;
pub mod proxy;
pub mod reach;
pub mod record;
pub mod registries;
pub mod renewal;
pub mod script;
mod sizes;
#[cfg(test)]
mod testing;
pub mod units;
pub mod yaml;

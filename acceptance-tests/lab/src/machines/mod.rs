//! The second tier: machines. Containers that behave as servers do: their own address, systemd, sshd, a disk that
//! outlives a power cut; a mirror with the binaries that clusters are made of, and a registry with their images.
//!
//! Nothing leaves the machine that all this runs on: see [`network`].

pub(crate) mod add_ons;
pub mod addresses;
pub mod artifacts;
pub(crate) mod base;
pub(crate) mod boot;
pub(crate) mod disk;
pub(crate) mod down;
pub mod fault;
pub(crate) mod groups;
pub(crate) mod image;
pub(crate) mod images;
pub(crate) mod layout;
pub(crate) mod needs;
pub(crate) mod network;
pub mod reach;
pub(crate) mod record;
pub(crate) mod serve;
pub(crate) mod shell;
pub mod ssh;
pub mod up;

//! Ephemeral resources.

pub mod cluster_credentials;

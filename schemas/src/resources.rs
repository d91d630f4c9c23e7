//! The resources.

pub mod application;
pub mod attached_cluster;
pub mod custom_cluster;
pub mod fleet;

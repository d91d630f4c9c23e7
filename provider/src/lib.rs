//! The provider: tables of what it has, and for each resource the way from Terraform's values to steps and back.

pub mod catalogue;
mod configure;
mod context;
mod lifecycle;
mod provider;
mod report;
mod resources {
    pub(crate) mod application;
    pub(crate) mod attached_cluster;
    pub(crate) mod fleet;
}

pub use context::Handle;
pub use provider::KuratorProvider;

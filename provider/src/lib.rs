//! The provider: tables of what it has, and for each resource the way from Terraform's values to steps and back.

pub mod catalogue;
mod configure;
mod context;
mod credentials;
mod environment;
mod holder;
mod lifecycle;
mod provider;
mod report;
mod resources {
    pub(crate) mod application;
    pub(crate) mod attached_cluster;
    pub(crate) mod custom_cluster;
    pub(crate) mod fleet;
}

mod data_sources {
    pub(crate) mod kubeconfig;
    pub(crate) mod machine_check;
}
mod ephemeral {
    pub(crate) mod cluster_credentials;
}

pub use context::{Handle, Reach};
pub use provider::KuratorProvider;

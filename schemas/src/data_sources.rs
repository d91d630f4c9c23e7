//! Data sources.

pub mod kubeconfig;
pub mod machine_check;

//! Data sources.

pub mod kubeconfig;

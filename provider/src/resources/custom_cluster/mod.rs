//! `kurator_custom_cluster`: a Kubernetes cluster that kubeadm makes of machines which exist already.

mod convert;
mod login;
mod node_setup;
mod plan;
mod problem;
mod reader;
mod refusals;
mod shape;
#[cfg(test)]
mod testing;
mod validate;

/// The type on owner marks.
pub(crate) const TYPE: &str = "kurator_custom_cluster";

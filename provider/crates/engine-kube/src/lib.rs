//! Kubernetes clusters: connect by reference, server-side apply, observe, wait. The only crate that sees kube.
//!
//! One file per Kubernetes object turns it into nouns of ours and back (`namespace.rs`, `kustomization.rs`, …);
//! the files named after a trait (`fleet_host.rs`, `member.rs`, `flux.rs`, `distribution.rs`) carry it out;
//! beneath them every request goes through `call.rs`, which bounds it.

mod admin_kubeconfig;
mod applications;
mod apply;
mod blocking;
mod call;
mod carrier;
mod cluster;
mod cluster_role_binding;
mod collection;
pub mod connect;
mod credentials;
mod delete;
mod distribution;
#[cfg(test)]
mod double;
mod drain;
mod errors;
mod fleet_host;
mod flux;
mod flux_install;
mod flux_manifests;
mod flux_object;
mod flux_probe;
mod git_repository;
mod helm_chart;
mod helm_release;
mod kubeconfig;
mod kubeconfig_text;
mod kustomization;
mod labels;
mod mark;
mod member;
mod member_secret;
mod metadata;
mod namespace;
mod node;
mod nodes;
mod oci;
mod own_credentials;
mod pod;
mod progress;
mod proxy;
mod remaining;
mod service_account;
mod shared_reads;
mod single_flight;
mod token_claims;
mod token_request;
mod token_secret;

//! The local data centre: real control planes, Flux and servers as processes on loopback.
//!
//! A [`lab::Lab`] is a folder and the processes that are recorded in it. [`lab::Lab::up`] starts etcd,
//! one kube-apiserver per cluster with its controllers, the Flux controllers against the cluster `hub`,
//! a git server, an OCI registry and a chart server; [`lab::Lab::down`] leaves nothing behind.
//! Nothing listens beyond 127.0.0.1 and, where there are machines, the lab's own bridge.
//!
//! [`lab::Lab::up_machines`] starts the second tier, in the same lab or one of its own: see [`machines`].
//!
//! What is real: etcd, kube-apiserver, kube-controller-manager, the Flux controllers, the registry, git.
//! What is a stand-in: the node of each cluster (`NAME-node`). It runs no container: it says
//! that pods run. There is no pod network, no DNS and no in-cluster webhook.
//!
//! The processes of our own (proxies, git and chart server, fake nodes) are hidden verbs of the binary `lab`.
//! A program that uses the library and is not that binary calls [`parts::command::run_if_asked`] first thing in its
//! `main`, or names the binary in [`up::UpOptions::part_binary`].

mod binary;
mod charts;
pub mod cluster;
mod down;
mod environment;
pub mod fault;
mod files;
mod flux;
mod flux_manifests;
mod git;
mod http_client;
mod kubeconfig;
pub mod lab;
mod layout;
pub mod machines;
mod oci;
mod part;
pub mod parts;
mod pki;
mod ports;
mod process;
pub mod progress;
pub mod requests;
mod runtime;
mod specs;
mod state;
pub mod status;
mod store;
pub mod tools;
pub mod up;
mod wait;

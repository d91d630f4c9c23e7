//! The local data centre: real control planes, Flux and servers as processes on loopback.
//!
//! A [`lab::Lab`] is a folder and the processes that are recorded in it. [`lab::Lab::up`] starts etcd,
//! one kube-apiserver per cluster with its controllers, the Flux controllers against the cluster `hub`,
//! a git server, an OCI registry and a chart server; [`lab::Lab::down`] leaves nothing behind.
//! Nothing listens beyond 127.0.0.1.
//!
//! What is real: etcd, kube-apiserver, kube-controller-manager, the Flux controllers, the registry, git.
//! What is a stand-in: the node of each cluster ([`parts::fake_node`]). It runs no container: it says
//! that pods run. There is no pod network, no DNS and no in-cluster webhook.
//!
//! The processes of our own (proxies, git and chart server, fake nodes) are hidden verbs of the binary `lab`.
//! A program that uses the library and is not that binary calls [`parts::run_if_asked`] first thing in its
//! `main`, or names the binary in [`up::UpOptions::part_binary`].

pub mod binary;
pub mod charts;
pub mod cluster;
pub mod down;
pub mod environment;
pub mod fault;
pub mod files;
pub mod flux;
pub mod flux_manifests;
pub mod git;
pub mod http_client;
pub mod kubeconfig;
pub mod lab;
pub mod layout;
pub mod oci;
pub mod part;
pub mod parts;
pub mod pki;
pub mod ports;
pub mod process;
pub mod progress;
pub mod runtime;
pub mod specs;
pub mod state;
pub mod status;
pub mod tools;
pub mod up;
pub mod wait;

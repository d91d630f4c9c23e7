//! Acceptance tests: real terraform and tofu drive the built provider against the lab.
//!
//! A [`case::Case`] is one claim under one [`host::Host`] (terraform or tofu). It gets a name of its own, from which
//! its fleet, its git repository and its namespaces are named, so that cases can follow each other on one lab.
//! It works in a [`workspace::Workspace`], a private folder in which the host finds the built provider.

pub mod account;
pub mod apps;
pub mod case;
pub mod cases;
pub mod cluster;
pub mod cuts;
pub mod environment;
pub mod forms;
pub mod host;
pub mod machines;
pub mod mirror;
pub mod page;
pub mod process;
pub mod provider;
pub mod scan;
pub mod site;
pub mod snapshot;
pub mod table;
pub mod tools;
pub mod transcript;
pub mod wait;
pub mod wide;
pub mod workspace;
mod zip;

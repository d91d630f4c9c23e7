//! A Terraform plugin framework: the go-plugin handshake and protocol 6 over tonic. Knows no resource.
//!
//! A provider implements the typed traits ([`provider`], [`resource`], [`data_source`], [`ephemeral`], [`function`],
//! [`list`], [`action`]) and is served by [`transport::serve::run`] with [`server::service::server`]. Between the two, `rules` holds what is
//! the same for every resource.

pub mod action;
pub mod call;
pub mod catalogue;
mod complaints;
pub mod data_source;
pub mod deferral;
pub mod ephemeral;
mod erased;
pub mod function;
pub mod list;
pub mod log;
pub mod moves;
pub mod proto;
pub mod provider;
pub mod resource;
mod rules;
pub mod server;
pub mod stop;
pub mod transport;

//! The `Provider` service of the protocol: decodes, applies the rules, asks the provider's parts, encodes.
//!
//! One file per family of calls. None of them answers with a status where a diagnostic can say it: a status costs the
//! user the object that was being made.

mod about;
mod action;
mod answer;
mod apply;
mod data_source;
mod deferral;
mod diagnostics;
mod ephemeral;
mod functions;
mod identity;
mod import;
mod list;
mod parts;
mod plan;
pub mod problems;
mod read;
mod schema;
pub mod service;
mod upgrade;
mod validate;
mod wire;

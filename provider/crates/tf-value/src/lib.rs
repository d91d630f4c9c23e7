//! Terraform's values, types, paths and diagnostics, and their codec.
//!
//! The crate knows the shapes that cross the plugin protocol and nothing of processes, sockets or resources.

pub mod attribute;
pub mod catalogue;
pub mod diagnostic;
pub mod json;
pub mod model;
pub mod msgpack;
pub mod number;
pub mod path;
pub mod raw;
pub mod refinement;
pub mod schema;
pub mod ty;
pub mod value;

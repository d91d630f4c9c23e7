//! The nouns and their rules: names, versions, cluster references, specs and facts.
//!
//! Everything here is pure: a value is parsed, checked and compared, never fetched.
//! `Spec` is what is wanted, `Facts` is what was found.

pub mod application;
pub mod cluster;
pub mod cluster_ref;
pub mod custom_cluster;
pub mod duration;
pub mod finding;
pub mod fleet;
pub mod host_key;
pub mod machine;
pub mod machine_address;
pub mod mark;
pub mod mirrors;
pub mod name;
pub mod node;
pub mod node_setup;
pub mod object_id;
pub mod selector;
pub mod ssh_place;
pub mod version;

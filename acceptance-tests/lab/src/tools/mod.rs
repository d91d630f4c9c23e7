//! The real binaries: built once from pinned Go modules, kept in the user's cache.

pub mod build;
pub mod cache;
pub mod recipe;

//! The real binaries: built once from pinned Go modules, kept in the user's cache.

mod build;
pub mod cache;
pub(crate) mod recipe;

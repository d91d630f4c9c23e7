//! The Terraform shape of every object: attributes with their doc text, validators and typed models.
//!
//! A file here is an object under the name it has in every layer. Nothing here knows what becomes of the values.

pub mod catalogue;
pub mod checks;
pub mod credentials;
pub mod data_sources;
pub mod ephemeral;
pub mod lifecycle;
pub mod provider;
pub mod resources;
pub mod values;

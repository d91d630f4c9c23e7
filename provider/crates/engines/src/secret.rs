//! Secrets in memory.

pub use secrecy::{ExposeSecret, SecretString};

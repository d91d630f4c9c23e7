//! Secrets in memory.

pub use secrecy::{ExposeSecret, SecretString};

/// A secret that need not be text.
pub type SecretBytes = secrecy::SecretSlice<u8>;

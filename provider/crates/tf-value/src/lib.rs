//! Terraform's values, types, paths and diagnostics, and their codec.

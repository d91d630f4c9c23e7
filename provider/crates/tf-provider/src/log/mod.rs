//! Logs as Terraform reads them: one JSON object per line on stderr.
//!
//! [`install`] is called once, first thing in `main`; everything else goes through `tracing`.

mod fields;
pub mod install;
mod layer;
mod level;
mod line;
mod panics;

//! Desired and found become ordered steps.
//!
//! Pure: same input, same output, no I/O, no clock, no randomness. A step is complete: names and marks are decided
//! here, and whoever carries it out decides nothing.

pub mod application;
pub mod custom_cluster;
pub mod fleet;
pub mod last_change;
pub mod refusal;

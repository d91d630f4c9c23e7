//! Claims about clusters on machines: the ground that they stand on, and what is looked at there.

pub mod footprint;
pub mod ground;
pub mod processes;

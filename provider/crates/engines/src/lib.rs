//! What every engine shares, and the traits by what is done.
//!
//! An engine acts and does not decide: what to make, under which name and in which order comes from a plan.
//! "Not found" on a delete is success, on an observation it is `None`, anywhere else it is an error.

pub mod bootstrap;
pub mod clusters;
pub mod credentials;
pub mod distribution;
pub mod error;
pub mod fleet_host;
pub mod flux;
pub mod limits;
pub mod machines;
pub mod member;
pub mod nodes;
pub mod secret;
pub mod wait;

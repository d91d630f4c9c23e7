//! The rules that hold for every resource: pure functions over values and schemas.
//!
//! A null inside a null is null and nothing is known inside an unknown, so all of them walk configuration, prior and
//! planned values side by side without asking what is there.

pub(crate) mod applied;
pub(crate) mod conform;
pub(crate) mod defaults;
pub(crate) mod fit;
pub(crate) mod pairs;
pub(crate) mod plan;
pub(crate) mod replace;
#[cfg(test)]
mod samples;
pub(crate) mod validate;
pub(crate) mod write_only;

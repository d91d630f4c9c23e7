//! Claims about `kurator_custom_cluster`, each on fresh machines.

pub(super) mod everyday;
pub(super) mod findings;
pub(super) mod fleet;
pub(super) mod kills;
pub(super) mod power;
pub(super) mod secrets;

/// The resource of `cases/custom_cluster`.
const MADE: &str = "kurator_custom_cluster.made";

//! Runs steps against engines; keeps the journal and says what failed and what was not begun.

pub mod dispatch {
    //! From steps to engine calls: one file per area.
    pub mod application;
    pub mod custom_cluster;
    pub mod fleet;
}
pub mod cluster_lock;
pub mod custom_cluster;
pub mod journal;
pub mod lanes;
pub mod machines;
pub mod members;
pub mod run;

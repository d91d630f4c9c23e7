//! Runs steps against engines; keeps the journal and says what failed and what was not begun.

pub mod dispatch {
    //! From steps to engine calls: one file per area.
    pub mod application;
    pub mod fleet;
}
pub mod journal;
pub mod lanes;
pub mod members;
pub mod run;

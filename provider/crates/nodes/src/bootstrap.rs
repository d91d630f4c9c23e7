//! The bootstrap Job: a chart installed from inside a cluster that has no pod network yet.
//!
//! Objects as data; who applies and watches them is somebody else. Nothing waits inside the Job: whoever watches does.

pub mod charts;
pub mod network;
pub mod objects;

//! The whole provider in one process, through the real protocol, over fakes that remember.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod broken;
mod credentials;
mod custom_cluster;
mod cuts;
mod helm;
mod members;
mod over_ssh;
mod plans;
mod told;
mod world;

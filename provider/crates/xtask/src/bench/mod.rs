//! Speed and size of the release binary, and of the lab.

mod applications;
mod caller;
mod grpc;
mod hosted;
mod machines;
pub(crate) mod measure;
mod peer;
mod site;
mod sizes;
mod table;
pub(crate) mod usage;

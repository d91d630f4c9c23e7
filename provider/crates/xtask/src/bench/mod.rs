//! Speed and size of the release binary, and of the lab.

mod caller;
mod grpc;
pub(crate) mod measure;

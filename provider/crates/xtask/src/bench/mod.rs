//! Speed and size of the release binary, and of the lab.

mod caller;
mod grpc;
mod measure;

pub(crate) use measure::run;

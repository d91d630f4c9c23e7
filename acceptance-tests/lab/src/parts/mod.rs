//! The parts that are our own: hidden verbs of the binary `lab`.

pub mod command;
pub(crate) mod control;
pub(crate) mod doors;
pub(crate) mod fake_node;
pub(crate) mod file_server;
pub(crate) mod git_server;
pub(crate) mod http_server;
pub(crate) mod pod_status;
pub(crate) mod proxy;

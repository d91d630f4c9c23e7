//! The parts that are our own: hidden verbs of the binary `lab`.

pub mod command;
pub mod control;
pub mod fake_node;
pub mod file_server;
pub mod git_server;
pub mod http_server;
pub mod pod_status;
pub mod proxy;

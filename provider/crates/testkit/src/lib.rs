//! Fakes that remember state, fault injection and a protocol client, for tests.

pub mod fake_kube;
mod fake_kube_bootstrap;
mod fake_kube_credentials;
mod fake_kube_fleet;
mod fake_kube_flux;
mod fake_kube_hands;
mod fake_kube_nodes;
mod fake_kube_state;
pub mod fake_machines;
pub mod fake_site;
pub mod protocol_client;
pub mod protocol_client_action;
pub mod protocol_client_checks;
mod protocol_client_import;
pub mod protocol_client_instance;
pub mod protocol_client_list;
mod protocol_client_moves;
mod protocol_client_propose;
pub mod protocol_client_schema;

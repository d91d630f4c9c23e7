//! The engine against real API servers and a real Flux. Skipped, with a printed reason, where there are none:
//!
//! ```console
//! $ cargo run -p lab -- up control-planes --clusters 3
//! $ cargo run -p lab -- git seed engine provider/crates/engine-kube/tests/control_planes/manifests
//! $ cargo run -p lab -- flux-manifests
//! $ export KURATOR_LAB_KUBECONFIG=$(cargo run -q -p lab -- kubeconfig --path)
//! $ export KURATOR_LAB_GIT=http://127.0.0.1:PORT/engine.git KURATOR_LAB_REGISTRY=127.0.0.1:PORT
//! $ cargo test -p engine-kube --test control_planes
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where it fails, and says why it was skipped"
)]

mod application;
mod bootstrap;
mod connect;
mod credentials;
mod fleet;
mod flux;
mod helm;
mod made;
mod member;
mod nodes;
mod other;
mod setup;

//! Every diagnostic of the provider with its cause, its way out and the test that provokes it. The guide
//! `docs/guides/diagnostics.md` is written from it, and `make lint` compares it with the sources.

mod application;
mod clusters;
mod custom_cluster;
mod fleet;
mod lifecycle;
mod machines;

use tf_value::catalogue::Area;

/// All areas in the order of the guide: what users meet most comes first.
pub const AREAS: &[Area] = &[
    clusters::CLUSTERS,
    lifecycle::LIFECYCLE,
    clusters::ATTACHED,
    machines::MACHINES,
    custom_cluster::CUSTOM_CLUSTER,
    fleet::FLEET,
    application::APPLICATION,
    schemas::catalogue::VALUES,
    tf_provider::catalogue::CONFIGURATION,
    tf_provider::catalogue::STORED,
    tf_provider::catalogue::FAULTS,
];

//! The generated wire types and services. The descriptions they come from are in `proto/`.
#![expect(
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    missing_docs,
    unused_qualifications,
    reason = "generated code; its documentation is in proto/*.proto"
)]

/// Terraform's provider protocol, version 6.11.
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// What go-plugin asks of any plugin.
pub mod plugin {
    tonic::include_proto!("plugin");
}

/// The standard health service of gRPC.
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}

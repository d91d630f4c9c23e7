//! A Terraform plugin framework: the go-plugin handshake and protocol 6 over tonic. Knows no resource.

pub mod proto;

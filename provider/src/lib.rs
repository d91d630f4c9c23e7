//! Terraform and OpenTofu provider for Kurator.

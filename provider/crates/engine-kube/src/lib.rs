//! Kubernetes clusters: connect by reference, server-side apply, observe, wait. The only crate that sees kube.

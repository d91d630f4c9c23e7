//! Acceptance tests: real terraform and tofu drive the built provider against the lab.

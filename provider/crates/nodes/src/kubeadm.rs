//! kubeadm's configuration, `v1beta4`, and that of what it sets up. Typed values, written as YAML.

pub mod components;
pub mod init;
pub mod join;
pub mod kinds;
#[cfg(test)]
mod tests;

//! Finding clusters by their references.

use std::sync::Arc;

use async_trait::async_trait;
use domain::cluster::ClusterFacts;
use domain::cluster_ref::ClusterRef;

use crate::bootstrap::Bootstrap;
use crate::credentials::Lender;
use crate::distribution::Distribution;
use crate::error::EngineError;
use crate::fleet_host::FleetHost;
use crate::flux::Flux;
use crate::limits::Limits;
use crate::member::Member;
use crate::nodes::Nodes;

/// The resolver: from a reference to a cluster that was asked who it is.
#[async_trait]
pub trait Clusters: Send + Sync {
    /// Resolves `cluster`, connects, and compares the uid of its `kube-system` namespace with the reference's.
    ///
    /// Credentials are read at every call of a process's first contact with a cluster and kept for its later ones.
    ///
    /// # Errors
    ///
    /// - [`crate::error::Kind::Credentials`] if there is no usable kubeconfig at the reference's place.
    /// - [`crate::error::Kind::AnotherCluster`] if another uid answers.
    /// - Whatever the first call to the cluster meets: unreachable, untrusted, unauthenticated, denied, timed out.
    async fn connect(&self, cluster: &ClusterRef, limits: &Limits) -> Result<Arc<dyn Cluster>, EngineError>;

    /// Lets go of what is known of the cluster at a place: another one is there from now on.
    fn forget(&self, cluster: &ClusterRef);
}

/// A cluster that answers and is who it should be.
pub trait Cluster: Send + Sync {
    /// What it said of itself when it was connected to.
    fn facts(&self) -> &ClusterFacts;
    /// It as the carrier of fleets.
    fn fleet_host(&self) -> &dyn FleetHost;
    /// Flux on it.
    fn flux(&self) -> &dyn Flux;
    /// It as the distributor of applications.
    fn distribution(&self) -> &dyn Distribution;
    /// It as a member of fleets.
    fn member(&self) -> &dyn Member;
    /// It as a giver of credentials for others.
    fn lender(&self) -> &dyn Lender;
    /// It as a set of nodes.
    fn nodes(&self) -> &dyn Nodes;
    /// It as the place where a pod network is put before there is one.
    fn bootstrap(&self) -> &dyn Bootstrap;
}

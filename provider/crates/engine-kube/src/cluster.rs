//! A cluster that answered and is who it should be.

use std::sync::Arc;

use domain::cluster::ClusterFacts;
use engines::bootstrap::Bootstrap;
use engines::clusters::Cluster;
use engines::credentials::Lender;
use engines::distribution::Distribution;
use engines::fleet_host::FleetHost;
use engines::flux::Flux;
use engines::member::Member;
use engines::nodes::Nodes;

use crate::call::Caller;
use crate::own_credentials::Own;
use crate::shared_reads::SharedReads;

/// A connected cluster, in all its parts.
pub(crate) struct KubeCluster {
    pub(crate) caller: Caller,
    pub(crate) facts: ClusterFacts,
    /// Whom to trust when speaking to it, as our own kubeconfig has it.
    pub(crate) trust: Trust,
    /// Who we are there, as our own kubeconfig has it: kept from the moment in which the cluster was asked who it is,
    /// because the file may lead elsewhere by now.
    pub(crate) own: Own,
    /// What all reads of a run share; one per cluster, at however many places it is reached.
    pub(crate) shared: Arc<SharedReads>,
}

/// Whom to trust when speaking to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// These authorities, as PEM.
    Authorities(String),
    /// The system's authorities.
    System,
    /// Anybody: our own kubeconfig skips the check.
    Anybody,
}

impl Cluster for KubeCluster {
    fn facts(&self) -> &ClusterFacts {
        &self.facts
    }

    fn fleet_host(&self) -> &dyn FleetHost {
        self
    }

    fn flux(&self) -> &dyn Flux {
        self
    }

    fn distribution(&self) -> &dyn Distribution {
        self
    }

    fn member(&self) -> &dyn Member {
        self
    }

    fn lender(&self) -> &dyn Lender {
        self
    }

    fn nodes(&self) -> &dyn Nodes {
        self
    }

    fn bootstrap(&self) -> &dyn Bootstrap {
        self
    }
}

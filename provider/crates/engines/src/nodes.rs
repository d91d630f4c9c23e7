//! A cluster as a set of nodes: what its API says of them, and what can be done to them there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use domain::custom_cluster::NodeState;
use domain::name::Name;
use domain::node::Taint;

use crate::error::EngineError;
use crate::limits::Limits;

/// What may be evicted from a node, and how long that may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainRules {
    /// How long at most, until every pod has gone.
    pub timeout: Duration,
    /// Whether pods go whose `emptyDir` volumes are lost with them.
    pub delete_emptydir: bool,
    /// Whether pods go that no controller will make again.
    pub force: bool,
}

/// A cluster's nodes.
#[async_trait]
pub trait Nodes: Send + Sync {
    /// All nodes whose names can be machines' names of ours. Of labels and taints it tells those that we look after.
    ///
    /// # Errors
    ///
    /// Whatever the API server answers.
    async fn observe_nodes(&self, limits: &Limits) -> Result<BTreeMap<Name, NodeState>, EngineError>;

    /// Gives a node exactly these of the labels and taints that we look after; others stay as they are.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::NotFound`] without such a node.
    async fn set_node(
        &self,
        node: &Name,
        labels: &BTreeMap<String, String>,
        taints: &BTreeSet<Taint>,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Lets new pods onto a node, or keeps them off.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::NotFound`] without such a node.
    async fn set_schedulable(
        &self,
        node: &Name,
        schedulable: bool,
        limits: &Limits,
    ) -> Result<(), EngineError>;

    /// Keeps new pods off a node and evicts the others, as their disruption budgets allow, until they have gone. Pods of
    /// `DaemonSet`s, static pods and those that are over stay. Without such a node there is nothing to do.
    ///
    /// # Errors
    ///
    /// - [`crate::error::Kind::Rejected`], before any pod is touched, if `rules` do not allow one to be evicted; the cause
    ///   names it.
    /// - [`crate::error::Kind::TimedOut`] with the pods that are still there and what holds them.
    async fn drain(&self, node: &Name, rules: DrainRules, limits: &Limits) -> Result<(), EngineError>;

    /// Waits until a node is there and ready.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::TimedOut`] with what the node says.
    async fn await_ready(&self, node: &Name, limits: &Limits) -> Result<(), EngineError>;

    /// Removes a node from the API and waits until it is gone; that there is none is fine.
    ///
    /// # Errors
    ///
    /// Anything but "not found".
    async fn remove_node(&self, node: &Name, limits: &Limits) -> Result<(), EngineError>;
}

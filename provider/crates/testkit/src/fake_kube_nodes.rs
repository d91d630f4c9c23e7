//! The fake clusters as sets of nodes. Nobody runs pods on them, so a drain only keeps new ones off.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::custom_cluster::NodeState;
use domain::name::Name;
use domain::node::Taint;
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::nodes::{DrainRules, Nodes};

use crate::fake_kube::{FakeCluster, FakeClusters};

impl FakeClusters {
    /// Sets what a cluster says of a node; none takes it away.
    pub fn set_node(&self, uid: &str, node: &Name, state: Option<NodeState>) {
        let mut world = self.world();
        match state {
            Some(state) => world.cluster(uid).nodes.insert(node.clone(), state),
            None => world.cluster(uid).nodes.remove(node),
        };
    }
}

impl FakeCluster {
    fn change_node(
        &self,
        method: &'static str,
        node: &Name,
        limits: &Limits,
        change: impl FnOnce(&mut NodeState),
    ) -> Result<(), EngineError> {
        self.change(method, node.as_str(), limits, |world, uid| {
            world.cluster(uid).nodes.get_mut(node).map(change).ok_or(Kind::NotFound)
        })
    }
}

#[async_trait]
impl Nodes for FakeCluster {
    async fn observe_nodes(&self, limits: &Limits) -> Result<BTreeMap<Name, NodeState>, EngineError> {
        self.look("observe_nodes", "", limits, |world, uid| world.cluster(uid).nodes.clone())
    }

    async fn set_node(
        &self,
        node: &Name,
        labels: &BTreeMap<String, String>,
        taints: &BTreeSet<Taint>,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.change_node("set_node", node, limits, |state| {
            (state.labels, state.taints) = (labels.clone(), taints.clone());
        })
    }

    async fn set_schedulable(
        &self,
        node: &Name,
        schedulable: bool,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.change_node("set_schedulable", node, limits, |state| state.schedulable = schedulable)
    }

    async fn drain(&self, node: &Name, _rules: DrainRules, limits: &Limits) -> Result<(), EngineError> {
        match self.change_node("drain", node, limits, |state| state.schedulable = false) {
            Err(error) if error.kind == Kind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Nothing changes here by itself, so what is not ready never will be.
    async fn await_ready(&self, node: &Name, limits: &Limits) -> Result<(), EngineError> {
        let ready = self.look("await_ready", node.as_str(), limits, |world, uid| {
            world.cluster(uid).nodes.get(node).is_some_and(|state| state.ready)
        })?;
        if ready { Ok(()) } else { Err(EngineError::new("await_ready", node.as_str(), Kind::TimedOut)) }
    }

    async fn remove_node(&self, node: &Name, limits: &Limits) -> Result<(), EngineError> {
        self.change("remove_node", node.as_str(), limits, |world, uid| {
            world.cluster(uid).nodes.remove(node);
            Ok(())
        })
    }
}

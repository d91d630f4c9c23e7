//! What stands in the way of machines becoming nodes: the whole list at once, from what looks told.

use std::collections::BTreeMap;

use domain::finding::Finding;
use domain::machine::MachineFacts;
use domain::mark::Mark;
use domain::name::Name;
use domain::node::NodeSpec;
use domain::node_setup::NodeSetup;

mod among;
mod cluster;
mod resources;
mod system;

/// A machine that was looked at, with what it should become.
#[derive(Clone, Debug)]
pub struct Looked<'a> {
    /// What it should become.
    pub node: &'a NodeSpec,
    /// What the look told.
    pub facts: &'a MachineFacts,
}

/// Every finding about machines that were looked at, errors first, then by machine and check.
///
/// `mark` is the cluster's own: its owner, name and kind say which machines are ours already. What is on a machine of
/// ours because we put it there is no finding.
///
/// Shape: `machines` holds those that answered. What kept the others from answering is told by who asked.
pub fn findings(machines: &BTreeMap<Name, Looked<'_>>, setup: &NodeSetup, mark: &Mark) -> Vec<Finding> {
    let mut all = Vec::new();
    for (name, looked) in machines {
        let one = One { name, node: looked.node, facts: looked.facts, setup, mark };
        system::look(&one, &mut all);
        resources::look(&one, &mut all);
        cluster::look(&one, &mut all);
    }
    among::look(machines, &mut all);
    all.sort();
    all
}

/// One machine, with everything that its findings depend on.
struct One<'a> {
    name: &'a Name,
    node: &'a NodeSpec,
    facts: &'a MachineFacts,
    setup: &'a NodeSetup,
    mark: &'a Mark,
}

impl One<'_> {
    /// Whether the machine bears our own mark, of whichever making.
    fn is_ours(&self) -> bool {
        self.facts.mark.as_ref().is_some_and(|found| found.mark.is_same_owner(self.mark))
    }
}

#[cfg(test)]
mod tests;

//! What became of the steps of a plan.

use domain::cluster_ref::ClusterRef;
use domain::name::Name;
use domain::object_id::ObjectId;
use engines::error::EngineError;
use nodes::answer;
use nodes::problem::Problem;
use planning::application::Failing;

/// What became of each step. Everything that a plan held is in exactly one of the three lists.
#[derive(Debug)]
pub struct Journal<S> {
    /// Carried out.
    pub done: Vec<S>,
    /// Begun and failed.
    pub failed: Vec<(S, Failure)>,
    /// Not begun: an earlier stage failed or the user cancelled.
    pub not_begun: Vec<S>,
    /// What is worth telling although the step was carried out.
    pub notes: Vec<Note>,
}

impl<S> Default for Journal<S> {
    fn default() -> Self {
        Self { done: Vec::new(), failed: Vec::new(), not_begun: Vec::new(), notes: Vec::new() }
    }
}

impl<S> Journal<S> {
    /// Whether every step was carried out.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.not_begun.is_empty()
    }
}

/// Why a step failed.
#[derive(Debug)]
pub enum Failure {
    /// An engine call did not work.
    Engine {
        /// The member concerned; none for the host.
        member: Option<Name>,
        /// The trouble.
        error: EngineError,
    },
    /// A machine of a custom cluster.
    Machine {
        /// Its name.
        machine: Name,
        /// The trouble.
        trouble: MachineTrouble,
    },
    /// Nobody knows which cluster a member is: neither what is stored nor the host's record says so.
    NotKnown {
        /// The member.
        member: Name,
    },
    /// Flux reports failures.
    Flux {
        /// Each of them.
        failing: Vec<Failing>,
        /// What was still under way besides.
        pending: Vec<String>,
    },
    /// The deadline passed before Flux was done, and Flux reports no failure.
    NotApplied {
        /// What was still under way, a line each.
        pending: Vec<String>,
    },
    /// Flux says it removed everything, and these objects are still on the member.
    Remains {
        /// The member.
        member: Name,
        /// What remains.
        objects: Vec<ObjectId>,
    },
}

/// What keeps a machine from becoming a node or from being one no more.
#[derive(Debug)]
pub enum MachineTrouble {
    /// The machine, or the cluster's API, was asked something and did not do it.
    Engine(EngineError),
    /// A script ended early and says why.
    Script {
        /// What was being done, in words that a machine's name can follow.
        doing: &'static str,
        /// Why it ended.
        failure: Box<answer::Failure>,
        /// The last lines of the log of what failed.
        log: Vec<String>,
    },
    /// What a script answered is not what it should answer: it broke off.
    Unreadable {
        /// What was being done.
        doing: &'static str,
    },
    /// Something that the user wrote cannot be part of a node.
    Problem(Problem),
    /// Nothing is known of the machine: it was not looked at, or did not answer.
    NotLookedAt,
}

/// Something that was left as it is on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The member is proven gone, so nothing on it was removed.
    MemberGone {
        /// The member.
        member: Name,
        /// Its cluster.
        cluster: Option<ClusterRef>,
        /// What proves it.
        proof: String,
    },
    /// A machine was taken out of its cluster, and something of ours could not be taken off it.
    LeftOnMachine {
        /// The machine.
        machine: Name,
        /// What, a line each.
        left: Vec<String>,
    },
    /// The member could not be reached and was given up, as `on_unreachable = "forget"` asks.
    MemberForgotten {
        /// The member.
        member: Name,
        /// Its cluster.
        cluster: Option<ClusterRef>,
        /// What could not be removed, a line each.
        left: Vec<String>,
        /// Why it could not be reached.
        trouble: String,
    },
}

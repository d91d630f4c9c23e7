//! What became of the steps of a plan.

use domain::cluster_ref::ClusterRef;
use domain::name::Name;
use domain::object_id::ObjectId;
use engines::error::EngineError;
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

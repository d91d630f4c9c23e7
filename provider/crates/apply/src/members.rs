//! Members as they are met while applying: there, proven gone, or out of reach.

use std::sync::Arc;

use domain::cluster_ref::ClusterRef;
use domain::name::Name;
use engines::clusters::{Cluster, Clusters};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;

use crate::journal::{Failure, Note};

/// What a removal does about a member that it cannot reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnreachable {
    /// Stop and name it.
    Error,
    /// Go on and name what is left.
    Forget,
}

/// A member as met.
pub enum Met {
    /// It answers and is who it should be.
    There(Arc<dyn Cluster>),
    /// It is proven that this cluster is no more: another one answers in its place.
    Gone(String),
    /// It cannot be reached, and the user said to go on.
    Forgotten(EngineError),
}

/// Connects to a member that something is to be removed from.
///
/// # Errors
///
/// The trouble in reaching it, unless `on_unreachable` says to go on.
pub async fn meet(
    clusters: &dyn Clusters,
    member: &Name,
    cluster: Option<&ClusterRef>,
    on_unreachable: OnUnreachable,
    limits: &Limits,
) -> Result<Met, Failure> {
    let Some(cluster) = cluster else {
        return Ok(Met::Gone("the host's record does not say which cluster it was".to_owned()));
    };
    match clusters.connect(cluster, limits).await {
        Ok(there) => Ok(Met::There(there)),
        Err(error) if error.kind == Kind::AnotherCluster => Ok(Met::Gone(error.chain())),
        Err(error) if error.kind.is_out_of_reach() && on_unreachable == OnUnreachable::Forget => {
            Ok(Met::Forgotten(error))
        }
        Err(error) => Err(Failure::Engine { member: Some(member.clone()), error }),
    }
}

impl Met {
    /// What to tell of a member that was left with `left` on it.
    pub fn note(&self, member: &Name, cluster: Option<&ClusterRef>, left: Vec<String>) -> Option<Note> {
        let (member, cluster) = (member.clone(), cluster.cloned());
        match self {
            Self::There(_) => None,
            Self::Gone(proof) => Some(Note::MemberGone { member, cluster, proof: proof.clone() }),
            Self::Forgotten(error) => {
                Some(Note::MemberForgotten { member, cluster, left, trouble: error.chain() })
            }
        }
    }
}

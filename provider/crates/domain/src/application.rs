//! An application: a source and policies that say what of it goes to which members.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cluster_ref::{ClusterRef, FleetRef};
use crate::mark::Mark;
use crate::name::{Name, joined};
use crate::object_id::ObjectId;
use crate::selector::LabelSelector;

/// What an application should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationSpec {
    /// Name, unique in its fleet.
    pub name: Name,
    /// The fleet, as its `target` names it.
    pub target: FleetTarget,
    /// Where the manifests come from.
    pub source: GitSourceSpec,
    /// Policies by name.
    pub policies: BTreeMap<Name, PolicySpec>,
    /// Whether an apply waits until every chosen cluster reports the revision applied.
    pub wait: bool,
}

/// A fleet as applications see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetTarget {
    /// The fleet.
    pub fleet: FleetRef,
    /// Its members by name.
    pub members: BTreeMap<Name, TargetMember>,
}

/// A member as applications see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetMember {
    /// The member's cluster.
    pub cluster: ClusterRef,
    /// The labels to choose it by.
    pub labels: BTreeMap<String, String>,
}

/// A git repository that Flux follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitSourceSpec {
    /// URL, `http`, `https` or `ssh`.
    pub url: String,
    /// What of it.
    pub revision: GitRevision,
    /// How often Flux looks for news.
    pub interval: Duration,
    /// The longest that one fetch may take.
    pub timeout: Option<Duration>,
    /// A Secret with credentials, in the fleet's namespace on the host.
    pub secret_name: Option<String>,
}

/// What of a git repository is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitRevision {
    /// The head of a branch.
    Branch(String),
    /// A tag.
    Tag(String),
    /// The newest tag in a range of semantic versions.
    Semver(String),
    /// One commit, by its SHA, on a branch.
    Commit {
        /// Full SHA.
        sha: String,
        /// Branch that holds it; none lets Flux find it.
        branch: Option<String>,
    },
}

/// What goes where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySpec {
    /// The members it is for.
    pub selector: LabelSelector,
    /// What to apply there.
    pub kustomization: KustomizationSpec,
}

/// A folder of the source, built with kustomize and applied to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KustomizationSpec {
    /// Folder inside the source, as in `./base`.
    pub path: String,
    /// Whether what leaves the source leaves the member.
    pub prune: bool,
    /// How often Flux compares and mends.
    pub interval: Duration,
    /// How soon after a failure Flux tries again; none means after `interval`.
    pub retry_interval: Option<Duration>,
    /// The longest that one reconciliation may take. Flux raises anything under 30 s.
    pub timeout: Option<Duration>,
    /// Namespace for all objects; none leaves them as written.
    pub target_namespace: Option<String>,
    /// Whether objects with changed unchangeable fields are replaced.
    pub force: bool,
}

/// One policy on one member: a Flux Kustomization on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Policy.
    pub policy: Name,
    /// Member.
    pub member: Name,
    /// What to apply there.
    pub kustomization: KustomizationSpec,
}

/// Name of the Flux object for one policy on one member. A new member behind an old name gets the same name only
/// after the old object is gone, because the fleet removes the old member first.
pub fn placement_name(application: &Name, policy: &Name, member: &Name) -> String {
    joined(&[application.as_str(), policy.as_str(), member.as_str()])
}

impl ApplicationSpec {
    /// Every policy on every member it chooses, by the name of its Flux object.
    pub fn placements(&self) -> BTreeMap<String, Placement> {
        let mut all = BTreeMap::new();
        for (policy, spec) in &self.policies {
            for (member, target) in &self.target.members {
                if spec.selector.chooses(&target.labels) {
                    all.insert(
                        placement_name(&self.name, policy, member),
                        Placement {
                            policy: policy.clone(),
                            member: member.clone(),
                            kustomization: spec.kustomization.clone(),
                        },
                    );
                }
            }
        }
        all
    }
}

/// What was found of an application on its host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationFacts {
    /// The source; none if there is none.
    pub source: Option<SourceFacts>,
    /// Flux objects by name.
    pub placements: BTreeMap<String, PlacementFacts>,
}

/// The source as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFacts {
    /// What it asks for; none if it is not readable as ours.
    pub spec: Option<GitSourceSpec>,
    /// Whose it is; none if it bears no mark of ours.
    pub mark: Option<Mark>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Flux's word on it.
    pub progress: Progress,
    /// The revision Flux holds, as in `main@sha1:…`.
    pub revision: Option<String>,
    /// What the user asked for and no API stores, as we noted it on the object (JSON text, ours to read).
    pub note: Option<String>,
}

/// A Flux object of an application as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementFacts {
    /// Policy, from its label.
    pub policy: Name,
    /// Member, from its label.
    pub member: Name,
    /// What it asks for; none if it is not readable as ours.
    pub kustomization: Option<KustomizationSpec>,
    /// Name of the application that made it, from its label.
    pub application: Name,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether somebody suspended it.
    pub suspended: bool,
    /// Flux's word on it.
    pub progress: Progress,
    /// The revision last applied in full.
    pub applied_revision: Option<String>,
    /// What it holds on the member.
    pub inventory: Vec<ObjectId>,
}

/// Flux's word on one of its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not judged yet, or judged for an older shape of the object.
    Pending {
        /// What it says it is doing; empty if nothing.
        message: String,
    },
    /// Ready, for the object's present shape.
    Ready,
    /// Failed, for the object's present shape.
    Failed {
        /// Flux's reason, as in `HealthCheckFailed`.
        reason: String,
        /// Flux's message.
        message: String,
        /// Whether Flux has given up until something changes.
        stalled: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_lands_on_the_members_it_chooses() {
        let name = |text: &str| Name::parse(text).unwrap();
        let member = |labels: &[(&str, &str)]| TargetMember {
            cluster: ClusterRef::parse("env:A?uid=1").unwrap(),
            labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        };
        let policy = |labels: &[(&str, &str)]| PolicySpec {
            selector: LabelSelector { match_labels: member(labels).labels },
            kustomization: KustomizationSpec {
                path: "./base".into(),
                prune: true,
                interval: Duration::from_mins(10),
                retry_interval: None,
                timeout: None,
                target_namespace: None,
                force: false,
            },
        };
        let spec = ApplicationSpec {
            name: name("web"),
            target: FleetTarget {
                fleet: FleetRef { name: name("demo"), host: ClusterRef::parse("env:A?uid=1").unwrap() },
                members: BTreeMap::from([
                    (name("hub"), member(&[])),
                    (name("edge"), member(&[("env", "edge")])),
                ]),
            },
            source: GitSourceSpec {
                url: "http://localhost/apps.git".into(),
                revision: GitRevision::Branch("main".into()),
                interval: Duration::from_mins(1),
                timeout: None,
                secret_name: None,
            },
            policies: BTreeMap::from([
                (name("base"), policy(&[])),
                (name("far"), policy(&[("env", "edge")])),
            ]),
            wait: true,
        };
        let names: Vec<String> = spec.placements().into_keys().collect();
        assert_eq!(names, ["web-base-edge", "web-base-hub", "web-far-edge"]);
    }
}

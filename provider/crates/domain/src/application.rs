//! An application: a source and policies that say what of it goes to which members.

use std::collections::BTreeMap;
use std::fmt;
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
    /// What to put there.
    pub content: Content,
}

/// What a policy puts onto a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Manifests, by a Flux Kustomization.
    Kustomization(KustomizationSpec),
    /// A chart, by a Flux `HelmRelease`.
    Helm(HelmSpec),
}

impl Content {
    /// The Flux object that carries it.
    pub fn carrier(&self) -> Carrier {
        match self {
            Self::Kustomization(_) => Carrier::Kustomization,
            Self::Helm(_) => Carrier::HelmRelease,
        }
    }

    /// Whether its end takes what it put onto the member away.
    pub fn prunes(&self) -> bool {
        match self {
            Self::Kustomization(kustomization) => kustomization.prune,
            Self::Helm(_) => true,
        }
    }
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

/// A chart in the source, installed on a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmSpec {
    /// Folder of the chart inside the source, as in `./charts/web`.
    pub chart: String,
    /// What makes a new chart of a new commit.
    pub reconcile_strategy: ReconcileStrategy,
    /// Files inside the source whose values replace the chart's own, in this order; empty leaves the chart's.
    pub values_files: Vec<String>,
    /// Values over those: a JSON object with its keys in order and its numbers as an API server writes them, so that
    /// two that mean the same are one text.
    pub values: String,
    /// Name of the release.
    pub release_name: String,
    /// Namespace of the release and of Helm's record of it; made where it is missing.
    pub target_namespace: String,
    /// How often Flux compares and mends.
    pub interval: Duration,
    /// The longest that one of Helm's operations may take; none means Flux's default.
    pub timeout: Option<Duration>,
    /// How often a failed installation is tried again; none means never.
    pub install_retries: Option<u32>,
    /// How often a failed upgrade is rolled back and tried again; none means never.
    pub upgrade_retries: Option<u32>,
}

/// What makes a new chart of a new commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconcileStrategy {
    /// A new version in `Chart.yaml`.
    ChartVersion,
    /// Any commit.
    Revision,
}

/// One policy on one member: a Flux object on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Policy.
    pub policy: Name,
    /// Member.
    pub member: Name,
    /// What to put there.
    pub content: Content,
}

/// The kind of Flux object that carries a policy to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carrier {
    /// A `Kustomization`.
    Kustomization,
    /// A `HelmRelease`.
    HelmRelease,
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kustomization => "Kustomization",
            Self::HelmRelease => "HelmRelease",
        })
    }
}

/// Which Flux object in a fleet's namespace. A policy that changes from one kind to the other has both for a while,
/// under one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlacementId {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub carrier: Carrier,
}

impl fmt::Display for PlacementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.carrier, self.name)
    }
}

/// Name of the Flux object for one policy on one member. A new member behind an old name gets the same name only
/// after the old object is gone, because the fleet removes the old member first.
pub fn placement_name(application: &Name, policy: &Name, member: &Name) -> String {
    joined(&[application.as_str(), policy.as_str(), member.as_str()])
}

impl ApplicationSpec {
    /// Every policy on every member it chooses: the Flux object, the policy, the member and the content.
    pub fn chosen(&self) -> impl Iterator<Item = (PlacementId, &Name, &Name, &Content)> {
        self.policies.iter().flat_map(move |(policy, spec)| {
            let members = self.target.members.iter();
            let chosen = members.filter(|(_, target)| spec.selector.chooses(&target.labels));
            chosen.map(move |(member, _)| {
                let name = placement_name(&self.name, policy, member);
                (PlacementId { name, carrier: spec.content.carrier() }, policy, member, &spec.content)
            })
        })
    }

    /// The same by Flux object, each with what it needs.
    pub fn placements(&self) -> BTreeMap<PlacementId, Placement> {
        let placed = |policy: &Name, member: &Name, content: &Content| Placement {
            policy: policy.clone(),
            member: member.clone(),
            content: content.clone(),
        };
        self.chosen().map(|(id, policy, member, content)| (id, placed(policy, member, content))).collect()
    }
}

/// What was found of an application on its host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationFacts {
    /// The source; none if there is none.
    pub source: Option<SourceFacts>,
    /// The Flux objects of its policies.
    pub placements: BTreeMap<PlacementId, PlacementFacts>,
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
    pub content: Option<Content>,
    /// Name of the application that made it, from its label.
    pub application: Name,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether somebody suspended it.
    pub suspended: bool,
    /// Flux's word on it.
    pub progress: Progress,
    /// What was last applied in full: the source's revision, or in other words what is none of its revisions now.
    pub applied_revision: Option<String>,
    /// What it holds on the member.
    pub inventory: Vec<ObjectId>,
}

impl PlacementFacts {
    /// Whether its end takes what it put onto the member away. Of one that cannot be read as ours that is expected.
    pub fn prunes(&self) -> bool {
        self.content.as_ref().is_none_or(Content::prunes)
    }
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
        let kustomization = Content::Kustomization(KustomizationSpec {
            path: "./base".into(),
            prune: true,
            interval: Duration::from_mins(10),
            retry_interval: None,
            timeout: None,
            target_namespace: None,
            force: false,
        });
        let helm = Content::Helm(HelmSpec {
            chart: "./charts/web".into(),
            reconcile_strategy: ReconcileStrategy::ChartVersion,
            values_files: Vec::new(),
            values: "{}".into(),
            release_name: "web".into(),
            target_namespace: "web".into(),
            interval: Duration::from_mins(10),
            timeout: None,
            install_retries: None,
            upgrade_retries: None,
        });
        let policy = |labels: &[(&str, &str)], content: &Content| PolicySpec {
            selector: LabelSelector { match_labels: member(labels).labels },
            content: content.clone(),
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
                (name("base"), policy(&[], &kustomization)),
                (name("far"), policy(&[("env", "edge")], &helm)),
            ]),
            wait: true,
        };
        let placed: Vec<String> = spec.placements().into_keys().map(|id| id.to_string()).collect();
        assert_eq!(
            placed,
            ["Kustomization web-base-edge", "Kustomization web-base-hub", "HelmRelease web-far-edge"]
        );
    }
}

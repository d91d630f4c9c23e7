//! An application's source: a `GitRepository` of Flux.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::application::{GitRevision, GitSourceSpec, SourceFacts};
use domain::duration;
use engines::distribution::{PutSource, Whose};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::labels::{APPLICATION, FLEET, NOTE};
use crate::mark;
use crate::metadata::{Metadata, wanted};
use crate::progress::{self, Condition, Judgement};

/// Group and version of Flux's sources.
pub(crate) const API_VERSION: &str = "source.toolkit.fluxcd.io/v1";

/// A `GitRepository` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct GitRepository {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    pub(crate) spec: Option<Spec>,
    #[serde(default)]
    pub(crate) status: Status,
}

/// `spec`, in the fields that we write.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Spec {
    url: String,
    #[serde(rename = "ref")]
    reference: Option<Reference>,
    interval: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_ref: Option<LocalName>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
struct Reference {
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    semver: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// The full name of a reference; we never write it, and Flux prefers it over all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
struct LocalName {
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    conditions: Vec<Condition>,
    last_handled_reconcile_at: Option<String>,
    artifact: Option<Artifact>,
}

impl Status {
    /// What Flux says of the object. Not a flattened part of this struct: serde buffers those, and numbers of
    /// arbitrary precision do not come through.
    pub(crate) fn judgement(&self) -> Judgement {
        Judgement {
            conditions: self.conditions.clone(),
            last_handled_reconcile_at: self.last_handled_reconcile_at.clone(),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Artifact {
    revision: String,
}

/// The sources in `namespace`, or in all.
pub(crate) fn collection(namespace: Option<&str>) -> Collection {
    Collection::new(API_VERSION, "GitRepository", "gitrepositories", namespace)
}

/// A source as we apply it.
pub(crate) fn body(namespace: &str, of: Whose<'_>, put: PutSource<'_>) -> Value {
    let mut annotations: BTreeMap<String, String> = mark::to_annotations(put.mark);
    annotations.insert(NOTE.to_owned(), put.note.to_owned());
    let labels = [(FLEET, of.fleet.as_str()), (APPLICATION, of.application.as_str())];
    json!({
        "metadata": wanted(of.application.as_str(), Some(namespace), &labels, &annotations),
        "spec": Spec::from_domain(put.source),
    })
}

impl Spec {
    fn from_domain(source: &GitSourceSpec) -> Self {
        let reference = match &source.revision {
            GitRevision::Branch(branch) => Reference { branch: Some(branch.clone()), ..Reference::default() },
            GitRevision::Tag(tag) => Reference { tag: Some(tag.clone()), ..Reference::default() },
            GitRevision::Semver(range) => Reference { semver: Some(range.clone()), ..Reference::default() },
            GitRevision::Commit { sha, branch } => {
                Reference { commit: Some(sha.clone()), branch: branch.clone(), ..Reference::default() }
            }
        };
        Self {
            url: source.url.clone(),
            reference: Some(reference),
            interval: duration::format(source.interval),
            timeout: source.timeout.map(duration::format),
            secret_ref: source.secret_name.clone().map(|name| LocalName { name }),
        }
    }

    /// Reads the spec back; none if it is of a shape that we never write.
    fn to_domain(&self) -> Option<GitSourceSpec> {
        let reference = self.reference.clone()?;
        // The order is Flux's own: a name before a commit before a semver before a tag before a branch.
        let revision = match reference {
            Reference { name: Some(_), .. } => return None,
            Reference { commit: Some(sha), branch, .. } => GitRevision::Commit { sha, branch },
            Reference { semver: Some(range), .. } => GitRevision::Semver(range),
            Reference { tag: Some(tag), .. } => GitRevision::Tag(tag),
            Reference { branch: Some(branch), .. } => GitRevision::Branch(branch),
            Reference { .. } => return None,
        };
        Some(GitSourceSpec {
            url: self.url.clone(),
            revision,
            interval: duration::parse(&self.interval).ok()?,
            timeout: optional(self.timeout.as_deref()).ok()?,
            secret_name: self.secret_ref.clone().map(|secret| secret.name),
        })
    }
}

/// Reads a duration that may be missing.
pub(crate) fn optional(text: Option<&str>) -> Result<Option<Duration>, duration::DurationProblem> {
    text.map(duration::parse).transpose()
}

impl GitRepository {
    /// The source in our words.
    pub(crate) fn to_facts(&self) -> SourceFacts {
        SourceFacts {
            spec: self.spec.as_ref().and_then(Spec::to_domain),
            mark: mark::from_annotations(&self.metadata.annotations),
            deleting: self.metadata.is_deleting(),
            progress: progress::of(&self.metadata, &self.status.judgement()),
            revision: self
                .status
                .artifact
                .as_ref()
                .map(|artifact| artifact.revision.clone())
                .filter(|revision| !revision.is_empty()),
            note: self.metadata.annotation(NOTE).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::mark::{Incarnation, Mark, Phase};
    use domain::name::Name;
    use engines::distribution::Look;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn mark_of_web() -> Mark {
        Mark {
            kind: "kurator_application".into(),
            name: "web".into(),
            owner: "default".into(),
            incarnation: Incarnation::new("i-1"),
            phase: Phase::Ready,
        }
    }

    #[test]
    fn a_source_reads_back_as_written() {
        let sha = "0123456789012345678901234567890123456789".to_owned();
        for revision in [
            GitRevision::Branch("main".into()),
            GitRevision::Tag("v1".into()),
            GitRevision::Semver(">=1.0.0".into()),
            GitRevision::Commit { sha: sha.clone(), branch: Some("main".into()) },
            GitRevision::Commit { sha, branch: None },
        ] {
            let source = GitSourceSpec {
                url: "https://git.example/apps.git".into(),
                revision,
                interval: Duration::from_secs(90),
                timeout: Some(Duration::from_mins(1)),
                secret_name: Some("git".into()),
            };
            let (fleet, application) = (name("demo"), name("web"));
            let put = PutSource { source: &source, mark: &mark_of_web(), note: "{}", look: Look::AtOnce };
            let body = body("kurator-demo", Whose { fleet: &fleet, application: &application }, put);
            let read: GitRepository = serde_json::from_value(body).unwrap();
            let facts = read.to_facts();
            assert_eq!(facts.spec, Some(source));
            assert_eq!(facts.mark, Some(mark_of_web()));
            assert_eq!(facts.note.as_deref(), Some("{}"));
        }
    }

    #[test]
    fn the_revision_that_flux_holds_is_read_beside_numbers() {
        let read: GitRepository = serde_json::from_value(json!({
            "metadata": { "name": "web", "generation": 3 },
            "spec": { "url": "https://git.example/a.git", "interval": "1m0s" },
            "status": {
                "observedGeneration": 3,
                "artifact": { "revision": "main@sha1:abc", "size": 12 },
                "conditions": [{ "type": "Ready", "status": "True", "observedGeneration": 3 }],
            },
        }))
        .unwrap();
        let facts = read.to_facts();
        assert_eq!(facts.revision.as_deref(), Some("main@sha1:abc"));
        assert_eq!(facts.progress, domain::application::Progress::Ready);
        assert_eq!(facts.spec, None, "without a reference it is not of ours");
    }
}

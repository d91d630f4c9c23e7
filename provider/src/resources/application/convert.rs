//! Model to spec and back.

use std::collections::BTreeMap;

use domain::application::{
    ApplicationSpec, Content, GitRevision, GitSourceSpec, HelmSpec, KustomizationSpec, PolicySpec,
    ReconcileStrategy,
};
use domain::cluster_ref::ApplicationRef;
use domain::duration;
use domain::name::{Name, joined_up_to};
use domain::selector::LabelSelector;
use planning::application::ApplicationShape;
use schemas::resources::application::{
    ApplicationModel, DEFAULT_INTERVAL, DEFAULT_SOURCE_INTERVAL, DEFAULT_SOURCE_TIMEOUT, GitRepositoryModel,
    GitRevisionModel, HelmActionModel, HelmModel, KustomizationModel, PolicyModel,
};
use schemas::{checks, values};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::model::ToRaw;
use tf_value::path::Path;
use tf_value::value::Value;

use super::target;
use crate::resources::fleet::convert::labels;

/// The branch where the user names no revision.
const DEFAULT_BRANCH: &str = "main";

/// The application's reference, if it is known.
pub(super) fn reference(model: &ApplicationModel) -> Option<ApplicationRef> {
    Some(ApplicationRef {
        fleet: target::fleet_of(&model.fleet)?,
        name: Name::parse(model.name.known()?).ok()?,
    })
}

/// A wholly known model as a spec.
///
/// # Errors
///
/// Diagnostics at the attributes that cannot be used.
pub(super) fn spec(model: &ApplicationModel) -> Result<ApplicationSpec, Diagnostics> {
    let not_known = |what: &str| {
        Diagnostics::from(Diagnostic::error(
            "Application cannot be used",
            format!(
                "Its `{what}` is not wholly known or not valid.\n\nCorrect it; if it comes out of the state, remove \
                 the application from the state and import it again."
            ),
        ))
    };
    let target = target::parse(&model.fleet).map_err(Diagnostics::from)?;
    let application =
        model.name.known().and_then(|name| Name::parse(name).ok()).ok_or_else(|| not_known("name"))?;
    let repository = model.source.known().and_then(|source| source.git_repository.known());
    let mut policies = BTreeMap::new();
    for (key, policy) in model.sync_policies.known().into_iter().flatten() {
        let name = Name::parse(key).map_err(|problem| {
            Diagnostics::from(
                Diagnostic::error(
                    "Not a DNS-1123 label",
                    format!(
                        "`{key}` cannot be used: {problem}.\n\nUse lower-case letters, digits and dashes, beginning \
                         and ending with a letter or a digit."
                    ),
                )
                .at(Path::to("sync_policies").key(key.clone())),
            )
        })?;
        let spec = policy
            .known()
            .and_then(|policy| self::policy(policy, &application, &name))
            .ok_or_else(|| not_known("sync_policies"))?;
        policies.insert(name, spec);
    }
    Ok(ApplicationSpec {
        name: application,
        target: target.into_whole().ok_or_else(|| not_known("fleet"))?,
        source: repository.map(source).ok_or_else(|| not_known("source"))?,
        policies,
        wait: model.wait.known().copied().unwrap_or(true),
    })
}

fn time(text: &Value<String>) -> Option<std::time::Duration> {
    duration::parse(text.known()?).ok()
}

fn time_or(text: &Value<String>, default: &str) -> std::time::Duration {
    // The defaults are constants that parse; a test asks.
    time(text).or_else(|| duration::parse(default).ok()).unwrap_or_default()
}

fn source(model: &GitRepositoryModel) -> GitSourceSpec {
    GitSourceSpec {
        url: model.url.known().cloned().unwrap_or_default(),
        revision: revision(model.revision.known()),
        interval: time_or(&model.interval, DEFAULT_SOURCE_INTERVAL),
        timeout: Some(time_or(&model.timeout, DEFAULT_SOURCE_TIMEOUT)),
        secret_name: model.secret_name.known().cloned(),
    }
}

fn revision(model: Option<&GitRevisionModel>) -> GitRevision {
    let text =
        |of: fn(&GitRevisionModel) -> &Value<String>| model.and_then(|model| of(model).known().cloned());
    let branch = text(|model| &model.branch);
    if let Some(sha) = text(|model| &model.commit) {
        GitRevision::Commit { sha, branch }
    } else if let Some(tag) = text(|model| &model.tag) {
        GitRevision::Tag(tag)
    } else if let Some(range) = text(|model| &model.semver) {
        GitRevision::Semver(range)
    } else {
        GitRevision::Branch(branch.unwrap_or_else(|| DEFAULT_BRANCH.to_owned()))
    }
}

fn policy(model: &PolicyModel, application: &Name, policy: &Name) -> Option<PolicySpec> {
    let content = match (&model.kustomization, &model.helm) {
        (Value::Known(kustomization), Value::Null) => {
            Content::Kustomization(self::kustomization(kustomization))
        }
        (Value::Null, Value::Known(helm)) => Content::Helm(self::helm(helm, application, policy)?),
        _ => return None,
    };
    Some(PolicySpec { selector: selector(model)?, content })
}

/// The selector of a policy; none while it is unknown.
pub(super) fn selector(model: &PolicyModel) -> Option<LabelSelector> {
    let destination = match &model.destination {
        Value::Null => return Some(LabelSelector::default()),
        Value::Unknown => return None,
        Value::Known(destination) => destination,
    };
    let selector = match &destination.cluster_selector {
        Value::Null => return Some(LabelSelector::default()),
        Value::Unknown => return None,
        Value::Known(selector) => selector,
    };
    Some(LabelSelector { match_labels: labels(&selector.match_labels)? })
}

fn kustomization(model: &KustomizationModel) -> KustomizationSpec {
    KustomizationSpec {
        path: model.path.known().cloned().unwrap_or_else(|| "./".to_owned()),
        prune: model.prune.known().copied().unwrap_or(true),
        interval: time_or(&model.interval, DEFAULT_INTERVAL),
        retry_interval: time(&model.retry_interval),
        timeout: time(&model.timeout),
        target_namespace: model.target_namespace.known().cloned(),
        force: model.force.known().copied().unwrap_or(false),
    }
}

/// A release of a chart; none if something of it is not known or not valid.
fn helm(model: &HelmModel, application: &Name, policy: &Name) -> Option<HelmSpec> {
    let retries = |action: &Value<HelmActionModel>| {
        let retries = action.known()?.remediation.known()?.retries.known()?;
        u32::try_from(*retries).ok()
    };
    let files = model.values_files.known().into_iter().flatten();
    Some(HelmSpec {
        chart: model.chart.known()?.clone(),
        reconcile_strategy: match model.reconcile_strategy.known().map(String::as_str) {
            Some("revision") => ReconcileStrategy::Revision,
            _ => ReconcileStrategy::ChartVersion,
        },
        values_files: files.map(|file| file.known().cloned()).collect::<Option<_>>()?,
        values: values::meaning(model.values.known().map_or("", String::as_str)).ok()?,
        release_name: model.release_name.known().cloned().unwrap_or_else(|| {
            joined_up_to(&[application.as_str(), policy.as_str()], checks::RELEASE_NAME_MOST)
        }),
        target_namespace: model.target_namespace.known()?.clone(),
        interval: time_or(&model.interval, DEFAULT_INTERVAL),
        timeout: time(&model.timeout),
        install_retries: retries(&model.install),
        upgrade_retries: retries(&model.upgrade),
    })
}

/// What the words of a change and the keys of `status` are made of; none while labels, members, selectors or the
/// source are unknown. References are not needed for it.
pub(super) fn shape(model: &ApplicationModel) -> Option<ApplicationShape> {
    let target = target::parse(&model.fleet).ok()?;
    let members = target.labels()?;
    let mut shape = ApplicationShape { source: in_words(model)?, ..ApplicationShape::default() };
    for (name, policy) in model.sync_policies.known()? {
        let policy = policy.known()?;
        let selector = selector(policy)?;
        let content = match (&policy.kustomization, &policy.helm) {
            (Value::Known(kustomization), Value::Null) => kustomization.to_raw(),
            (Value::Null, Value::Known(helm)) => helm.to_raw(),
            _ => return None,
        };
        if !content.is_wholly_known() {
            return None;
        }
        shape.policies.insert(name.clone(), tf_value::json::encode(&content).to_string());
        for (member, labels) in &members {
            if selector.chooses(labels) {
                shape.placements.entry((*member).to_owned()).or_default().insert(name.clone());
            }
        }
    }
    Some(shape)
}

fn in_words(model: &ApplicationModel) -> Option<String> {
    let repository = model.source.known()?.git_repository.known()?;
    if !repository.to_raw().is_wholly_known() {
        return None;
    }
    let source = source(repository);
    let revision = match &source.revision {
        GitRevision::Branch(branch) => format!("branch {branch}"),
        GitRevision::Tag(tag) => format!("tag {tag}"),
        GitRevision::Semver(range) => format!("newest of {range}"),
        GitRevision::Commit { sha, .. } => format!("commit {sha}"),
    };
    Some(format!("{revision} of {}", source.url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_durations() {
        for text in [DEFAULT_INTERVAL, DEFAULT_SOURCE_INTERVAL, DEFAULT_SOURCE_TIMEOUT] {
            assert!(duration::parse(text).is_ok_and(|duration| !duration.is_zero()), "{text}");
        }
    }
}

//! Checks of an application that need more than one attribute.

use schemas::resources::application::{ApplicationModel, GitRevisionModel, PolicyModel};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

use super::target;

pub(super) fn validate(config: &ApplicationModel) -> Diagnostics {
    let mut problems = Diagnostics::none();
    if let Err(problem) = target::parse(&config.fleet) {
        problems.push(problem);
    }
    for (name, policy) in config.sync_policies.known().into_iter().flatten() {
        let at = Path::to("sync_policies").key(name.clone());
        problems.extend(policy.known().and_then(one_content).map(|it| it.at(at)));
    }
    let Some(source) = config.source.known() else { return problems };
    let at = Path::to("source");
    if source.git_repository.is_null() {
        problems.push(
            Diagnostic::error(
                "Application has no source",
                "Nothing is set in `source`.\n\nSet `git_repository`.",
            )
            .at(at),
        );
        return problems;
    }
    let repository = source.git_repository.known();
    if let Some(revision) = repository.and_then(|repository| repository.revision.known()) {
        problems.extend(
            one_revision(revision).map(|it| it.at(at.attribute("git_repository").attribute("revision"))),
        );
    }
    problems
}

/// A policy is a kustomization or a chart. What is unknown may yet turn out null.
fn one_content(policy: &PolicyModel) -> Option<Diagnostic> {
    let saw = match (&policy.kustomization, &policy.helm) {
        (Value::Null, Value::Null) => "Neither `kustomization` nor `helm` is set.",
        (Value::Known(_), Value::Known(_)) => "Both `kustomization` and `helm` are set.",
        _ => return None,
    };
    Some(Diagnostic::error(
        "Policy needs one content",
        format!("{saw}\n\nSet one of them. For manifests and a chart, write two policies."),
    ))
}

fn one_revision(revision: &GitRevisionModel) -> Option<Diagnostic> {
    let set = |value: &Value<String>| !value.is_null();
    let exact =
        [&revision.tag, &revision.semver, &revision.commit].into_iter().filter(|value| set(value)).count();
    let branch_too = set(&revision.branch) && (set(&revision.tag) || set(&revision.semver));
    (exact > 1 || branch_too).then(|| {
        Diagnostic::error(
            "Revision is ambiguous",
            "More than one of `branch`, `tag`, `semver` and `commit` is set.\n\nSet one of them. Only `commit` may \
             have a `branch` beside it: the one that holds it.",
        )
    })
}

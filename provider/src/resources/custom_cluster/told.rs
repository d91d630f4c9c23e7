//! What machines and their cluster do, as diagnostics.

use apply::journal::{Journal, MachineTrouble};
use apply::lanes::MachineStep;
use domain::finding::{AttributePath, Finding, Part, Severity as Weight};
use engines::error::{EngineError, Kind};
use nodes::answer;
use nodes::lock::Holder;
use tf_value::diagnostic::{Diagnostic, Diagnostics, Severity};
use tf_value::path::Path;

use super::problem;
use crate::report;

/// The attribute that is a machine.
pub(crate) fn at_machine(name: &str) -> Path {
    Path::to("machines").key(name)
}

pub(super) fn no_control_plane() -> Diagnostic {
    Diagnostic::error(
        "Cluster has no control plane",
        "No machine has the role `control_plane`.\n\nGive it to exactly one.",
    )
    .at(Path::to("machines"))
}

/// Trouble with a machine.
pub(super) fn trouble(error: &EngineError, machine: &str) -> Diagnostic {
    let (summary, advice) = match error.kind {
        Kind::Unreachable => (
            "Machine cannot be reached",
            "Check that it runs, its `address` and `port`, and that nothing on the way keeps SSH out.",
        ),
        Kind::Rejected => {
            ("Machine does not do what it is asked", "Correct what the message names, and apply again.")
        }
        Kind::TimedOut => (
            "Machine takes too long",
            "What was begun on it goes on, and the next apply carries on. Raise `timeouts` if it needs longer.",
        ),
        _ => return report::trouble_of("Machine", error, machine, at_machine(machine)),
    };
    Diagnostic::error(summary, format!("Machine `{machine}`: {}.\n\n{advice}", error.chain()))
        .at(at_machine(machine))
}

/// The same as a warning: what is known of the machine stays.
pub(super) fn trouble_in_read(error: &EngineError, machine: &str) -> Diagnostic {
    let mut told = trouble(error, machine);
    told.severity = Severity::Warning;
    told.detail.push_str("\n\nThe stored state is kept as it is.");
    told
}

/// A machine out of reach that a destroy leaves behind.
pub(super) fn given_up(error: &EngineError, machine: &str) -> Diagnostic {
    Diagnostic::warning(
        "Machine was given up with things left on it",
        format!(
            "Machine `{machine}`: {}.\n\nAs `on_unreachable = \"forget\"` asks, what was put on it was left there. If it \
             comes back, run `kubeadm reset` on it and remove `/etc/kurator`, or install it anew.",
            error.chain()
        ),
    )
    .at(at_machine(machine))
}

/// Something that a look at the machines found.
pub(super) fn finding(finding: &Finding) -> Diagnostic {
    let detail = format!("Machine `{}`: {}", finding.machine, finding.text());
    let told = match finding.severity {
        Weight::Error => Diagnostic::error("Machine cannot become a node as it is", detail),
        Weight::Warning => Diagnostic::warning("Machine may not be a good node", detail),
    };
    told.at(path(&finding.attribute))
}

fn path(attribute: &AttributePath) -> Path {
    let mut parts = attribute.0.iter();
    let mut path = match parts.next() {
        Some(Part::Attribute(name)) => Path::to(*name),
        Some(Part::Key(_)) | None => return Path::to("machines"),
    };
    for part in parts {
        path = match part {
            Part::Attribute(name) => path.attribute(*name),
            Part::Key(key) => path.key(key.clone()),
        };
    }
    path
}

/// Somebody else is changing the cluster.
pub(super) fn held(holder: &Holder) -> Diagnostic {
    Diagnostic::error(
        "Cluster is being changed by somebody else",
        format!(
            "{} is changing it right now. Nothing was changed.\n\nApply again when that one is done.",
            holder.who
        ),
    )
    .at(Path::to("name"))
}

/// Somebody else took the lock over while we worked.
pub(super) fn overtaken(holder: &Holder) -> Diagnostic {
    Diagnostic::error(
        "Somebody else has begun to change the cluster",
        format!(
            "{} took the cluster's lock, because this apply had not renewed it in time: this process stood still, or \
             was cut off. What was begun was finished, and nothing more was begun.\n\nApply again when that one is done.",
            holder.who
        ),
    )
    .at(Path::to("name"))
}

/// What became of the steps, as far as it has to be told.
pub(super) fn journal(journal: &Journal<MachineStep>, cluster: &str) -> Diagnostics {
    let mut told: Diagnostics = journal.notes.iter().map(report::note).collect();
    for ((id, _), failure) in &journal.failed {
        told.extend(report::failure(failure, cluster, &|_, _| at_machine(id.name.as_str())));
    }
    if journal.failed.is_empty() && !journal.not_begun.is_empty() {
        told.push(report::interrupted(journal.not_begun.len()));
    }
    told
}

/// What a failed step on a machine left undone.
pub(crate) fn failed(failed: &MachineTrouble, machine: &str, cluster: &str) -> Diagnostic {
    let carries_on = "What was done is recorded: the next apply carries on.";
    let (summary, detail) = match failed {
        MachineTrouble::Engine(error) if is_of_the_api(error) => {
            let mut told = report::trouble(error, cluster, at_machine(machine));
            told.detail = format!("While `{machine}` was worked on. {}", told.detail);
            return told;
        }
        MachineTrouble::Engine(error) => return trouble(error, machine),
        MachineTrouble::Script { doing, failure, log } => return script(doing, failure, log, machine),
        MachineTrouble::Unreadable { doing } => (
            "Machine's answer broke off",
            format!("Machine `{machine}`: {doing} it gave no whole answer.\n\n{carries_on}"),
        ),
        MachineTrouble::Problem(problem) => return problem::told(problem),
        MachineTrouble::NotLookedAt => (
            "Nothing is known of a machine",
            format!("Machine `{machine}` did not answer when it was looked at.\n\nApply again when it does."),
        ),
    };
    Diagnostic::error(summary, detail).at(at_machine(machine))
}

/// Trouble with the cluster's API, not with a machine: what is done there names nodes and objects.
fn is_of_the_api(error: &EngineError) -> bool {
    matches!(
        error.kind,
        Kind::Busy
            | Kind::Throttled
            | Kind::Untrusted
            | Kind::Credentials(_)
            | Kind::Unauthenticated
            | Kind::Denied
            | Kind::AnotherCluster
            | Kind::NotFound
            | Kind::AlreadyExists
            | Kind::Conflict
    )
}

fn script(doing: &str, failure: &answer::Failure, log: &[String], machine: &str) -> Diagnostic {
    let (summary, advice) = match failure {
        answer::Failure::Claimed(_) => (
            "Machine belongs to another cluster",
            "Take it out of that cluster first, or choose another machine.",
        ),
        answer::Failure::Unclaimed => {
            ("Machine lost its mark", "Somebody removed `/etc/kurator` while it was worked on. Apply again.")
        }
        answer::Failure::Tool(_) => ("Machine lacks a program", "Install it on the machine."),
        answer::Failure::Fetch { .. } => (
            "Artifact cannot be fetched",
            "Check that the machine reaches this address; the provider's `mirrors` lead elsewhere, and `proxy` is the \
             way out of the site.",
        ),
        answer::Failure::Checksum { .. } => (
            "Artifact's checksum is not published",
            "Give the digest in `artifacts.sha256`, or put the file with checksums beside the artifact on the mirror.",
        ),
        answer::Failure::Mismatch { .. } => (
            "Artifact is not what it should be",
            "Nothing of it was installed. Find out what the mirror serves, or correct `artifacts.sha256`.",
        ),
        answer::Failure::Unreachable(_) => (
            "Machine does not reach the cluster's API",
            "Check that packets pass from this machine to the control plane's port 6443.",
        ),
        answer::Failure::Unsigned(_) => (
            "Cluster does not sign the token for new machines",
            "Its controller manager signs tokens: see whether it runs (`kubectl -n kube-system get pods`).",
        ),
        answer::Failure::Step { .. } => (
            "Step on a machine failed",
            "What was done is recorded: correct what the log names and apply again.",
        ),
    };
    let log = match log {
        [] => String::new(),
        lines => format!("\n\nThe last lines of its log:\n  {}", lines.join("\n  ")),
    };
    Diagnostic::error(summary, format!("Machine `{machine}`, {doing} it: {failure}.{log}\n\n{advice}"))
        .at(at_machine(machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(told: &Diagnostic) -> &str {
        assert!(told.detail.contains("\n\n"), "{}", told.detail);
        &told.summary
    }

    #[test]
    fn a_lock_that_is_lost_ends_the_work() {
        let holder = Holder { id: "1".to_owned(), who: "anna@laptop".to_owned() };
        let told = overtaken(&holder);
        assert_eq!(summary(&told), "Somebody else has begun to change the cluster");
        assert!(told.detail.contains("anna@laptop"));
    }

    #[test]
    fn a_machine_that_was_not_met_is_not_worked_on() {
        let told = failed(&MachineTrouble::NotLookedAt, "w1", "factory");
        assert_eq!(summary(&told), "Nothing is known of a machine");
    }

    #[test]
    fn the_log_of_a_step_is_told_and_trouble_with_the_api_is_not_taken_for_the_machines() {
        let step = answer::Failure::Step { step: "join".to_owned(), text: "it ended with 1".to_owned() };
        let log = vec!["error execution phase preflight".to_owned()];
        let told = failed(
            &MachineTrouble::Script { doing: "joining", failure: Box::new(step), log },
            "w1",
            "factory",
        );
        assert!(told.detail.contains("\n  error execution phase preflight\n"), "{}", told.detail);
        let denied = EngineError::new("patching", "Node w1", Kind::Denied);
        let told = failed(&MachineTrouble::Engine(denied), "w1", "factory");
        assert_eq!(summary(&told), "Not allowed on the cluster");
    }
}

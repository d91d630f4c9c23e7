//! Trouble and refusals become diagnostics: the only such place beside the validators.

use apply::journal::{Failure, Note};
use domain::cluster_ref::ClusterRef;
use engines::error::{
    CredentialProblem, EngineError, HostKeyProblem, Kind, SshCredentialProblem, SudoProblem,
};
use planning::application::Failing;
use tf_value::diagnostic::{Diagnostic, Severity};
use tf_value::path::Path;

mod refusal;

pub(crate) use refusal::{import_block, refusal, refused_by_apply};

use crate::resources::custom_cluster::told;

/// Trouble with a cluster, called `name` by the user, that concerns the attribute at `path`.
pub(crate) fn trouble(error: &EngineError, name: &str, path: Path) -> Diagnostic {
    trouble_of("Cluster", error, name, path)
}

/// The same of something else than a cluster: `kind` is what the user calls its kind.
pub(crate) fn trouble_of(kind: &str, error: &EngineError, name: &str, path: Path) -> Diagnostic {
    let (summary, advice) = words(error.kind);
    let detail = format!("{kind} `{name}`: {}.\n\n{advice}", error.chain());
    Diagnostic::error(summary, detail).at(path)
}

/// The same as a warning: what is stored stays as it is.
pub(crate) fn trouble_in_read(error: &EngineError, name: &str, path: Path) -> Diagnostic {
    let mut diagnostic = trouble(error, name, path);
    diagnostic.severity = Severity::Warning;
    diagnostic.detail.push_str("\n\nThe stored state is kept as it is.");
    diagnostic
}

/// A summary without names, and what to do next.
fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Busy => ("Cluster is busy", "Try again in a moment."),
        Kind::Throttled => (
            "Cluster asks for fewer requests",
            "Try again in a moment, or lower `max_parallel` in the provider block.",
        ),
        Kind::Unreachable => (
            "Cluster cannot be reached",
            "Check that its API server runs, and that this machine can reach the address that the message names.",
        ),
        Kind::Untrusted => (
            "Cluster's certificate is not trusted",
            "Check `certificate-authority-data` and `server` in its kubeconfig. A cluster on machines proves the address of \
             the machine.",
        ),
        Kind::Credentials(CredentialProblem::Missing) => (
            "Kubeconfig is missing",
            "Check `kubeconfig.path` or `kubeconfig.env`. A relative path starts where Terraform runs. A cluster on machines \
             has it on its control planes.",
        ),
        Kind::Credentials(CredentialProblem::Malformed) => {
            ("Kubeconfig cannot be read", "Check it with `kubectl config view --kubeconfig FILE`.")
        }
        Kind::Credentials(CredentialProblem::NoContext) => {
            ("Context is not in the kubeconfig", "Set `kubeconfig.context` to one that is there.")
        }
        Kind::Credentials(CredentialProblem::Incomplete) => (
            "Kubeconfig does not give a credential",
            "Check the files it points to, and run its exec plugin by hand.",
        ),
        Kind::Credentials(CredentialProblem::NotForOthers) => (
            "Kubeconfig's credential cannot be passed on",
            "Set `service_account`: then a token of that account is minted.",
        ),
        Kind::Credentials(CredentialProblem::Gone) => (
            "Cluster is on none of its machines",
            "If it was destroyed, take out what still refers to it. Otherwise look why its control planes lost \
             `/etc/kubernetes/admin.conf`.",
        ),
        Kind::HostKey(problem) => words_of_host_key(problem),
        Kind::SshCredential(problem) => words_of_ssh_credential(problem),
        Kind::LoginRefused => (
            "Machine refuses the login",
            "Check the user, and that the credential's public key is in the user's `authorized_keys` there.",
        ),
        Kind::Sudo(problem) => words_of_sudo(problem),
        Kind::Unauthenticated => (
            "Cluster does not accept the credentials",
            "They may have expired or been revoked: renew them in the kubeconfig.",
        ),
        Kind::Denied => (
            "Not allowed on the cluster",
            "Give the kubeconfig's user the permission that the message names.",
        ),
        Kind::AnotherCluster => (
            "Another cluster answers",
            "If the cluster was replaced on purpose, apply: its `kurator_attached_cluster` takes the new one over. \
             Otherwise correct the kubeconfig.",
        ),
        Kind::NotFound => (
            "Something is missing on the cluster",
            "Apply again; if it stays, put back what the message names.",
        ),
        Kind::AlreadyExists => (
            "Something of that name exists on the cluster",
            "Remove it if it is not needed, or choose another name.",
        ),
        Kind::Conflict => (
            "Somebody else manages a field of our object",
            "Let them give it up, or set `force_conflicts = true` to take it over.",
        ),
        Kind::Rejected => ("Cluster refuses the object", "Correct what the message names."),
        Kind::TimedOut => (
            "Time is over",
            "What exists is recorded: the next apply carries on. Raise `timeouts` if it needs longer.",
        ),
        Kind::Cancelled => ("Interrupted", "What exists is recorded: the next apply carries on."),
    }
}

/// A summary and what to do next, of a machine's host key.
fn words_of_host_key(problem: HostKeyProblem) -> (&'static str, &'static str) {
    match problem {
        HostKeyProblem::Unknown => (
            "Machine's host key is not known",
            "Compare the key with the machine's own (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on its console), \
             and add it to `known_hosts` or as `host_key`.",
        ),
        HostKeyProblem::Differs => (
            "Machine proves another host key",
            "If the machine was installed anew on purpose, correct `known_hosts` or `host_key`. Otherwise somebody \
             stands in between: find out who before anything else.",
        ),
        HostKeyProblem::Revoked => (
            "Machine's host key is revoked",
            "Whoever has this key is not to be trusted. Give the machine a new one, and name that in `known_hosts`.",
        ),
    }
}

/// The same of what one logs in to machines with.
fn words_of_ssh_credential(problem: SshCredentialProblem) -> (&'static str, &'static str) {
    match problem {
        SshCredentialProblem::Missing => (
            "SSH credential is missing",
            "Check the entry of `ssh_credentials` in the provider block, its key file, and that its agent runs and \
             holds a key.",
        ),
        SshCredentialProblem::Malformed => (
            "SSH key cannot be used",
            "Check it with `ssh-keygen -yf FILE`. Keys are ed25519 or ECDSA; others are used through the agent.",
        ),
        SshCredentialProblem::Locked => {
            ("SSH key is locked", "Set the right `passphrase` beside it in `ssh_credentials`.")
        }
    }
}

/// The same of becoming root on a machine.
fn words_of_sudo(problem: SudoProblem) -> (&'static str, &'static str) {
    match problem {
        SudoProblem::Refused => {
            ("Not allowed to become root on a machine", "Let the user run `sudo` there, or log in as root.")
        }
        SudoProblem::PasswordNeeded => (
            "sudo on a machine asks for a password",
            "Set `become_password` in `ssh_credentials`, or let the user run `sudo` without one.",
        ),
        SudoProblem::PasswordWrong => (
            "sudo on a machine does not accept the password",
            "Correct `become_password` in `ssh_credentials`.",
        ),
    }
}

/// What a failed step left undone. `place` gives the attribute of a member, of a policy on it, or of the host.
pub(crate) fn failure(
    failure: &Failure,
    host: &str,
    place: &dyn Fn(Option<&str>, Option<&str>) -> Path,
) -> Vec<Diagnostic> {
    match failure {
        Failure::Engine { member, error } => {
            let name = member.as_ref().map_or(host, domain::name::Name::as_str);
            vec![trouble(error, name, place(member.as_ref().map(domain::name::Name::as_str), None))]
        }
        Failure::Machine { machine, trouble } => vec![told::failed(trouble, machine.as_str(), host)],
        Failure::NotKnown { member } => vec![
            Diagnostic::error(
                "It is not known which cluster a member is",
                format!(
                    "Neither the state nor the record on host `{host}` says which cluster `{member}` is. Nothing was \
                     removed from it.\n\nGive the fleet this member again, with its `ref`, and apply; then remove it. \
                     Or set `on_unreachable = \"forget\"`: then what is on it is left there."
                ),
            )
            .at(place(Some(member.as_str()), None)),
        ],
        Failure::Flux { failing, pending } => {
            let mut told: Vec<_> = failing.iter().map(|failing| flux(failing, place)).collect();
            if let (Some(last), false) = (told.last_mut(), pending.is_empty()) {
                last.detail = format!("{}\n\nStill under way:\n{}", last.detail, bullets(pending));
            }
            told
        }
        Failure::NotApplied { pending } => vec![
            Diagnostic::error(
                "Application is not applied everywhere in time",
                format!(
                    "Still under way:\n{}\n\nFlux goes on by itself, and the next apply carries on. Raise `timeouts` \
                     if it needs longer.",
                    bullets(pending)
                ),
            )
            .at(place(None, None)),
        ],
        Failure::Remains { member, objects } => vec![
            Diagnostic::error(
                "Objects remain on a cluster",
                format!(
                    "Flux reports cluster `{member}` as cleaned, and these objects are still there:\n{}\n\nSee what \
                     holds them (a finalizer, as a rule) and apply again.",
                    bullets(objects)
                ),
            )
            .at(place(Some(member.as_str()), None)),
        ],
    }
}

fn flux(failing: &Failing, place: &dyn Fn(Option<&str>, Option<&str>) -> Path) -> Diagnostic {
    let (reason, message) = (&failing.reason, failing.message.trim());
    match (&failing.policy, &failing.member) {
        (Some(policy), Some(member)) => Diagnostic::error(
            "Policy cannot be applied to a cluster",
            format!(
                "Policy `{policy}` on cluster `{member}`: {reason}: {message}\n\nWhat was made is recorded. Correct \
                 the manifests or the cluster; Flux tries again by itself, and so does the next apply."
            ),
        )
        .at(place(Some(member.as_str()), Some(policy.as_str()))),
        _ => Diagnostic::error(
            "Source cannot be fetched",
            format!(
                "Flux on the host says: {reason}: {message}\n\nCheck the source's `url`, `revision` and credentials. \
                 What was made is recorded: the next apply carries on."
            ),
        )
        .at(Path::to("source").attribute("git_repository")),
    }
}

/// What was left as it is on purpose.
pub(crate) fn note(note: &Note) -> Diagnostic {
    let called = |cluster: &Option<ClusterRef>| {
        cluster.as_ref().map(|cluster| format!(" (`{cluster}`)")).unwrap_or_default()
    };
    match note {
        Note::MemberGone { member, cluster, proof } => Diagnostic::warning(
            "Cluster is gone, nothing was removed from it",
            format!(
                "Cluster `{member}`{} is proven gone: {proof}.\n\nThere is nothing to do, unless it still runs \
                 elsewhere: what was put on it is there then.",
                called(cluster)
            ),
        ),
        Note::LeftOnMachine { machine, left } => Diagnostic::warning(
            "Something was left on a machine",
            format!(
                "Machine `{machine}` is out of the cluster, and these could not be taken off it:\n{}\n\nRemove them by \
                 hand.",
                bullets(left)
            ),
        )
        .at(told::at_machine(machine.as_str())),
        Note::MemberForgotten { member, cluster, left, trouble } => Diagnostic::warning(
            "Cluster was given up with things left on it",
            format!(
                "Cluster `{member}`{} cannot be reached: {trouble}.\n\nAs `on_unreachable = \"forget\"` asks, these \
                 were left there. If it comes back, remove them by hand:\n{}",
                called(cluster),
                bullets(left)
            ),
        ),
    }
}

fn bullets<T: ToString>(lines: &[T]) -> String {
    lines.iter().map(|line| format!("- {}", line.to_string())).collect::<Vec<_>>().join("\n")
}

/// The user cancelled with `left` steps not begun.
pub(crate) fn interrupted(left: usize) -> Diagnostic {
    Diagnostic::error(
        "Interrupted",
        format!("{left} step(s) were not begun.\n\nWhat exists is recorded: the next apply carries on."),
    )
}

#[cfg(test)]
mod tests {
    use domain::mark::{Incarnation, Mark, Phase};
    use domain::name::Name;

    use apply::journal::MachineTrouble;
    use planning::refusal::Refusal;

    use super::*;
    use crate::catalogue::AREAS;

    /// Every kind there is. The match makes the compiler ask for a new one here.
    fn kinds() -> Vec<Kind> {
        let credentials = [
            CredentialProblem::Missing,
            CredentialProblem::Malformed,
            CredentialProblem::NoContext,
            CredentialProblem::Incomplete,
            CredentialProblem::NotForOthers,
            CredentialProblem::Gone,
        ];
        let of_machines = [
            Kind::HostKey(HostKeyProblem::Unknown),
            Kind::HostKey(HostKeyProblem::Differs),
            Kind::HostKey(HostKeyProblem::Revoked),
            Kind::SshCredential(SshCredentialProblem::Missing),
            Kind::SshCredential(SshCredentialProblem::Malformed),
            Kind::SshCredential(SshCredentialProblem::Locked),
            Kind::LoginRefused,
            Kind::Sudo(SudoProblem::Refused),
            Kind::Sudo(SudoProblem::PasswordNeeded),
            Kind::Sudo(SudoProblem::PasswordWrong),
        ];
        let next = |kind: Kind| match kind {
            Kind::Busy => Some(Kind::Throttled),
            Kind::Throttled => Some(Kind::Unreachable),
            Kind::Unreachable => Some(Kind::Untrusted),
            Kind::Untrusted => Some(Kind::Unauthenticated),
            Kind::Unauthenticated => Some(Kind::Denied),
            Kind::Denied => Some(Kind::AnotherCluster),
            Kind::AnotherCluster => Some(Kind::NotFound),
            Kind::NotFound => Some(Kind::AlreadyExists),
            Kind::AlreadyExists => Some(Kind::Conflict),
            Kind::Conflict => Some(Kind::Rejected),
            Kind::Rejected => Some(Kind::TimedOut),
            Kind::TimedOut => Some(Kind::Cancelled),
            Kind::Cancelled
            | Kind::HostKey(HostKeyProblem::Unknown | HostKeyProblem::Differs | HostKeyProblem::Revoked)
            | Kind::SshCredential(
                SshCredentialProblem::Missing
                | SshCredentialProblem::Malformed
                | SshCredentialProblem::Locked,
            )
            | Kind::LoginRefused
            | Kind::Sudo(SudoProblem::Refused | SudoProblem::PasswordNeeded | SudoProblem::PasswordWrong)
            | Kind::Credentials(
                CredentialProblem::Missing
                | CredentialProblem::Malformed
                | CredentialProblem::NoContext
                | CredentialProblem::Incomplete
                | CredentialProblem::NotForOthers
                | CredentialProblem::Gone,
            ) => None,
        };
        let kinds = std::iter::successors(Some(Kind::Busy), |kind| next(*kind));
        kinds.chain(of_machines).chain(credentials.map(Kind::Credentials)).collect()
    }

    /// Insists that a reader finds the message in the guide, and that it says what to do.
    fn assert_listed(told: &Diagnostic) {
        let entry = AREAS.iter().flat_map(|area| area.entries).find(|entry| entry.summary == told.summary);
        assert!(entry.is_some(), "`{}` is not in the catalogue", told.summary);
        let (saw, way_out) = told.detail.split_once("\n\n").unwrap_or_default();
        assert!(!saw.is_empty() && !way_out.is_empty(), "{told:?}");
    }

    fn mark() -> Mark {
        Mark {
            kind: "kurator_fleet".into(),
            name: "demo".into(),
            owner: "us".into(),
            incarnation: Incarnation::new("1"),
            phase: Phase::Ready,
        }
    }

    #[test]
    fn every_kind_of_trouble_is_in_the_catalogue() {
        for kind in kinds() {
            let error = EngineError::new("reading", "namespace", kind);
            assert_listed(&trouble(&error, "hub", Path::to("host")));
            assert_listed(&trouble_in_read(&error, "hub", Path::to("host")));
        }
    }

    #[test]
    fn every_refusal_is_in_the_catalogue() {
        let mut next = Some(Refusal::Finished { mark: mark() });
        while let Some(refused) = next {
            assert_listed(&refusal(&refused, "Fleet `demo`", "`env:HUB`", "import {}"));
            next = match refused {
                Refusal::Finished { mark } => Some(Refusal::SomebodyElses { mark }),
                Refusal::SomebodyElses { .. } => Some(Refusal::Unmarked),
                Refusal::Unmarked => Some(Refusal::BeingDeleted),
                Refusal::BeingDeleted => Some(Refusal::AnotherIncarnation { mark: mark() }),
                Refusal::AnotherIncarnation { .. } => Some(Refusal::Gone),
                Refusal::Gone => None,
            };
        }
    }

    #[test]
    fn every_failure_and_note_is_in_the_catalogue() {
        let member = Name::parse("edge").ok();
        let failing = |member: &Option<Name>| Failing {
            policy: member.clone(),
            member: member.clone(),
            reason: "BuildFailed".to_owned(),
            message: "no such folder".to_owned(),
            stalled: true,
        };
        let place = |_: Option<&str>, _: Option<&str>| Path::to("fleet");
        let mut next = Some(Failure::Engine {
            member: None,
            error: EngineError::new("reading", "namespace", Kind::Denied),
        });
        while let Some(failed) = next {
            failure(&failed, "hub", &place).iter().for_each(assert_listed);
            next = match failed {
                Failure::Engine { .. } => member.clone().map(|member| Failure::NotKnown { member }),
                Failure::NotKnown { .. } => {
                    Some(Failure::Flux { failing: vec![failing(&None), failing(&member)], pending: vec![] })
                }
                Failure::Flux { .. } => Some(Failure::NotApplied { pending: vec!["web".to_owned()] }),
                Failure::NotApplied { .. } => {
                    member.clone().map(|member| Failure::Remains { member, objects: vec![] })
                }
                Failure::Remains { member, .. } => {
                    Some(Failure::Machine { machine: member, trouble: MachineTrouble::NotLookedAt })
                }
                Failure::Machine { .. } => None,
            };
        }
        let mut next =
            member.map(|member| Note::MemberGone { member, cluster: None, proof: "it is".to_owned() });
        while let Some(noted) = next {
            assert_listed(&note(&noted));
            next = match noted {
                Note::MemberGone { member, cluster, proof } => {
                    Some(Note::MemberForgotten { member, cluster, left: vec![], trouble: proof })
                }
                Note::MemberForgotten { member, left, .. } => {
                    Some(Note::LeftOnMachine { machine: member, left })
                }
                Note::LeftOnMachine { .. } => None,
            };
        }
        assert_listed(&interrupted(2));
    }
}

//! What applications say.

use tf_value::catalogue::{Area, Entry, Phase, Said};

/// What is said of applications alone.
pub(super) const APPLICATION: Area = Area {
    title: "Applications",
    about: "What `kurator_application` says.",
    entries: &[
        Entry {
            summary: "A fleet's target belongs here",
            said: Said::Error,
            phases: &[Phase::Validate, Phase::Apply],
            cause: "`fleet` is not the target of a fleet but, as a rule, its reference.",
            way_out: "Write `fleet = kurator_fleet.NAME.target`.",
            test: "an_application_needs_a_target_a_source_and_one_revision",
        },
        Entry {
            summary: "Application has no source",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "Nothing is set in `source`.",
            way_out: "Set one kind of source in it.",
            test: "an_application_needs_a_target_a_source_and_one_revision",
        },
        Entry {
            summary: "Policy needs one content",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "A policy has both `kustomization` and `helm`, or neither.",
            way_out: "Set one of them. What needs both are two policies.",
            test: "a_policy_needs_one_content_and_values_a_mapping",
        },
        Entry {
            summary: "Revision is ambiguous",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "More than one of `branch`, `tag`, `semver` and `commit` is set.",
            way_out: "Set one of them; only `commit` may have a `branch` beside it.",
            test: "an_application_needs_a_target_a_source_and_one_revision",
        },
        Entry {
            summary: "Policy chooses no cluster",
            said: Said::Warning,
            phases: &[Phase::Plan],
            cause: "No member of the fleet has the labels that the policy asks for.",
            way_out: "Correct the selector or the fleet's labels.",
            test: "a_policy_that_chooses_nobody_is_a_warning",
        },
        Entry {
            summary: "Application cannot move to another fleet",
            said: Said::Either,
            phases: &[Phase::Plan, Phase::Apply],
            cause: "`fleet` is the target of another fleet than the application is in.",
            way_out: "Make an application there beside this one and then remove this one, or set `allow_replacement \
                      = true`.",
            test: "a_move_is_refused_by_the_plan_and_by_the_apply",
        },
        Entry {
            summary: "Fleet is gone",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "The application's fleet is not on its host any more.",
            way_out: "Plan again: the plan shows what makes it anew.",
            test: "an_application_of_a_fleet_that_is_gone_is_told",
        },
        Entry {
            summary: "Application cannot be used",
            said: Said::Either,
            phases: &[Phase::Apply, Phase::Import],
            cause: "Something of the application is not known or not valid by the time it is needed, as after an \
                    edit of the state.",
            way_out: "Correct what the message names; if it comes out of state, remove the application from state \
                      and import it again.",
            test: "what_cannot_be_read_of_a_state_is_told_and_kept",
        },
        Entry {
            summary: "Stored application cannot be read",
            said: Said::Warning,
            phases: &[Phase::Read],
            cause: "Something of the stored application is not valid: it was edited by hand.",
            way_out: "Apply to renew it.",
            test: "what_cannot_be_read_of_a_state_is_told_and_kept",
        },
        Entry {
            summary: "Application was given up with its host",
            said: Said::Warning,
            phases: &[Phase::Apply],
            cause: "The host cannot be reached, and `on_unreachable` is `forget`.",
            way_out: "If the host comes back, remove what the message names by hand.",
            test: "what_is_given_up_with_its_host_is_told",
        },
        Entry {
            summary: "Import id is not an application's reference",
            said: Said::Error,
            phases: &[Phase::Import],
            cause: "The id is not of the form of an application's reference.",
            way_out: "Write it like `fleet:FLEET/NAME?host=REF`, with the host's `ref` percent-encoded.",
            test: "an_import_id_says_what_it_looks_like",
        },
        Entry {
            summary: "There is no such application",
            said: Said::Error,
            phases: &[Phase::Import],
            cause: "The fleet carries no application of this name that bears our mark.",
            way_out: "Check the application's name, the fleet's and the host.",
            test: "what_is_not_there_cannot_be_imported",
        },
        Entry {
            summary: "Application's note cannot be read",
            said: Said::Error,
            phases: &[Phase::Import],
            cause: "The note that the provider keeps on the source was changed by hand.",
            way_out: "Apply a change of the application from the configuration that made it: that writes the note anew.",
            test: "a_damaged_note_is_told",
        },
    ],
};

//! What every resource that makes something says.

use tf_value::catalogue::{Area, Entry, Phase, Said};

/// What stands in the way of a change, and what came of it.
pub(super) const LIFECYCLE: Area = Area {
    title: "Making, changing and removing",
    about: "What fleets and applications say of what they find, wait for and leave. Before a create, an update or a \
            delete the provider looks at what is there, and touches only what bears its mark in the stored making.",
    entries: &[
        Entry {
            summary: "It exists already",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "An object of this name is there, finished, and made by this very configuration's owner.",
            way_out: "Write the import block that the message holds and apply. After an interrupted \
                      `create_before_destroy`, move the object that is being replaced to another address first.",
            test: "what_stands_in_the_way_of_a_create_is_told",
        },
        Entry {
            summary: "It belongs to another owner",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "An object of this name is there, and another configuration made it.",
            way_out: "Choose another `name`, or let that configuration give it up; the provider block's `owner` \
                      says who this one is.",
            test: "what_stands_in_the_way_of_a_create_is_told",
        },
        Entry {
            summary: "Something of that name exists",
            said: Said::Either,
            phases: &[Phase::Apply],
            cause: "An object of this name is there without a mark of ours.",
            way_out: "Choose another `name`, or remove it.",
            test: "what_stands_in_the_way_of_a_create_is_told",
        },
        Entry {
            summary: "It is being deleted",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "The object of this name is on its way out.",
            way_out: "Apply again when it is gone.",
            test: "what_stands_in_the_way_of_a_create_is_told",
        },
        Entry {
            summary: "It was made anew behind our back",
            said: Said::Either,
            phases: &[Phase::Apply],
            cause: "The object was destroyed and made again by somebody since it was stored.",
            way_out: "Remove the resource from state and import it again; the message holds the import block.",
            test: "an_object_of_another_making_is_not_touched",
        },
        Entry {
            summary: "It is gone",
            said: Said::Either,
            phases: &[Phase::Apply],
            cause: "The object went away between plan and apply.",
            way_out: "Plan again to make it anew.",
            test: "an_object_that_went_between_plan_and_apply_is_told",
        },
        Entry {
            summary: "Create is unfinished",
            said: Said::Warning,
            phases: &[Phase::Read],
            cause: "An earlier create ended before it was done.",
            way_out: "Apply, which carries on; a replacement in the plan destroys nothing that was made.",
            test: "an_unfinished_create_is_told_by_a_read",
        },
        Entry {
            summary: "Destroy is prevented",
            said: Said::Error,
            phases: &[Phase::Plan, Phase::Apply],
            cause: "`deletion_policy` is `prevent`.",
            way_out: "Set `deletion_policy = \"delete\"`, apply, and destroy then.",
            test: "a_deletion_policy_is_obeyed_and_told",
        },
        Entry {
            summary: "Object was forgotten, not removed",
            said: Said::Warning,
            phases: &[Phase::Apply],
            cause: "`deletion_policy` is `detach`: the resource left state and everything that it made is still \
                    there.",
            way_out: "Nothing, if that was meant; otherwise import it again.",
            test: "a_deletion_policy_is_obeyed_and_told",
        },
        Entry {
            summary: "Something will not be as before after the destroy",
            said: Said::Warning,
            phases: &[Phase::Plan],
            cause: "The destroy will leave something behind, or remove something that you did not name.",
            way_out: "Read what it is; to keep everything, set `deletion_policy = \"detach\"`, apply, and destroy \
                      then.",
            test: "what_a_destroy_leaves_is_told_by_its_plan",
        },
        Entry {
            summary: "Update without a stored object",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "Terraform or OpenTofu asked for an update of nothing.",
            way_out: "Run `plan` again; if it stays, report it.",
            test: "an_update_of_nothing_changes_nothing",
        },
        Entry {
            summary: "Application is not applied everywhere in time",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "Flux was still working when the time was over.",
            way_out: "Apply again, which carries on; raise `timeouts`, or set `wait = false`.",
            test: "what_flux_says_is_told_at_its_place",
        },
        Entry {
            summary: "Policy cannot be applied to a cluster",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "Flux cannot apply the manifests of a policy on a member; the message holds what it says.",
            way_out: "Correct the manifests or the cluster; Flux tries again by itself, and so does the next apply.",
            test: "what_flux_says_is_told_at_its_place",
        },
        Entry {
            summary: "Source cannot be fetched",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "Flux on the host cannot fetch the source; the message holds what it says.",
            way_out: "Check the source's `url`, `revision` and credentials, and apply again.",
            test: "what_flux_says_is_told_at_its_place",
        },
        Entry {
            summary: "It is not known which cluster a member is",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "Something is to be removed from a member, and neither the state nor the host's record says which \
                    cluster it is.",
            way_out: "Give the fleet this member again, with its `ref`, and apply; or set `on_unreachable = \
                      \"forget\"` to leave there what is on it.",
            test: "a_member_that_a_failed_update_brought_in_is_cleaned_or_named",
        },
        Entry {
            summary: "Objects remain on a cluster",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "Flux reports the cluster as cleaned, and objects of the application are still there.",
            way_out: "See what holds them, a finalizer as a rule, and apply again.",
            test: "objects_that_no_prune_takes_are_named",
        },
        Entry {
            summary: "Cluster is gone, nothing was removed from it",
            said: Said::Warning,
            phases: &[Phase::Apply],
            cause: "A cluster that leaves is proven gone: another one answers in its place, or its machines answer and have \
                    none.",
            way_out: "Nothing.",
            test: "another_cluster_behind_a_member_is_a_warning_and_then_a_new_member",
        },
        Entry {
            summary: "Cluster was given up with things left on it",
            said: Said::Warning,
            phases: &[Phase::Apply],
            cause: "A cluster that leaves cannot be reached, and `on_unreachable` is `forget`.",
            way_out: "If it comes back, remove what the message lists by hand.",
            test: "a_forgotten_member_is_released_and_what_is_left_there_is_named",
        },
    ],
};

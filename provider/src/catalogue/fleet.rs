//! What fleets say.

use tf_value::catalogue::{Area, Entry, Phase, Said};

/// What is said of fleets alone.
pub(super) const FLEET: Area = Area {
    title: "Fleets",
    about: "What `kurator_fleet` says.",
    entries: &[
        Entry {
            summary: "Not a cluster's reference",
            said: Said::Either,
            phases: &[Phase::Validate, Phase::Read, Phase::Apply],
            cause: "A `ref` or `host` is not the reference of a cluster.",
            way_out: "Pass the `ref` of a cluster, such as `kurator_attached_cluster.NAME.ref`.",
            test: "a_fleet_is_of_references_and_of_each_cluster_once",
        },
        Entry {
            summary: "One cluster is a member twice",
            said: Said::Error,
            phases: &[Phase::Validate, Phase::Apply],
            cause: "Two members lead to the cluster with the same UID.",
            way_out: "Remove one of them, or correct its `ref`.",
            test: "a_fleet_is_of_references_and_of_each_cluster_once",
        },
        Entry {
            summary: "Not a DNS-1123 label",
            said: Said::Either,
            phases: &[Phase::Read, Phase::Apply],
            cause: "A name that is stored, or that was not known before apply, cannot be the name of a Kubernetes \
                    object.",
            way_out: "Use lower-case letters, digits and dashes, beginning and ending with a letter or a digit.",
            test: "what_cannot_be_read_of_a_state_is_told_and_kept",
        },
        Entry {
            summary: "Fleet cannot move to another host",
            said: Said::Either,
            phases: &[Phase::Plan, Phase::Apply],
            cause: "`host` leads to another cluster than the one that carries the fleet.",
            way_out: "Make a fleet on the new host beside this one and move its applications, or set \
                      `allow_replacement = true`.",
            test: "a_move_is_refused_by_the_plan_and_by_the_apply",
        },
        Entry {
            summary: "Flux on the host does not answer",
            said: Said::Either,
            phases: &[Phase::Apply],
            cause: "Flux's custom resources are served, its controllers do not touch a probe object, and the fleet may \
                    not install it again: somebody else did, or `flux.install` is `false`. A create refuses to begin; \
                    later it is a warning.",
            way_out: "Bring its source and kustomize controllers back to life, or remove it with its custom resource \
                      definitions, so that the fleet installs its own.",
            test: "a_flux_of_others_that_does_not_answer_is_told",
        },
        Entry {
            summary: "Fleet was given up with its host",
            said: Said::Warning,
            phases: &[Phase::Apply],
            cause: "The host cannot be reached, and `on_unreachable` is `forget`.",
            way_out: "If the host comes back, remove what the message names by hand.",
            test: "what_is_given_up_with_its_host_is_told",
        },
        Entry {
            summary: "Import id is not a fleet's reference",
            said: Said::Error,
            phases: &[Phase::Import],
            cause: "The id is not of the form of a fleet's reference.",
            way_out: "Write it like `fleet:NAME?host=REF`, with the host's `ref` percent-encoded.",
            test: "an_import_id_says_what_it_looks_like",
        },
        Entry {
            summary: "There is no such fleet",
            said: Said::Error,
            phases: &[Phase::Import],
            cause: "The host carries no fleet of this name that bears our mark.",
            way_out: "Check the name and the host.",
            test: "what_is_not_there_cannot_be_imported",
        },
    ],
};

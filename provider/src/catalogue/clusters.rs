//! What clusters and their kubeconfigs do.

use tf_value::catalogue::{Area, Entry, Phase, Said};

/// Whenever a cluster is asked something.
const ASKED: &[Phase] = &[Phase::Read, Phase::Apply, Phase::Import, Phase::Open];

/// Trouble with a cluster that was asked.
pub(super) const CLUSTERS: Area = Area {
    title: "Clusters",
    about: "Each is told at the attribute that leads to the cluster, and names the cluster and what was being done. \
            A refresh warns and keeps what is in state; an apply, a destroy or an import that needs the cluster \
            stops.",
    entries: &[
        Entry {
            summary: "Cluster cannot be reached",
            said: Said::Either,
            phases: ASKED,
            cause: "Nobody answers at the address in the kubeconfig: refused, reset, no route or no such host.",
            way_out: "Check that the API server runs and that this machine reaches the address; if the cluster is \
                      gone for good, set `on_unreachable = \"forget\"`, apply, and then remove it.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Cluster is busy",
            said: Said::Either,
            phases: ASKED,
            cause: "The API server asks to come back later, as one does whose etcd has no leader.",
            way_out: "Try again in a moment.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Cluster asks for fewer requests",
            said: Said::Either,
            phases: ASKED,
            cause: "The API server limits how much it is asked.",
            way_out: "Try again in a moment, or lower `max_parallel` in the provider block.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Cluster's certificate is not trusted",
            said: Said::Either,
            phases: ASKED,
            cause: "The API server's certificate is not signed by the authority in the kubeconfig, or is for \
                    another name.",
            way_out: "Check `certificate-authority-data` and `server` in the kubeconfig. A cluster on machines proves the address \
                      of the machine.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "A cluster's reference belongs here",
            said: Said::Error,
            phases: &[Phase::Validate, Phase::Read, Phase::Open],
            cause: "`cluster` is not a cluster's reference but, as a rule, a fleet or its target.",
            way_out: "Write `cluster = kurator_attached_cluster.NAME.ref`.",
            test: "what_has_no_credentials_is_told_to_pass_one_clusters_reference",
        },
        Entry {
            summary: "Kubeconfig's credential cannot be passed on",
            said: Said::Error,
            phases: &[Phase::Read, Phase::Open],
            cause: "The kubeconfig signs in with something that other providers do not take: a password, or as somebody else.",
            way_out: "Set `service_account`: then a token of that account is minted.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Kubeconfig is missing",
            said: Said::Either,
            phases: ASKED,
            cause: "The file does not exist or cannot be read, or the environment variable is not set.",
            way_out: "Check `kubeconfig.path` or `kubeconfig.env`; a relative path starts where Terraform runs.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Cluster is on none of its machines",
            said: Said::Either,
            phases: ASKED,
            cause: "Every control-plane machine in the reference answers, and none has `/etc/kubernetes/admin.conf`.",
            way_out: "If the cluster was destroyed, take out what still refers to it; otherwise look why its control \
                      planes lost the file.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Kubeconfig cannot be read",
            said: Said::Either,
            phases: ASKED,
            cause: "The file or variable does not hold a kubeconfig.",
            way_out: "Check it with `kubectl config view --kubeconfig FILE`.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Context is not in the kubeconfig",
            said: Said::Either,
            phases: ASKED,
            cause: "The kubeconfig has no context of that name, or none is set and it has no current one.",
            way_out: "Set `kubeconfig.context` to one that is there.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Kubeconfig does not give a credential",
            said: Said::Either,
            phases: ASKED,
            cause: "A file that the kubeconfig points to is missing, or its exec plugin gave no credential.",
            way_out: "Check those files, and run the exec plugin by hand.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Cluster does not accept the credentials",
            said: Said::Either,
            phases: ASKED,
            cause: "The credentials are wrong, expired or revoked (401).",
            way_out: "Renew them in the kubeconfig.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Not allowed on the cluster",
            said: Said::Either,
            phases: ASKED,
            cause: "The credentials are good and may not do this (403).",
            way_out: "Give the kubeconfig's user the permission that the message names.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Another cluster answers",
            said: Said::Either,
            phases: ASKED,
            cause: "The cluster at this place has another UID than the reference says.",
            way_out: "If it was replaced on purpose, apply: its `kurator_attached_cluster` takes the new one over; \
                      otherwise correct the kubeconfig.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Something is missing on the cluster",
            said: Said::Either,
            phases: ASKED,
            cause: "An object that a step needs was removed in the meantime, or its kind is not served.",
            way_out: "Apply again; if it stays, put back what the message names.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Something of that name exists on the cluster",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "An object of the name that is to be used is there and is not ours.",
            way_out: "Remove it if it is not needed, or choose another name.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Somebody else manages a field of our object",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "Another program or person set a field that the provider sets.",
            way_out: "Let them give it up, or set `force_conflicts = true` to take it over.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Cluster refuses the object",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "The API server or one of its webhooks does not take what was sent.",
            way_out: "Correct what the message names.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Time is over",
            said: Said::Either,
            phases: ASKED,
            cause: "The operation's timeout passed; the message says what was seen last.",
            way_out: "Apply again, which carries on with what is recorded; raise `timeouts` if it needs longer.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Interrupted",
            said: Said::Error,
            phases: &[Phase::Read, Phase::Apply, Phase::Import, Phase::Open],
            cause: "You cancelled, by Ctrl-C as a rule.",
            way_out: "Apply again, which carries on with what is recorded.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
    ],
};

/// What is said of attached clusters alone.
pub(super) const ATTACHED: Area = Area {
    title: "Attached clusters",
    about: "What `kurator_attached_cluster` says.",
    entries: &[
        Entry {
            summary: "Kubeconfig needs one place",
            said: Said::Error,
            phases: &[Phase::Validate, Phase::Apply],
            cause: "Neither or both of `kubeconfig.path` and `kubeconfig.env` are set.",
            way_out: "Set exactly one of them.",
            test: "a_kubeconfig_is_in_one_place",
        },
        Entry {
            summary: "Import id is not a cluster's reference",
            said: Said::Error,
            phases: &[Phase::Import],
            cause: "The id is not of the form of a reference.",
            way_out: "Write it like `file:PATH?context=NAME` or `env:VARIABLE?context=NAME`, with values \
                      percent-encoded.",
            test: "an_import_id_says_what_it_looks_like",
        },
        Entry {
            summary: "Stored reference cannot be read",
            said: Said::Warning,
            phases: &[Phase::Read],
            cause: "The `ref` in state is not a reference: it was edited by hand.",
            way_out: "Apply to renew it.",
            test: "what_cannot_be_read_of_a_state_is_told_and_kept",
        },
    ],
};

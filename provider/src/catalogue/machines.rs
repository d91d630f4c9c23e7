//! What machines and their SSH servers do.

use tf_value::catalogue::{Area, Entry, Phase, Said};

/// Whenever a machine is asked something.
const ASKED: &[Phase] = &[Phase::Read, Phase::Apply, Phase::Import, Phase::Open];

/// Trouble with a machine that was logged in to.
pub(super) const MACHINES: Area = Area {
    title: "Machines",
    about: "Told wherever something is done over SSH, also where a cluster's kubeconfig is fetched from its machines. \
            The message names the machine, and its bastion if that is where it ends. A refresh warns and keeps what \
            is in state.",
    entries: &[
        Entry {
            summary: "Machine's host key is not known",
            said: Said::Either,
            phases: ASKED,
            cause: "Neither `host_key` nor `known_hosts` names the machine, and new keys are not accepted.",
            way_out: "Compare the key in the message with the machine's own on its console, and add it to `known_hosts` or as \
             `host_key`; or set `accept_new_host_keys = true` where the network is trusted.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Machine proves another host key",
            said: Said::Either,
            phases: ASKED,
            cause: "The machine was installed anew, another machine has its address, or somebody stands in between.",
            way_out: "If it was installed anew on purpose, correct `known_hosts` or `host_key`. Otherwise find out who answers.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Machine's host key is revoked",
            said: Said::Either,
            phases: ASKED,
            cause: "`known_hosts` marks the key with `@revoked`.",
            way_out: "Give the machine a new host key, and name that one.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "SSH credential is missing",
            said: Said::Either,
            phases: ASKED,
            cause: "`ssh_credentials` has no entry of that name, its key file cannot be read, or its agent does not answer or \
             holds no key.",
            way_out: "Add the entry to the provider block, or correct its `private_key_path`; `ssh-add -l` shows what the agent \
             holds.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "SSH key cannot be used",
            said: Said::Either,
            phases: ASKED,
            cause: "The private key is not in a form that is read, or of a kind that is not supported.",
            way_out: "Use an ed25519 or ECDSA key. An RSA key works through the agent.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "SSH key is locked",
            said: Said::Either,
            phases: ASKED,
            cause: "The private key is encrypted, and its passphrase is missing or wrong.",
            way_out: "Set `passphrase` beside it, or use the agent.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Machine refuses the login",
            said: Said::Either,
            phases: ASKED,
            cause: "The machine accepts neither the key nor the password for this user.",
            way_out: "Put the public key into the user's `authorized_keys` there, or correct `user`.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "Not allowed to become root on a machine",
            said: Said::Either,
            phases: ASKED,
            cause: "`sudo` is not there, or the user may not run everything with it.",
            way_out: "Let the user run `sudo` there, or log in as root.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "sudo on a machine asks for a password",
            said: Said::Either,
            phases: ASKED,
            cause: "The user may become root only with a password, and the credential has none.",
            way_out: "Set `become_password`, or let the user run `sudo` without a password (`NOPASSWD`).",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "sudo on a machine does not accept the password",
            said: Said::Either,
            phases: ASKED,
            cause: "The credential's `become_password` is not the user's.",
            way_out: "Correct it.",
            test: "trouble_with_a_cluster_is_told_by_its_kind",
        },
        Entry {
            summary: "SSH credential needs one key",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "An entry of `ssh_credentials` has several keys, or neither a key nor a password.",
            way_out: "Set one of `private_key`, `private_key_path` and `agent = true`, or `password`.",
            test: "a_provider_block_that_cannot_be_used_is_told",
        },
    ],
};

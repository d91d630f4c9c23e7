//! What machines and their SSH servers do.

use tf_value::catalogue::{Area, Entry, Phase, Said};

/// Whenever a machine is asked something.
const ASKED: &[Phase] = &[Phase::Read, Phase::Apply, Phase::Import, Phase::Open];

const fn entry(summary: &'static str, cause: &'static str, way_out: &'static str) -> Entry {
    Entry {
        summary,
        said: Said::Either,
        phases: ASKED,
        cause,
        way_out,
        test: "trouble_with_a_cluster_is_told_by_its_kind",
    }
}

/// Trouble with a machine that was logged in to.
pub(super) const MACHINES: Area = Area {
    title: "Machines",
    about: "Told wherever something is done over SSH, also where a cluster's kubeconfig is fetched from its machines. \
            The message names the machine, and its bastion if that is where it ends. A refresh warns and keeps what \
            is in state.",
    entries: &[
        entry(
            "Machine's host key is not known",
            "Neither `host_key` nor `known_hosts` names the machine, and new keys are not accepted.",
            "Compare the key in the message with the machine's own on its console, and add it to `known_hosts` or as \
             `host_key`; or set `accept_new_host_keys = true` where the network is trusted.",
        ),
        entry(
            "Machine proves another host key",
            "The machine was installed anew, another machine has its address, or somebody stands in between.",
            "If it was installed anew on purpose, correct `known_hosts` or `host_key`. Otherwise find out who answers.",
        ),
        entry(
            "Machine's host key is revoked",
            "`known_hosts` marks the key with `@revoked`.",
            "Give the machine a new host key, and name that one.",
        ),
        entry(
            "SSH credential is missing",
            "`ssh_credentials` has no entry of that name, its key file cannot be read, or its agent does not answer or \
             holds no key.",
            "Add the entry to the provider block, or correct its `private_key_path`; `ssh-add -l` shows what the agent \
             holds.",
        ),
        entry(
            "SSH key cannot be used",
            "The private key is not in a form that is read, or of a kind that is not supported.",
            "Use an ed25519 or ECDSA key. An RSA key works through the agent.",
        ),
        entry(
            "SSH key is locked",
            "The private key is encrypted, and its passphrase is missing or wrong.",
            "Set `passphrase` beside it, or use the agent.",
        ),
        entry(
            "Machine refuses the login",
            "The machine accepts neither the key nor the password for this user.",
            "Put the public key into the user's `authorized_keys` there, or correct `user`.",
        ),
        entry(
            "Not allowed to become root on a machine",
            "`sudo` is not there, or the user may not run everything with it.",
            "Let the user run `sudo` there, or log in as root.",
        ),
        entry(
            "sudo on a machine asks for a password",
            "The user may become root only with a password, and the credential has none.",
            "Set `become_password`, or let the user run `sudo` without a password (`NOPASSWD`).",
        ),
        entry(
            "sudo on a machine does not accept the password",
            "The credential's `become_password` is not the user's.",
            "Correct it.",
        ),
    ],
};

//! What the checks of single values say, for readers: `checks` has the words.

use tf_value::catalogue::{Area, Entry, Phase, Said};

/// Values that cannot be used.
pub const VALUES: Area = Area {
    title: "Values of attributes",
    about: "Each is told at its attribute, together with all others, before anybody is asked.",
    entries: &[
        Entry {
            summary: "{what} is not a DNS-1123 label",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "A name or a key becomes part of the name of a Kubernetes object, and it cannot.",
            way_out: "Use lower-case letters, digits and dashes, beginning and ending with a letter or a digit, at \
                      most 63 characters (55 for a fleet).",
            test: "every_value_that_cannot_be_used_is_told_at_its_place",
        },
        Entry {
            summary: "Nothing is in it",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "A map that must hold something is empty.",
            way_out: "Add at least one entry.",
            test: "every_value_that_cannot_be_used_is_told_at_its_place",
        },
        Entry {
            summary: "Not a duration",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "The text is not a duration above zero.",
            way_out: "Write it like `30s`, `10m` or `1h30m`.",
            test: "every_value_that_cannot_be_used_is_told_at_its_place",
        },
        Entry {
            summary: "Git URL cannot be used",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "The URL is not one that Flux fetches from, or it holds credentials.",
            way_out: "Write it like `https://HOST/PATH.git`, with credentials in a Secret named by `secret_name`.",
            test: "every_value_that_cannot_be_used_is_told_at_its_place",
        },
        Entry {
            summary: "Not the URL of an OCI artifact",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "The URL does not begin with `oci://`.",
            way_out: "Write it like `oci://ghcr.io/ORG/NAME`.",
            test: "every_value_that_cannot_be_used_is_told_at_its_place",
        },
        Entry {
            summary: "Not a digest",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "The text is not `sha256:` and 64 hexadecimal digits.",
            way_out: "Copy the digest from the registry.",
            test: "every_value_that_cannot_be_used_is_told_at_its_place",
        },
        Entry {
            summary: "Not a count of at least one",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "The number is below one or not whole.",
            way_out: "Write a whole number, 1 or more, or remove the attribute for its default.",
            test: "every_value_that_cannot_be_used_is_told_at_its_place",
        },
        Entry {
            summary: "Not a count",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "The number is negative or not whole.",
            way_out: "Write a whole number, 0 or more.",
            test: "a_policy_needs_one_content_and_values_a_mapping",
        },
        Entry {
            summary: "Lifetime is too short",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "A token is to live for less than ten minutes, which no API server gives.",
            way_out: "Write `10m` or more.",
            test: "lifetimes_and_dotted_names",
        },
        Entry {
            summary: "Not a name that Kubernetes takes",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "The name is not a DNS-1123 subdomain.",
            way_out: "Use lower-case letters, digits, dashes and dots, at most 253 characters.",
            test: "lifetimes_and_dotted_names",
        },
        Entry {
            summary: "Not a mapping in YAML",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "`values` is not YAML, or its top is not a mapping.",
            way_out: "Write `yamlencode({ KEY = VALUE })`.",
            test: "a_policy_needs_one_content_and_values_a_mapping",
        },
        Entry {
            summary: "Not a Kubernetes label",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "A key or a value of `labels` or `match_labels` cannot be a label.",
            way_out: "Use at most 63 letters, digits, dashes, underscores and dots, beginning and ending with a letter \
                      or a digit.",
            test: "every_value_that_cannot_be_used_is_told_at_its_place",
        },
        Entry {
            summary: "Not one of the possible values",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "The attribute takes one of a few words, and this is another.",
            way_out: "Write one of the words that the message lists.",
            test: "every_value_that_cannot_be_used_is_told_at_its_place",
        },
    ],
};

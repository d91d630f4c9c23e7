//! What the framework itself says, for readers: `complaints` has the words.

use tf_value::catalogue::{Area, Entry, Phase, Said};

/// Phases that hand the provider an object or a configuration of a type.
const EVERYWHERE: &[Phase] = &[
    Phase::Validate,
    Phase::Plan,
    Phase::Read,
    Phase::Apply,
    Phase::Import,
    Phase::Open,
    Phase::List,
    Phase::Invoke,
];

/// What is wrong with a configuration whatever the resource.
pub const CONFIGURATION: Area = Area {
    title: "Attributes and changes",
    about: "Rules that hold for every resource: what may be set, and what may change.",
    entries: &[
        Entry {
            summary: "Required attribute has no value",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "An attribute that needs a value has none, or its value turned out to be null.",
            way_out: "Give it a value.",
            test: "all_problems_are_found_with_their_places",
        },
        Entry {
            summary: "Attribute cannot be configured",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "An attribute that the provider sets is in the configuration.",
            way_out: "Remove it.",
            test: "all_problems_are_found_with_their_places",
        },
        Entry {
            summary: "Element is null",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "An element of a map, list or set of objects is null.",
            way_out: "Give it a value, or leave it out with an `if` in the `for` expression that makes it.",
            test: "a_null_element_is_refused",
        },
        Entry {
            summary: "Write-only attribute is not supported here",
            said: Said::Error,
            phases: &[Phase::Validate],
            cause: "The program that runs the provider would store a value that must not be stored.",
            way_out: "Use Terraform 1.11 or OpenTofu 1.11 or later, or remove the attribute.",
            test: "a_write_only_value_needs_a_client_that_does_not_store_it",
        },
        Entry {
            summary: "Attribute is deprecated",
            said: Said::Warning,
            phases: &[Phase::Validate],
            cause: "The attribute works and will go in a later version.",
            way_out: "Use what the message names instead.",
            test: "all_problems_are_found_with_their_places",
        },
        Entry {
            summary: "Value cannot be used",
            said: Said::Error,
            phases: EVERYWHERE,
            cause: "A value has the right type and cannot be taken, such as a fraction where something is counted.",
            way_out: "Give the attribute that the message names another value.",
            test: "a_value_that_the_model_cannot_read_is_an_error",
        },
        Entry {
            summary: "Attribute cannot be changed",
            said: Said::Error,
            phases: &[Phase::Plan, Phase::Apply],
            cause: "Another value of this attribute needs another object, and objects are not replaced unasked.",
            way_out: "Do what the message says, which never destroys first, or set `allow_replacement = true`.",
            test: "a_refused_change_names_the_way_out",
        },
        Entry {
            summary: "Attribute cannot be changed, and its value is not known yet",
            said: Said::Warning,
            phases: &[Phase::Plan],
            cause: "The value comes out of the same run and may be another than the stored one.",
            way_out: "Apply: if the value turns out the same all is well, otherwise the object is left as it is and \
                      the apply says so.",
            test: "a_refused_change_that_may_be_none_is_decided_when_it_is_known",
        },
    ],
};

/// What is wrong with what is stored or asked for.
pub const STORED: Area = Area {
    title: "State, imports and requests",
    about: "What Terraform or OpenTofu hands over besides a configuration: stored objects, identities, imports, moves.",
    entries: &[
        Entry {
            summary: "Stored state is newer than the provider",
            said: Said::Error,
            phases: &[Phase::Read],
            cause: "A later version of the provider wrote this state.",
            way_out: "Use the version that wrote it, or a later one.",
            test: "a_stored_state_is_brought_into_the_present_shape",
        },
        Entry {
            summary: "Stored state has an unknown version",
            said: Said::Error,
            phases: &[Phase::Read],
            cause: "The state is so old that this version of the provider does not know its shape any more.",
            way_out: "Apply once with a version in between, or import the object anew.",
            test: "a_state_of_a_version_that_nobody_upgrades_is_refused",
        },
        Entry {
            summary: "Stored state cannot be read",
            said: Said::Error,
            phases: &[Phase::Read],
            cause: "The stored object is damaged, or was edited into another shape.",
            way_out: "Restore the state from a backup, or remove the object from it and import it.",
            test: "a_stored_state_is_brought_into_the_present_shape",
        },
        Entry {
            summary: "Stored state is too old",
            said: Said::Error,
            phases: &[Phase::Read],
            cause: "The state has the form used before Terraform 0.12.",
            way_out: "Remove the object from the state and import it.",
            test: "a_stored_state_is_brought_into_the_present_shape",
        },
        Entry {
            summary: "Stored identity has an unknown version",
            said: Said::Error,
            phases: &[Phase::Read],
            cause: "The stored identity is so old that this version of the provider does not know its shape any more.",
            way_out: "Apply once with a version in between, or import the object anew.",
            test: "an_identity_of_a_version_that_nobody_upgrades_is_refused",
        },
        Entry {
            summary: "Resource has no identity",
            said: Said::Error,
            phases: &[Phase::Read, Phase::Import],
            cause: "An identity was given for a resource that has none.",
            way_out: "Import it by its id.",
            test: "a_stored_identity_is_read_even_if_there_was_none",
        },
        Entry {
            summary: "Import needs an id",
            said: Said::Error,
            phases: &[Phase::Import],
            cause: "Neither an id nor an identity came with the import, or the id is empty.",
            way_out: "Give `id` or `identity` in the `import` block.",
            test: "an_import_fills_in_defaults_and_drops_secrets",
        },
        Entry {
            summary: "Resource cannot be moved to this type",
            said: Said::Error,
            phases: &[Phase::Plan],
            cause: "A `moved` block leads from a resource of another type that this one cannot be made of.",
            way_out: "Import the object, and take the old one out of the state with a `removed` block.",
            test: "what_cannot_be_moved_is_refused_with_a_way_out",
        },
        Entry {
            summary: "Provider has no such {kind}",
            said: Said::Error,
            phases: EVERYWHERE,
            cause: "The configuration or the state names a type that this version of the provider does not have.",
            way_out: "Check the spelling and the provider's version constraint, and run `init -upgrade` if the type \
                      is from a newer version.",
            test: "an_unknown_type_and_malformed_bytes_are_errors",
        },
        Entry {
            summary: "Request cannot be read",
            said: Said::Error,
            phases: EVERYWHERE,
            cause: "What Terraform or OpenTofu sent does not have the shape of the provider's schema.",
            way_out: "Run `init -upgrade`, so that both go by one schema; if it stays, report it.",
            test: "an_unknown_type_and_malformed_bytes_are_errors",
        },
    ],
};

/// What is the provider's fault.
pub const FAULTS: Area = Area {
    title: "Faults of the provider",
    about: "The provider checks its own answers before Terraform does. None of these is your configuration's fault; \
            what exists is recorded in state as far as it is known. Please report them.",
    entries: &[
        Entry {
            summary: "Provider crashed",
            said: Said::Error,
            phases: EVERYWHERE,
            cause: "The provider stopped in the middle of a request; requests beside it go on.",
            way_out: "Report it with the provider's log; then apply again, which carries on with what is recorded.",
            test: "a_panic_after_save_keeps_what_was_saved",
        },
        Entry {
            summary: "Provider planned what it may not",
            said: Said::Error,
            phases: &[Phase::Plan, Phase::Open],
            cause: "A planned value contradicts the configuration.",
            way_out: "Report it; nothing was changed.",
            test: "what_terraform_would_refuse_is_told_as_a_fault_of_the_provider",
        },
        Entry {
            summary: "Provider made something other than planned",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "What was made differs from what was planned.",
            way_out: "Report it; what exists is in state, and the next plan shows what would change.",
            test: "what_terraform_would_object_to_is_told_as_a_fault_and_stored",
        },
        Entry {
            summary: "Provider left a value unknown",
            said: Said::Error,
            phases: &[Phase::Read, Phase::Apply, Phase::Open],
            cause: "A value that must be known by then is not.",
            way_out: "Report it; the value is stored as null.",
            test: "what_terraform_would_object_to_is_told_as_a_fault_and_stored",
        },
        Entry {
            summary: "Provider returned a value of another shape",
            said: Said::Error,
            phases: EVERYWHERE,
            cause: "A value is not of the type that the schema promises.",
            way_out: "Report it; the value is stored as null.",
            test: "a_value_of_another_shape_is_told_as_a_fault",
        },
        Entry {
            summary: "Provider returned nothing",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "A create or an update ended without an error and without an object.",
            way_out: "Report it; look whether the object exists, and import it if it does.",
            test: "what_terraform_would_object_to_is_told_as_a_fault_and_stored",
        },
        Entry {
            summary: "Provider returned no object",
            said: Said::Error,
            phases: &[Phase::Plan, Phase::Import],
            cause: "An import or a `moved` block came to nothing without an error.",
            way_out: "Report it; nothing was changed.",
            test: "what_cannot_be_moved_is_refused_with_a_way_out",
        },
        Entry {
            summary: "Provider listed an object without its identity",
            said: Said::Error,
            phases: &[Phase::List],
            cause: "An object was found for a `list` block, and not what it is imported by.",
            way_out: "Report it; until then import the object by its id.",
            test: "an_object_without_what_it_must_have_is_a_fault_of_the_provider",
        },
        Entry {
            summary: "Provider listed less than was asked for",
            said: Said::Error,
            phases: &[Phase::List],
            cause: "A `list` block asks for whole objects, and one came without its attributes.",
            way_out: "Report it; until then set `include_resource = false`.",
            test: "an_object_without_what_it_must_have_is_a_fault_of_the_provider",
        },
        Entry {
            summary: "Provider returned an object after deleting it",
            said: Said::Error,
            phases: &[Phase::Apply],
            cause: "A delete ended without an error and left an object.",
            way_out: "Report it; the object stays in state.",
            test: "a_delete_that_fails_keeps_the_object",
        },
    ],
};

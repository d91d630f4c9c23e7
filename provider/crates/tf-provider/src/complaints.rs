//! Everything the framework itself says to users. Resources say their own things in their own modules.
//!
//! None of these texts holds a value: the framework does not know which values are secret enough to keep quiet.

use std::any::Any;

use tf_value::attribute::Complaint;
use tf_value::diagnostic::Diagnostic;
use tf_value::msgpack::Malformed;
use tf_value::path::Path;

/// What every message about the provider's own faults ends with.
const REPORT: &str = "This is a fault in the provider, not in your configuration. Please report it.";

/// A place and what is wrong there, found by one of the framework's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where.
    pub(crate) path: Path,
    /// What: the end of a sentence that begins with the attribute.
    pub(crate) problem: String,
}

impl Fault {
    pub(crate) fn new(path: &Path, problem: impl Into<String>) -> Self {
        Self { path: path.clone(), problem: problem.into() }
    }

    /// As a sentence with its subject.
    fn sentence(&self) -> String {
        if self.path.is_root() {
            format!("The object {}.", self.problem)
        } else {
            format!("`{}` {}.", self.path, self.problem)
        }
    }
}

/// At a path, unless it is the root: Terraform has no place to show for that.
fn placed(diagnostic: Diagnostic, path: &Path) -> Diagnostic {
    if path.is_root() { diagnostic } else { diagnostic.at(path.clone()) }
}

// ---- Configuration ------------------------------------------------------------------------------------------------

pub(crate) fn missing(path: &Path) -> Diagnostic {
    let detail = format!("`{path}` has no value, and it needs one.\n\nGive it a value.");
    placed(Diagnostic::error("Required attribute has no value", detail), path)
}

pub(crate) fn set_by_the_provider(path: &Path) -> Diagnostic {
    let detail = format!("`{path}` is set by the provider and cannot be configured.\n\nRemove it.");
    placed(Diagnostic::error("Attribute cannot be configured", detail), path)
}

pub(crate) fn null_element(path: &Path) -> Diagnostic {
    let detail = format!(
        "`{path}` is null, and an object is wanted there.\n\nGive it a value, or leave the element out (for \
         example with a `for` expression that has an `if`)."
    );
    placed(Diagnostic::error("Element is null", detail), path)
}

pub(crate) fn write_only_not_supported(path: &Path) -> Diagnostic {
    let detail = format!(
        "`{path}` is write-only: it is never stored. The program that runs this provider would store it.\n\nUse \
         Terraform 1.11 or OpenTofu 1.11 or later, or remove the attribute."
    );
    placed(Diagnostic::error("Write-only attribute is not supported here", detail), path)
}

pub(crate) fn deprecated(path: &Path, instead: &str) -> Diagnostic {
    placed(Diagnostic::warning("Attribute is deprecated", format!("`{path}`: {instead}")), path)
}

pub(crate) fn failed_check(path: &Path, complaint: Complaint) -> Diagnostic {
    placed(Diagnostic::error(complaint.summary, complaint.detail), path)
}

/// A model that cannot read what the schema lets through, such as a fraction where it counts things.
pub(crate) fn unusable_value(type_name: &str, problem: &str) -> Diagnostic {
    let detail = format!("{problem}.\n\nGive it a value that `{type_name}` can use.");
    Diagnostic::error("Value cannot be used", detail)
}

// ---- Requests -----------------------------------------------------------------------------------------------------

pub(crate) fn no_such_type(kind: &str, type_name: &str) -> Diagnostic {
    let detail = format!(
        "This version of the provider has no {kind} `{type_name}`.\n\nCheck the spelling and the version \
         constraint of the provider; if the {kind} is from a newer version, run `init -upgrade`."
    );
    Diagnostic::error(format!("Provider has no such {kind}"), detail)
}

pub(crate) fn malformed(what: &str, malformed: &Malformed) -> Diagnostic {
    let detail = format!(
        "The {what} in the request cannot be read: {malformed}.\n\nTerraform read the provider's schema \
         differently than the provider does. Please report it."
    );
    placed(Diagnostic::error("Request cannot be read", detail), &malformed.path)
}

pub(crate) fn misshapen(what: &str, problem: &str) -> Diagnostic {
    let detail = format!("The {what} in the request {problem}. Please report it.");
    Diagnostic::error("Request cannot be read", detail)
}

// ---- Stored things ------------------------------------------------------------------------------------------------

pub(crate) fn unknown_state_version(type_name: &str, version: u32) -> Diagnostic {
    let detail = format!(
        "The state of this `{type_name}` was written under schema version {version}, which this version of the \
         provider cannot read.\n\nApply once with a version of the provider in between, or import the object anew."
    );
    Diagnostic::error("Stored state has an unknown version", detail)
}

pub(crate) fn newer_state_version(type_name: &str, version: i64, newest: u32) -> Diagnostic {
    let detail = format!(
        "The state of this `{type_name}` was written under schema version {version}; this version of the provider \
         knows versions up to {newest}.\n\nUse the version of the provider that wrote it, or a later one."
    );
    Diagnostic::error("Stored state is newer than the provider", detail)
}

pub(crate) fn unreadable_state(type_name: &str, problem: &str) -> Diagnostic {
    let detail = format!(
        "The stored state of this `{type_name}` cannot be read: {problem}.\n\nRestore the state from a backup, or \
         remove the object from the state and import it."
    );
    Diagnostic::error("Stored state cannot be read", detail)
}

pub(crate) fn flatmap_state(type_name: &str) -> Diagnostic {
    let detail = format!(
        "The stored state of this `{type_name}` has the form used before Terraform 0.12.\n\nRemove the object from \
         the state and import it."
    );
    Diagnostic::error("Stored state is too old", detail)
}

pub(crate) fn no_identity(type_name: &str) -> Diagnostic {
    let detail = format!("`{type_name}` has no identity.\n\nImport it by its id.");
    Diagnostic::error("Resource has no identity", detail)
}

pub(crate) fn unknown_identity_version(type_name: &str, version: u32) -> Diagnostic {
    let detail = format!(
        "The stored identity of this `{type_name}` has version {version}, which this version of the provider cannot \
         read.\n\nApply once with a version of the provider in between, or import the object anew."
    );
    Diagnostic::error("Stored identity has an unknown version", detail)
}

pub(crate) fn newer_identity_version(type_name: &str, version: i64, newest: u32) -> Diagnostic {
    let detail = format!(
        "The identity of this `{type_name}` was stored under version {version}; this version of the provider knows \
         versions up to {newest}.\n\nUse the version of the provider that wrote it, or a later one."
    );
    Diagnostic::error("Stored identity is newer than the provider", detail)
}

pub(crate) fn unreadable_identity(type_name: &str, problem: &str) -> Diagnostic {
    let detail = format!(
        "The stored identity of this `{type_name}` cannot be read: {problem}.\n\nRemove the object from the state and \
         import it by its id."
    );
    Diagnostic::error("Stored identity cannot be read", detail)
}

pub(crate) fn nothing_to_import_by(type_name: &str) -> Diagnostic {
    let detail = format!("To import `{type_name}`, give its id or its identity.");
    Diagnostic::error("Import needs an id", detail)
}

pub(crate) fn cannot_move(source: &str, provider: &str, target: &str) -> Diagnostic {
    let detail = format!(
        "A `{source}` of `{provider}` cannot become a `{target}`.\n\nImport the object instead of moving it, and \
         take the old one out of the state with a `removed` block."
    );
    Diagnostic::error("Resource cannot be moved to this type", detail)
}

// ---- Plans --------------------------------------------------------------------------------------------------------

pub(crate) fn refused(path: &Path, way_out: &str) -> Diagnostic {
    let detail = format!(
        "`{path}` cannot be changed in place: another value needs another object. Nothing was \
         changed.\n\n{way_out}"
    );
    placed(Diagnostic::error("Attribute cannot be changed", detail), path)
}

pub(crate) fn perhaps_refused(path: &Path, way_out: &str) -> Diagnostic {
    let detail = format!(
        "`{path}` will be known only during apply. It cannot be changed in place, so if its value turns out \
         different from the stored one, the apply of this object is refused before anything is done.\n\n{way_out}"
    );
    placed(Diagnostic::warning("Attribute cannot be changed, and its value is not known yet", detail), path)
}

// ---- Faults of the provider ---------------------------------------------------------------------------------------

pub(crate) fn planned_wrongly(type_name: &str, fault: &Fault) -> Diagnostic {
    let detail = format!("{} That was planned for `{type_name}`.\n\n{REPORT}", fault.sentence());
    placed(Diagnostic::error("Provider planned what it may not", detail), &fault.path)
}

pub(crate) fn applied_otherwise(type_name: &str, fault: &Fault) -> Diagnostic {
    let detail = format!(
        "{} `{type_name}` was planned otherwise.\n\nWhat exists is recorded in the state.\n\n{REPORT}",
        fault.sentence()
    );
    placed(Diagnostic::error("Provider made something other than planned", detail), &fault.path)
}

pub(crate) fn left_unknown(type_name: &str, path: &Path) -> Diagnostic {
    let fault = Fault::new(path, "is still not known");
    let detail = format!(
        "{} All of `{type_name}` must be known now. It is stored as null.\n\n{REPORT}",
        fault.sentence()
    );
    placed(Diagnostic::error("Provider left a value unknown", detail), path)
}

pub(crate) fn misfit(type_name: &str, fault: &Fault) -> Diagnostic {
    let detail = format!("{} So says the schema of `{type_name}`.\n\n{REPORT}", fault.sentence());
    placed(Diagnostic::error("Provider returned a value of another shape", detail), &fault.path)
}

pub(crate) fn nothing_returned(type_name: &str) -> Diagnostic {
    let detail = format!("`{type_name}` was applied without an error, and no object came of it.\n\n{REPORT}");
    Diagnostic::error("Provider returned nothing", detail)
}

pub(crate) fn nothing_found(type_name: &str) -> Diagnostic {
    let detail = format!("An object of type `{type_name}` was to be given back, and it is null.\n\n{REPORT}");
    Diagnostic::error("Provider returned no object", detail)
}

pub(crate) fn listed_without_identity(type_name: &str, name: &str) -> Diagnostic {
    let detail = format!("`{type_name}` lists `{name}` without a whole identity.\n\n{REPORT}");
    Diagnostic::error("Provider listed an object without its identity", detail)
}

pub(crate) fn listed_without_object(type_name: &str, name: &str) -> Diagnostic {
    let detail = format!("`{type_name}` lists `{name}` without the object that was asked for.\n\n{REPORT}");
    Diagnostic::error("Provider listed less than was asked for", detail)
}

pub(crate) fn still_there(type_name: &str) -> Diagnostic {
    let detail = format!(
        "`{type_name}` was deleted without an error, and an object is left. It stays in the state.\n\n{REPORT}"
    );
    Diagnostic::error("Provider returned an object after deleting it", detail)
}

/// A panic in a handler. What it said is repeated only if it is a fixed text: a formatted one may hold values.
pub(crate) fn panicked(rpc: &str, payload: &(dyn Any + Send)) -> Diagnostic {
    let said = payload
        .downcast_ref::<&'static str>()
        .map_or_else(|| "The provider's log has the details.".to_owned(), |text| format!("It said: {text}."));
    let detail = format!(
        "The provider stopped in the middle of {rpc}. {said}\n\nWhat it had recorded by then is in the state; \
         something may exist that is not.\n\n{REPORT}"
    );
    Diagnostic::error("Provider crashed", detail)
}

//! What forbids making something, in words.

use planning::refusal::Refusal;
use tf_value::diagnostic::{Diagnostic, Severity};
use tf_value::path::Path;

/// What stands in the place of what is to be made forbids it. `import` is the block to write; `place` is where the
/// object is looked for, in words.
pub(crate) fn refusal(refusal: &Refusal, what: &str, place: &str, import: &str) -> Diagnostic {
    let (summary, detail) = match refusal {
        Refusal::Finished { .. } => (
            "It exists already",
            // A provider killed after the last call of a create leaves a finished object. With `create_before_destroy`
            // its address still holds the old one, and an import needs it free.
            format!(
                "{what} is on {place} and finished.\n\nTo manage it here, import it:\n\n{import}\n\nIf an interrupted \
                 `create_before_destroy` made it, its address still holds the object that it replaces. Move that one \
                 away first, with `terraform state mv` to an address that is not in the configuration; the apply that \
                 imports then destroys it."
            ),
        ),
        Refusal::SomebodyElses { mark } => (
            "It belongs to another owner",
            format!(
                "{what} is on {place} and was made by owner `{}`.\n\nChoose another `name`, or let that configuration \
                 give it up. Which owner this configuration is, the provider block's `owner` says. A replacement with \
                 `create_before_destroy` needs another `name`, too.",
                mark.owner
            ),
        ),
        Refusal::Unmarked => (
            "Something of that name exists",
            format!(
                "{what} is on {place} and bears no mark of ours.\n\nChoose another `name`, or remove it."
            ),
        ),
        Refusal::BeingDeleted => (
            "It is being deleted",
            format!("{what} on {place} is being deleted.\n\nApply again when it is gone."),
        ),
        Refusal::AnotherIncarnation { mark } => (
            "It was made anew behind our back",
            format!(
                "{what} on {place} bears incarnation `{}`, not the stored one: it was destroyed and made again by \
                 somebody.\n\nRemove this resource from state and import it again:\n\n{import}",
                mark.incarnation
            ),
        ),
        Refusal::Gone => {
            ("It is gone", format!("{what} is not on {place} any more.\n\nPlan again to make it anew."))
        }
    };
    Diagnostic::error(summary, detail).at(Path::to("name"))
}

/// A refusal that the plan leaves to the apply. That another cluster answers at an address is nobody's wish: a plan that
/// failed would hold up what has nothing to do with it, and a destroy, too.
pub(crate) fn refused_by_apply(mut refused: Diagnostic) -> Diagnostic {
    refused.severity = Severity::Warning;
    refused.detail.push_str("\n\nThe apply refuses this object and does the rest.");
    refused
}

/// The import block for an object.
pub(crate) fn import_block(kind: &str, id: &str) -> String {
    format!("import {{\n  to = {kind}.NAME\n  id = {id:?}\n}}")
}

//! Diagnostics and paths in messages.

use tf_value::diagnostic::{Diagnostic, Diagnostics, Severity};
use tf_value::path::{Path, Step};

use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::attribute_path::step::Selector;

/// All of `diagnostics`, in their order.
pub(super) fn encode(diagnostics: Diagnostics) -> Vec<pb::Diagnostic> {
    diagnostics.into_iter().map(encode_one).collect()
}

fn encode_one(diagnostic: Diagnostic) -> pb::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => pb::diagnostic::Severity::Error,
        Severity::Warning => pb::diagnostic::Severity::Warning,
    };
    pb::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
        attribute: diagnostic.path.filter(|path| !path.is_root()).as_ref().map(path),
    }
}

/// A path.
pub(super) fn path(path: &Path) -> pb::AttributePath {
    let steps = path.steps().iter().map(|step| pb::attribute_path::Step {
        selector: Some(match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        }),
    });
    pb::AttributePath { steps: steps.collect() }
}

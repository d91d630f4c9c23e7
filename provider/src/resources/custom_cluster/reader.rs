//! Reading values of a model: what cannot be used is kept with its place, and reading goes on.

use std::collections::BTreeMap;
use std::fmt::Display;

use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

/// What was read so far that cannot be used.
#[derive(Default)]
pub(super) struct Reader {
    problems: Diagnostics,
}

impl Reader {
    /// The value of a text that is set, as `parse` reads it.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        value: &Value<String>,
        at: &Path,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = value.known()?;
        self.of(text, at, parse(text))
    }

    /// The same for a value that must be set.
    pub(super) fn required<T, E: Display>(
        &mut self,
        value: &Value<String>,
        at: &Path,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if value.known().is_none() {
            self.problem("nothing", at, "it has no value");
        }
        self.parsed(value, at, parse)
    }

    /// What was read of `text`.
    pub(super) fn of<T, E: Display>(&mut self, text: &str, at: &Path, read: Result<T, E>) -> Option<T> {
        read.map_err(|problem| self.problem(text, at, problem)).ok()
    }

    /// Keeps that `text` cannot be used.
    pub(super) fn problem(&mut self, text: &str, at: &Path, problem: impl Display) {
        self.problems.push(
            Diagnostic::error(
                "Value is not of its form",
                format!(
                    "`{at}` is `{text}`: {problem}.\n\nCorrect it. If it comes out of the state, correct the configuration \
                     and apply."
                ),
            )
            .at(at.clone()),
        );
    }

    /// `value`, if everything was good.
    ///
    /// # Errors
    ///
    /// Everything that cannot be used.
    pub(super) fn done<T>(self, value: Option<T>) -> Result<T, Diagnostics> {
        match value {
            Some(value) if !self.problems.has_error() => Ok(value),
            _ => Err(self.problems),
        }
    }
}

/// The known texts of a list or a set.
pub(super) fn texts(value: &Value<Vec<Value<String>>>) -> impl Iterator<Item = &String> {
    value.known().into_iter().flatten().filter_map(Value::known)
}

/// The known entries of a map.
pub(super) fn entries<T>(value: &Value<BTreeMap<String, Value<T>>>) -> impl Iterator<Item = (&String, &T)> {
    value.known().into_iter().flatten().filter_map(|(key, value)| Some((key, value.known()?)))
}

/// A document that is set.
pub(super) fn document(value: &Value<String>) -> Option<domain::node_setup::YamlText> {
    value.known().cloned().map(domain::node_setup::YamlText)
}

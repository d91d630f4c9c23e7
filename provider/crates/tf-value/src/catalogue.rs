//! What diagnostics there are, for readers: each with its cause, its way out and the test that provokes it.
//!
//! Whoever says a diagnostic has its entry. The docs' tables are written from the entries, and `xtask diagnostics`
//! compares them with the sources, so a summary in one place and not in the other is found.

/// Diagnostics that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// What they are about, as a heading.
    pub title: &'static str,
    /// What they have in common, in a sentence or two.
    pub about: &'static str,
    /// The diagnostics, in the order of the table.
    pub entries: &'static [Entry],
}

/// One diagnostic.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The summary exactly as it is written where the diagnostic is made, with its `{holes}`.
    pub summary: &'static str,
    /// How bad it is.
    pub said: Said,
    /// Where it can come up.
    pub phases: &'static [Phase],
    /// Why it comes up, in a sentence.
    pub cause: &'static str,
    /// What to do, in a sentence.
    pub way_out: &'static str,
    /// The name of the test that provokes it.
    pub test: &'static str,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The run cannot go on with the object.
    Error,
    /// The run goes on.
    Warning,
    /// An error where something must be done, a warning where state can be kept.
    Either,
}

/// Where a diagnostic can come up, as users see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `validate`, and the first step of everything else.
    Validate,
    /// `plan`, without the refresh.
    Plan,
    /// A refresh, also the one of a plan, and a data source.
    Read,
    /// `apply` and `destroy`.
    Apply,
    /// An `import` block or the `import` command.
    Import,
    /// The opening of an ephemeral resource.
    Open,
    /// A `list` block, under `query`.
    List,
    /// An action.
    Invoke,
}

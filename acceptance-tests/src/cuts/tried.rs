//! What came of cuts, as a table.

use std::fmt::Write as _;

/// How an operation is ended in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The request does not arrive.
    Before,
    /// It is carried out, and the provider does not learn of it.
    After,
    /// It is carried out, and the provider is killed before it learns of it.
    Kill,
    /// Ctrl-C while it is carried out.
    Interrupt,
    /// Ctrl-C twice while it is carried out.
    SecondInterrupt,
}

impl End {
    /// The ways to cut a request.
    pub const CUTS: [Self; 3] = [Self::Before, Self::After, Self::Kill];
    /// The ways of a person.
    pub const INTERRUPTS: [Self; 2] = [Self::Interrupt, Self::SecondInterrupt];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Kill => "kill",
            Self::Interrupt => "Ctrl-C",
            Self::SecondInterrupt => "second Ctrl-C",
        }
    }
}

/// What came of one cut.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// The next apply went through, by itself or after the import that it asked for.
    pub resumed: bool,
    /// It asked for an import.
    pub by_import: bool,
    /// After it there was nothing to do and nothing to refresh.
    pub converged: bool,
    /// What was deleted that an uncut run does not delete.
    pub extra_deletes: Vec<String>,
    /// What was left after everything was destroyed.
    pub left_over: Vec<String>,
    /// What went wrong, with the words of the host.
    pub trouble: Vec<String>,
}

/// The sum for one operation on one resource under one host.
#[derive(Clone, Debug)]
pub struct Row {
    /// The operation.
    pub operation: String,
    /// The resource.
    pub resource: String,
    /// The host.
    pub host: String,
    /// How many mutating requests the uncut run made.
    pub requests: usize,
    /// What came of them.
    pub tried: Vec<Tried>,
}

/// The head of the table, as Markdown.
pub const HEAD: &str = "\
| operation | resource | host | mutating requests | cuts tried | resumed | of these by import | converged | extra deletes | left over |
| --- | --- | --- | --: | --: | --: | --: | --: | --: | --: |
";

impl Row {
    fn count(&self, what: impl Fn(&Tried) -> usize) -> usize {
        self.tried.iter().map(what).sum()
    }

    /// The line of the table.
    pub fn line(&self) -> String {
        let Self { operation, resource, host, requests, tried, .. } = self;
        let (tried, resumed) = (tried.len(), self.count(|it| it.resumed.into()));
        let (by_import, converged) =
            (self.count(|it| it.by_import.into()), self.count(|it| it.converged.into()));
        let (extra, left) = (self.count(|it| it.extra_deletes.len()), self.count(|it| it.left_over.len()));
        format!(
            "| {operation} | {resource} | {host} | {requests} | {tried} | {resumed} | {by_import} | {converged} | \
             {extra} | {left} |\n"
        )
    }

    /// All that is not as it has to be.
    pub fn trouble(&self) -> String {
        let mut text = String::new();
        let place = format!("{} of a {} under {}", self.operation, self.resource, self.host);
        for tried in &self.tried {
            let lines = tried
                .trouble
                .iter()
                .cloned()
                .chain(tried.extra_deletes.iter().map(|path| format!("deleted in excess: {path}")))
                .chain(tried.left_over.iter().map(|key| format!("left over: {key}")));
            for line in lines {
                let _ = writeln!(text, "{place}: {line}");
            }
            if !(tried.resumed && tried.converged) && tried.trouble.is_empty() {
                let _ = writeln!(text, "{place}: not resumed or not converged");
            }
        }
        text
    }
}

//! Scripts for a POSIX shell, run as root if nothing else is said, sent over standard input.
//!
//! The shell text is in the files of `sh/`, which have no holes: what differs from call to call comes in as variables,
//! quoted here, and as functions that print a file. A whole script is one brace group: a shell reads it to its end
//! before it runs the first line of it, so a connection that drops in mid-way runs nothing.

use std::fmt::Write as _;

/// What every script begins with, the functions that all share.
const PRELUDE: &str = include_str!("sh/prelude.sh");

/// A file that a script writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Absolute path.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// What is in it; ends in a new line.
    pub content: String,
}

impl File {
    /// A file that everybody may read.
    pub fn readable(path: impl Into<String>, content: impl Into<String>) -> Self {
        Self { path: path.into(), mode: 0o644, content: content.into() }
    }
}

/// Whether a script, or what it prints, holds a secret.
///
/// Whoever runs it keeps such a text out of logs and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Nothing secret in either.
    Plain,
    /// The script's text holds a secret.
    Text,
    /// What it prints on standard output holds a secret.
    Output,
}

/// A script, ready to be rendered.
#[derive(Clone)]
pub struct Script {
    name: &'static str,
    body: &'static str,
    definitions: String,
    secrecy: Secrecy,
}

impl std::fmt::Debug for Script {
    /// The name alone: the text may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script")
            .field("name", &self.name)
            .field("secrecy", &self.secrecy)
            .finish_non_exhaustive()
    }
}

impl Script {
    /// A script called `name`, for people and logs, that runs `body`.
    pub(crate) fn new(name: &'static str, body: &'static str) -> Self {
        Self { name, body, definitions: String::new(), secrecy: Secrecy::Plain }
    }

    /// What it is called, as in `prepare`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it holds a secret.
    pub fn secrecy(&self) -> Secrecy {
        self.secrecy
    }

    /// The same script, marked as holding a secret.
    pub(crate) fn secret(self, secrecy: Secrecy) -> Self {
        Self { secrecy, ..self }
    }

    /// Sets a variable of the shell.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        let _ = writeln!(self.definitions, "{name}={}", quote(value));
        self
    }

    /// Sets a variable for the programs that the script runs, too.
    pub(crate) fn export(self, name: &str, value: &str) -> Self {
        let mut script = self.set(name, value);
        let _ = writeln!(script.definitions, "export {name}");
        script
    }

    /// Sets a variable to `1` or to nothing.
    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        self.set(name, if value { "1" } else { "" })
    }

    /// Defines a function that calls `command` once for each of `calls`, with its words as arguments.
    pub(crate) fn calls(mut self, function: &str, command: &str, calls: &[Vec<String>]) -> Self {
        let _ = writeln!(self.definitions, "{function}() {{\n  :");
        for words in calls {
            let words: Vec<_> = words.iter().map(|word| quote(word)).collect();
            let _ = writeln!(self.definitions, "  {command} {}", words.join(" "));
        }
        self.definitions.push_str("}\n");
        self
    }

    /// Defines a function that prints `text`.
    pub(crate) fn text(mut self, function: &str, text: &str) -> Self {
        let _ = writeln!(self.definitions, "{function}() {{\n{}}}", here("cat", text));
        self
    }

    /// Defines a function that writes `files`, each with its own content and mode.
    pub(crate) fn files(mut self, function: &str, files: &[File]) -> Self {
        let _ = writeln!(self.definitions, "{function}() {{\n  :");
        for file in files {
            let command = format!("put {} {:o}", quote(&file.path), file.mode);
            self.definitions.push_str(&here(&command, &file.content));
        }
        self.definitions.push_str("}\n");
        self
    }

    /// What differs from call to call: variables and functions that print files.
    pub(crate) fn definitions(&self) -> &str {
        &self.definitions
    }

    /// The text to send.
    pub fn render(&self) -> String {
        self.rendered("", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    }

    /// The text, with every path below `root` and only the programs of `root/programs`: for tests, which touch nothing else.
    pub fn render_below(&self, root: &str) -> String {
        self.rendered(root, &format!("{root}/programs"))
    }

    fn rendered(&self, root: &str, path: &str) -> String {
        let Self { name, body, definitions, .. } = self;
        format!(
            "#!/bin/sh\n# kurator: {name}\n{{\nset -eu\numask 022\nLC_ALL=C\nPATH={}\nexport LC_ALL PATH\nROOT={}\n\
             {PRELUDE}\n{definitions}\n{body}\nexit 0\n}} </dev/null\n",
            quote(path),
            quote(root),
        )
    }
}

/// `text` as one word of the shell, whatever is in it.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `command` with `text` as its input, ended by a line that `text` does not have.
fn here(command: &str, text: &str) -> String {
    let mut end = "KURATOR_END".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    let line = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    format!("{command} <<'{end}'\n{text}{line}{end}\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Machine, run_text};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn any_value_and_any_file_reach_the_machine_as_they_are(
            value in "[ -~\n]{0,40}",
            lines in prop::collection::vec("[ -~]{0,20}|KURATOR_END_?", 0..6),
        ) {
            let machine = Machine::new();
            let content = lines.iter().map(|line| format!("{line}\n")).collect::<Vec<_>>().concat();
            let script = Script::new("test", "printf '%s' \"$VALUE\" >\"$ROOT/value\"\nmkdir -p \"$STATE\"\nwrite\n")
                .set("VALUE", &value)
                .files("write", &[File { path: "/etc/x".into(), mode: 0o600, content: content.clone() }]);
            machine.run(&script).succeeded();
            prop_assert_eq!(machine.read("/value"), value);
            prop_assert_eq!(machine.read("/etc/x"), content);
        }
    }

    #[test]
    fn half_a_script_runs_nothing() {
        let machine = Machine::new();
        let text = Script::new("test", "touch \"$ROOT/ran\"\n").render_below(machine.root());
        let half = &text[..text.len() - "exit 0\n} </dev/null\n".len()];
        assert_ne!(run_text(half).code, 0);
        assert!(!machine.exists("/ran"));
    }

    #[test]
    fn a_script_shows_its_name_and_nothing_of_its_text() {
        let script = Script::new("join", "").set("TOKEN", "hunter2").secret(Secrecy::Text);
        assert!(!format!("{script:?}").contains("hunter2"));
    }
}

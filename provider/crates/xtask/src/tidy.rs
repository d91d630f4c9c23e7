//! What no other tool checks: sizes, suppressed tests, unfinished work, paths of one machine, the top level.

use std::path::Path;

use crate::environment;
use crate::metadata::Metadata;
use crate::repository::Repository;

/// The most lines that a Rust file may have.
const MOST_LINES: usize = 500;

/// What may stand at the top.
const TOP_LEVEL: &[&str] = &[
    ".cargo",
    ".ci",
    ".config",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "GNUmakefile",
    "LICENSE",
    "README.md",
    "acceptance-tests",
    "clippy.toml",
    "deny.toml",
    "docs",
    "examples",
    "provider",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "schemas",
];

/// Re-exports of one of our crates by another that are meant, as `FILE: LINE OF CODE`.
const REEXPORTS: &[&str] = &[];

/// Text that no Rust file may hold, and why. Each is written in two halves, or this file would not pass.
const BANNED: &[(&str, &str)] = &[
    (concat!("#[", "ignore"), "a test that does not run proves nothing"),
    (concat!("todo", "!("), "unfinished"),
    (concat!("unimplemented", "!("), "unfinished"),
    (concat!("assert!(", "true)"), "a test that cannot fail"),
];

/// Folders that builders are fond of. What is in them exists on one machine only.
const WORKPLACES: &[&str] = &[concat!("/wo", "rk/"), concat!("/bui", "lds/"), concat!("/tmp/ba", "sh_jobs")];

/// Gives what is wrong, a line each.
///
/// # Errors
///
/// Files cannot be listed or read.
pub(crate) fn problems(repository: &Repository, metadata: &Metadata) -> anyhow::Result<Vec<String>> {
    let files = repository.files()?;
    let mut problems = top_level(&files);
    let rules =
        Rules { own_crates: metadata.own_library_names(), machine_paths: machine_paths(repository.root()) };
    for file in &files {
        // Files that are no text have no lines to check.
        if let Ok(text) = std::fs::read_to_string(repository.path(file)) {
            problems.extend(rules.problems_of(file, &text));
        }
    }
    Ok(problems)
}

fn top_level(files: &[String]) -> Vec<String> {
    let mut strangers: Vec<&str> = files
        .iter()
        .filter_map(|file| file.split('/').next())
        .filter(|name| !TOP_LEVEL.contains(name))
        .collect();
    strangers.dedup();
    strangers.iter().map(|name| format!("{name}: does not belong at the top level")).collect()
}

fn machine_paths(root: &Path) -> Vec<String> {
    let here = [Some(root.to_owned()), environment::home()];
    let here = here.into_iter().flatten().filter(|path| path.components().count() > 1);
    here.map(|path| format!("{}/", path.display()))
        .chain(WORKPLACES.iter().map(|&path| path.to_owned()))
        .collect()
}

struct Rules {
    /// Our libraries as `use` names them.
    own_crates: Vec<String>,
    /// Beginnings of paths that exist on one machine only.
    machine_paths: Vec<String>,
}

impl Rules {
    fn problems_of(&self, file: &str, text: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let rust = Path::new(file).extension().is_some_and(|extension| extension == "rs");
        let lines = text.lines().count();
        if rust && lines > MOST_LINES {
            problems.push(format!("{file}: {lines} lines, {MOST_LINES} at most: split it by subject"));
        }
        for (number, line) in text.lines().enumerate() {
            let mut say = |what: &str| problems.push(format!("{file}:{}: {what}", number + 1));
            if let Some(path) = self.machine_paths.iter().find(|path| holds_path(line, path)) {
                say(&format!("a path of one machine: {path}"));
            }
            if rust {
                if let Some((_, why)) = BANNED.iter().find(|(banned, _)| line.contains(banned)) {
                    say(why);
                }
                if unnumbered_todo(line) {
                    say(concat!("a TO", "DO names its issue, such as (#12)"));
                }
                if self.reexports(line) && !REEXPORTS.contains(&format!("{file}: {}", line.trim()).as_str()) {
                    say("a re-export between our crates: import from where it is defined");
                }
            }
        }
        problems
    }

    fn reexports(&self, line: &str) -> bool {
        let Some(rest) = line.trim_start().strip_prefix("pub use ") else { return false };
        let rest = rest.trim_start_matches("::");
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.own_crates.iter().any(|name| name == &rest[..end])
    }
}

/// Whether `path` stands in the line as a path of its own, not as the end of a longer one.
fn holds_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_ascii_alphanumeric() || "_.-}".contains(before))
    })
}

fn unnumbered_todo(line: &str) -> bool {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME")];
    marks.iter().any(|mark| {
        line.match_indices(mark).any(|(at, _)| {
            let rest = &line[at + mark.len()..];
            let number =
                rest.strip_prefix("(#").and_then(|rest| rest.split_once(')')).map(|(number, _)| number);
            let inside_a_word = rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '`');
            !inside_a_word && number.is_none_or(|number| number.parse::<u32>().is_err())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules { own_crates: vec!["domain".to_owned()], machine_paths: vec!["/home/ann/".to_owned()] }
    }

    fn problems(text: &str) -> Vec<String> {
        rules().problems_of("a.rs", text)
    }

    #[test]
    fn a_file_of_501_lines_is_too_long_and_one_of_500_is_not() {
        assert_eq!(problems(&"\n".repeat(500)), Vec::<String>::new());
        assert_eq!(problems(&"\n".repeat(501)), ["a.rs: 501 lines, 500 at most: split it by subject"]);
    }

    #[test]
    fn each_banned_text_is_found_with_its_line() {
        for (banned, why) in BANNED {
            assert_eq!(problems(&format!("// fine\n    {banned}")), [format!("a.rs:2: {why}")]);
        }
    }

    #[test]
    fn a_path_of_this_machine_is_found_in_any_file() {
        let found = rules().problems_of("a.md", "see /home/ann/notes");
        assert_eq!(found, ["a.md:1: a path of one machine: /home/ann/"]);
        assert_eq!(
            rules().problems_of("a.md", "see https://example.org/home/ann/notes"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_todo_needs_the_number_of_an_issue() {
        let mark = concat!("TO", "DO");
        assert_eq!(problems(&format!("// {mark}(#12): later")), Vec::<String>::new());
        assert_eq!(problems(&format!("// {mark}: later")).len(), 1);
        assert_eq!(problems(&format!("// {mark}(ann): later")).len(), 1);
    }

    #[test]
    fn a_re_export_of_another_crate_is_found_and_one_of_our_own_module_is_not() {
        assert_eq!(problems("pub use domain::name::Name;").len(), 1);
        assert_eq!(problems("pub use context::Handle;\npub use domains::X;"), Vec::<String>::new());
    }

    #[test]
    fn a_stranger_at_the_top_is_named_once() {
        let files = ["README.md", "notes/a.md", "notes/b.md"].map(str::to_owned);
        assert_eq!(top_level(&files), ["notes: does not belong at the top level"]);
    }
}

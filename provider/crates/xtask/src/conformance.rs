//! The page of what the protocol asks for: every rule names its test, every test is named, and every result is what
//! the tests said when it was last written.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;

use crate::repository::Repository;
use crate::run;

/// The page.
pub(crate) const PAGE: &str = "docs/contributing/conformance.md";

/// Where tests are that a rule may name.
const SOURCES: &[&str] = &[
    "provider/crates/tf-provider/tests/",
    "provider/crates/tf-provider/src/",
    "provider/crates/tf-value/tests/",
    "provider/crates/tf-value/src/",
];

/// Where every test must be named: what is tested there is the protocol.
const WHOLLY_NAMED: &str = "provider/crates/tf-provider/tests/";

/// What a row says of a test that passes.
const PASSES: &str = "passes";

/// What a row says of a test that does not.
const FAILS: &str = "**fails**";

/// A test as the page names it: its file without folder and ending, and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Test {
    file: String,
    name: String,
}

/// Gives what is wrong with the page, a line each.
///
/// # Errors
///
/// Files cannot be listed or read.
pub(crate) fn problems(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let page = repository.read(PAGE)?;
    let mut tests = BTreeSet::new();
    let mut to_be_named = BTreeSet::new();
    for path in repository.files()? {
        let Some(folder) = SOURCES.iter().find(|folder| path.starts_with(**folder)) else { continue };
        let Some(file) = path.strip_prefix(*folder).and_then(|file| file.strip_suffix(".rs")) else {
            continue;
        };
        let found = names(&repository.read(&path)?);
        let found = found.into_iter().map(|name| Test { file: file.to_owned(), name });
        if *folder == WHOLLY_NAMED {
            to_be_named.extend(found.clone());
        }
        tests.extend(found);
    }
    Ok(compare(&page, &tests, &to_be_named))
}

/// Runs the tests and writes what became of them into the page.
///
/// # Errors
///
/// The tests cannot be run; the page cannot be read or written; a test that the page names was not run.
pub(crate) fn write(repository: &Repository) -> anyhow::Result<()> {
    let mut command = repository.cargo(&["test", "-p", "tf-provider", "-p", "tf-value", "--no-fail-fast"]);
    let results = results(&run::whatever(&mut command)?);
    let (page, unknown) = with_results(&repository.read(PAGE)?, &results);
    if !unknown.is_empty() {
        bail!("not among the tests that ran: {}", unknown.join(", "));
    }
    repository.write(PAGE, &page)
}

fn compare(page: &str, tests: &BTreeSet<Test>, to_be_named: &BTreeSet<Test>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut named = BTreeSet::new();
    for (number, line) in page.lines().enumerate() {
        let Some(row) = Row::of(line) else { continue };
        let mut say = |what: String| problems.push(format!("{PAGE}:{}: {what}", number + 1));
        if !tests.contains(&row.test) {
            say(format!("there is no test `{} {}`", row.test.file, row.test.name));
        }
        if row.result != PASSES {
            say(format!("the result is `{}`", row.result));
        }
        named.insert(row.test);
    }
    let unnamed = to_be_named.difference(&named);
    problems.extend(unnamed.map(|test| format!("{PAGE}: no rule names `{} {}`", test.file, test.name)));
    problems
}

/// A rule's row: four cells, of which the third is a test in backticks, its file and its name.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    test: Test,
    result: String,
}

impl Row {
    /// None for a line that is no rule's row: text, a head, another table.
    fn of(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let [_, _, test, result] = cells.as_slice() else { return None };
        let (file, name) = test.strip_prefix('`')?.strip_suffix('`')?.split_once(' ')?;
        Some(Self {
            test: Test { file: file.to_owned(), name: name.to_owned() },
            result: (*result).to_owned(),
        })
    }
}

/// The names of the test functions in a Rust file.
fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| marked) {
            marked = false;
            names.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
        }
    }
    names
}

/// Whether the tests of each name passed, from lines such as `test apply::a_refused_create_stores_nothing ... ok`.
fn results(output: &str) -> BTreeMap<String, bool> {
    let mut results = BTreeMap::new();
    for line in output.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["test", path, "...", result] = words.as_slice() else { continue };
        let name = path.rsplit("::").next().unwrap_or(path);
        *results.entry(name.to_owned()).or_insert(true) &= *result == "ok";
    }
    results
}

/// The page with each row's result, and the tests that have none.
fn with_results(page: &str, results: &BTreeMap<String, bool>) -> (String, Vec<String>) {
    let mut unknown = Vec::new();
    let lines = page.lines().map(|line| {
        let Some(row) = Row::of(line) else { return line.to_owned() };
        let result = match results.get(&row.test.name) {
            Some(true) => PASSES,
            Some(false) => FAILS,
            None => {
                unknown.push(row.test.name);
                return line.to_owned();
            }
        };
        let kept = line.trim_end_matches('|').rsplit_once('|').map_or(line, |(kept, _)| kept);
        format!("{kept}| {result} |")
    });
    let page = lines.collect::<Vec<_>>().join("\n") + "\n";
    (page, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE_TEXT: &str = "# Title\n\n| rule | section | test | result |\n| --- | --- | --- | --- |\n\
                             | It holds. | 5.5 | `a/b it_holds` | passes |\n\
                             | It stays. | 5.6 | `a/b it_stays` | **fails** |\n\n| a | table | of two |\n";

    fn test(name: &str) -> Test {
        Test { file: "a/b".to_owned(), name: name.to_owned() }
    }

    #[test]
    fn a_rule_without_its_test_a_test_without_a_rule_and_a_failure_are_problems() {
        let tests = BTreeSet::from([test("it_stays"), test("it_goes")]);
        let want = [
            "docs/contributing/conformance.md:5: there is no test `a/b it_holds`",
            "docs/contributing/conformance.md:6: the result is `**fails**`",
            "docs/contributing/conformance.md: no rule names `a/b it_goes`",
        ];
        assert_eq!(compare(PAGE_TEXT, &tests, &tests), want);
    }

    #[test]
    fn tests_are_found_by_their_marks() {
        let mark = concat!("#[te", "st]");
        let text = format!(
            "{mark}\n#[cfg(unix)]\nfn one() {{}}\nfn no() {{}}\n#[tokio::test(flavor)]\nasync fn two() {{\n"
        );
        assert_eq!(names(&text), ["one", "two"]);
    }

    #[test]
    fn results_are_written_into_the_rows_and_what_did_not_run_is_named() {
        let output = "test x::it_holds ... FAILED\ntest y::it_holds ... ok\ntest result: ok. 1 passed\n";
        let (page, unknown) = with_results(PAGE_TEXT, &results(output));
        assert_eq!(page, PAGE_TEXT.replace("| passes |", "| **fails** |"));
        assert_eq!(unknown, ["it_stays"]);
    }
}

//! Every diagnostic has an entry in the catalogue, and every entry a place and a test.
//!
//! The sources, the catalogue and the tests are read as tokens, so this check runs none of our code.

mod catalogue;
mod page;
mod sources;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use proc_macro2::Delimiter;

use self::catalogue::{Area, Entry, Said};
use self::tokens::{inside, is_punct, is_word, texts, word};
use crate::repository::Repository;

/// Where diagnostics are made.
const SOURCES: &[&str] =
    &["provider/src/", "provider/crates/tf-provider/src/", "provider/crates/tf-value/src/", "schemas/src/"];

/// What makes diagnostics of what it is given: their own constructors, and the shape of an entry.
const MACHINERY: &[&str] =
    &["provider/crates/tf-value/src/diagnostic.rs", "provider/crates/tf-value/src/catalogue.rs"];

/// Gives what is wrong, a line each.
///
/// # Errors
///
/// Files cannot be listed or read; the catalogue is not written as it must be.
pub(crate) fn problems(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let files = repository.files()?;
    let areas = read_catalogue(repository, &files)?;
    let entries: Vec<&Entry> = areas.iter().flat_map(|area| &area.entries).collect();
    let mut made = Vec::new();
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| is_source(file)) {
        let doing = || format!("looking through {file}");
        let trees = tokens::without_tests(&repository.read(file)?).with_context(doing)?;
        let found = sources::made(&trees);
        problems.extend(found.problems.into_iter().map(|problem| format!("{file}: {problem}")));
        made.extend(found.summaries.into_iter().map(|(summary, said)| (file.as_str(), summary, said)));
    }
    problems.extend(against_sources(&entries, &made));
    problems.extend(entries.iter().flat_map(|entry| unfinished(entry)));
    let wanted: BTreeSet<&str> = entries.iter().map(|entry| entry.test.as_str()).collect();
    let mut tests = Tests::default();
    for file in files.iter().filter(|file| is_rust(file)) {
        let text = repository.read(file)?;
        if wanted.iter().any(|test| text.contains(&format!("fn {test}("))) {
            tests.add(&text, &wanted).with_context(|| format!("looking for tests in {file}"))?;
        }
    }
    problems.extend(entries.iter().filter_map(|entry| tests.problem(entry)));
    Ok(problems)
}

/// The guide's tables.
///
/// # Errors
///
/// The catalogue cannot be read.
pub(crate) fn tables(repository: &Repository) -> anyhow::Result<String> {
    Ok(page::tables(&read_catalogue(repository, &repository.files()?)?))
}

fn read_catalogue(repository: &Repository, files: &[String]) -> anyhow::Result<Vec<Area>> {
    let files = files.iter().filter(|file| is_catalogue(file));
    let sources = files.map(|file| repository.read(file)).collect::<anyhow::Result<Vec<_>>>()?;
    catalogue::read(&sources).context("reading the catalogue of diagnostics")
}

fn is_rust(file: &str) -> bool {
    std::path::Path::new(file).extension().is_some_and(|extension| extension == "rs")
}

fn is_catalogue(file: &str) -> bool {
    let inside = SOURCES.iter().any(|folder| file.starts_with(folder)) && !MACHINERY.contains(&file);
    inside && (file.ends_with("/catalogue.rs") || file.contains("/catalogue/"))
}

fn is_source(file: &str) -> bool {
    let inside = SOURCES.iter().any(|folder| file.starts_with(folder)) && !MACHINERY.contains(&file);
    let tests = file.ends_with("/tests.rs") || file.contains("/tests/");
    inside && is_rust(file) && !tests && !is_catalogue(file)
}

/// What the catalogue and the sources do not agree on.
fn against_sources(entries: &[&Entry], made: &[(&str, String, Option<Said>)]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut known: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in entries {
        if known.insert(&entry.summary, entry).is_some() {
            problems.push(format!("catalogue: `{}` is in it twice", entry.summary));
        }
    }
    for (file, summary, said) in made {
        match (known.get(summary.as_str()).map(|entry| entry.said), said) {
            (None, _) => problems.push(format!("{file}: `{summary}` is not in the catalogue of diagnostics")),
            (Some(listed), Some(said)) if listed != Said::Either && listed != *said => {
                problems.push(format!("{file}: `{summary}` is {said:?} and in the catalogue {listed:?}"));
            }
            _ => {}
        }
    }
    let made: BTreeSet<&str> = made.iter().map(|(_, summary, _)| summary.as_str()).collect();
    let gone = known.keys().filter(|summary| !made.contains(*summary));
    problems.extend(gone.map(|summary| format!("catalogue: nothing says `{summary}` any more")));
    problems
}

/// What an entry lacks.
fn unfinished(entry: &Entry) -> Vec<String> {
    let mut problems = Vec::new();
    for (what, text) in [("cause", &entry.cause), ("way out", &entry.way_out)] {
        if text.split_whitespace().count() < 2 && text != "Nothing." || !text.ends_with('.') {
            problems.push(format!("catalogue: the {what} of `{}` is not a sentence", entry.summary));
        }
    }
    let bare = ["error", "failed", "failure", "unexpected error", "internal error"];
    if bare.contains(&entry.summary.to_lowercase().as_str()) {
        problems.push(format!("catalogue: `{}` says nothing", entry.summary));
    }
    problems
}

/// The tests that were looked for, with every literal in their bodies.
#[derive(Default)]
struct Tests(BTreeMap<String, Vec<String>>);

impl Tests {
    /// Adds the wanted tests of a source text.
    fn add(&mut self, text: &str, wanted: &BTreeSet<&str>) -> anyhow::Result<()> {
        let trees = tokens::all(text)?;
        tokens::at_every_level(&trees, &mut |level| {
            for (at, tree) in level.iter().enumerate() {
                let Some(attribute) = level.get(at + 1).and_then(|next| inside(next, Delimiter::Bracket))
                else {
                    continue;
                };
                if !(is_punct(tree, '#') && attribute.iter().any(|it| is_word(it, "test"))) {
                    continue;
                }
                let mut rest = level[at..].iter().skip_while(|tree| !is_word(tree, "fn")).skip(1);
                let Some(name) = rest.next().and_then(word).filter(|name| wanted.contains(name.as_str()))
                else {
                    continue;
                };
                let body = rest.find_map(|tree| inside(tree, Delimiter::Brace)).unwrap_or_default();
                self.0.entry(name).or_default().extend(texts(&body));
            }
        });
        Ok(())
    }

    /// What is wrong with an entry's test: it is not there, or does not name what it is to provoke.
    fn problem(&self, entry: &Entry) -> Option<String> {
        let (summary, test) = (&entry.summary, &entry.test);
        let Some(texts) = self.0.get(test) else {
            return Some(format!("catalogue: the test of `{summary}`, {test}, does not exist"));
        };
        let pieces = page::pieces(summary);
        let named = texts.iter().any(|text| pieces.iter().all(|piece| text.contains(piece)));
        (!named).then(|| format!("catalogue: the test {test} does not name `{summary}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::catalogue::tests::sample;
    use super::*;

    fn entries(areas: &[Area]) -> Vec<&Entry> {
        areas.iter().flat_map(|area| &area.entries).collect()
    }

    #[test]
    fn summaries_are_compared_both_ways_and_so_is_how_bad_they_are() {
        let areas = sample();
        let entries = entries(&areas);
        let made = |summary: &str, said| ("a.rs", summary.to_owned(), Some(said));
        let good = [made("No such {kind}", Said::Warning), made("Not a name", Said::Error)];
        assert_eq!(against_sources(&entries, &good), [""; 0]);
        let bad = [made("Not a name", Said::Warning), made("New", Said::Error)];
        assert_eq!(
            against_sources(&entries, &bad),
            [
                "a.rs: `Not a name` is Warning and in the catalogue Error",
                "a.rs: `New` is not in the catalogue of diagnostics",
                "catalogue: nothing says `No such {kind}` any more",
            ]
        );
    }

    #[test]
    fn a_test_must_exist_and_name_what_it_provokes() {
        let areas = sample();
        let entries = entries(&areas);
        let wanted = entries.iter().map(|entry| entry.test.as_str()).collect();
        let mut tests = Tests::default();
        let source = r#"
            #[tokio::test(flavor = "multi_thread")]
            async fn it_is_away() { assert_eq!(told(), ["error: No such pony"]); }
            fn a_name_is_checked() { let _ = "Not a name"; }
        "#;
        tests.add(source, &wanted).unwrap();
        assert_eq!(tests.problem(entries[0]), None);
        let gone = "catalogue: the test of `Not a name`, a_name_is_checked, does not exist";
        assert_eq!(tests.problem(entries[1]).as_deref(), Some(gone));
        tests.add("#[test] fn a_name_is_checked() { check(\"Not it\"); }", &wanted).unwrap();
        let silent = "catalogue: the test a_name_is_checked does not name `Not a name`";
        assert_eq!(tests.problem(entries[1]).as_deref(), Some(silent));
    }

    #[test]
    fn a_bare_word_and_half_a_sentence_are_refused() {
        let areas = sample();
        let entry =
            Entry { summary: "Error".to_owned(), way_out: "Retry".to_owned(), ..areas[0].entries[1].clone() };
        let want = ["catalogue: the way out of `Error` is not a sentence", "catalogue: `Error` says nothing"];
        assert_eq!(unfinished(&entry), want);
    }

    #[test]
    fn sources_are_what_ships() {
        assert!(is_source("provider/src/report.rs") && is_source("schemas/src/checks.rs"));
        assert!(!is_source("provider/tests/provider/main.rs") && !is_source("provider/src/catalogue/mod.rs"));
        assert!(!is_source("provider/crates/tf-value/src/diagnostic.rs"));
        assert!(is_catalogue("schemas/src/catalogue.rs"));
    }
}

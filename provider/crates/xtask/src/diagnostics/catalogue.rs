//! The catalogue, read from its sources: it is checked even while the house does not compile.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use proc_macro2::{Delimiter, TokenTree};

use super::tokens::{fields, inside, is_punct, is_word, text, texts, without_tests, word};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    Error,
    Warning,
    Either,
}

/// Diagnostics that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) title: String,
    pub(super) about: String,
    pub(super) entries: Vec<Entry>,
}

/// One diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) summary: String,
    pub(super) said: Said,
    pub(super) phases: Vec<String>,
    pub(super) cause: String,
    pub(super) way_out: String,
    pub(super) test: String,
}

/// Reads the catalogue from the sources that hold it: the areas in the order of `AREAS`.
///
/// # Errors
///
/// An area or an entry is not written as it must be; an area is not in `AREAS`, or the other way round.
pub(super) fn read(sources: &[String]) -> anyhow::Result<Vec<Area>> {
    let mut areas = BTreeMap::new();
    let mut order = Vec::new();
    for source in sources {
        let trees = without_tests(source)?;
        let constants = constants(&trees);
        for (name, value) in &constants {
            match value.as_slice() {
                [kind, body] if is_word(kind, "Area") => {
                    let body = inside(body, Delimiter::Brace).unwrap_or_default();
                    let area = area(&body, &constants).with_context(|| format!("area {name}"))?;
                    if areas.insert(name.clone(), area).is_some() {
                        bail!("there are two areas {name}");
                    }
                }
                [_, list] if name == "AREAS" => order = listed(list),
                _ => {}
            }
        }
    }
    let mut catalogue = Vec::new();
    for name in order {
        catalogue.push(areas.remove(&name).with_context(|| format!("AREAS names {name}: there is none"))?);
    }
    if let Some(name) = areas.keys().next() {
        bail!("area {name} is not in AREAS");
    }
    if catalogue.is_empty() {
        bail!("the catalogue is empty");
    }
    Ok(catalogue)
}

/// The constants at the top, by name, with the tokens of their values.
fn constants(trees: &[TokenTree]) -> BTreeMap<String, Vec<TokenTree>> {
    let mut constants = BTreeMap::new();
    for (at, tree) in trees.iter().enumerate() {
        let Some(name) = trees.get(at + 1).and_then(word).filter(|_| is_word(tree, "const")) else {
            continue;
        };
        let value = trees[at..].iter().skip_while(|tree| !is_punct(tree, '='));
        constants.insert(name, value.skip(1).take_while(|tree| !is_punct(tree, ';')).cloned().collect());
    }
    constants
}

/// The last names of the paths in a list.
fn listed(list: &TokenTree) -> Vec<String> {
    let inside = inside(list, Delimiter::Bracket).unwrap_or_default();
    inside.split(|tree| is_punct(tree, ',')).filter_map(|path| word(path.last()?)).collect()
}

fn area(body: &[TokenTree], constants: &BTreeMap<String, Vec<TokenTree>>) -> anyhow::Result<Area> {
    let fields: BTreeMap<_, _> = fields(body).into_iter().collect();
    let [_, list] = fields.get("entries").context("no `entries`")?.as_slice() else {
        bail!("`entries` are not a list")
    };
    let list = inside(list, Delimiter::Bracket).context("`entries` are not a list")?;
    let entries = list.split(|tree| is_punct(tree, ',')).filter(|entry| !entry.is_empty());
    Ok(Area {
        title: string(&fields, "title")?,
        about: string(&fields, "about")?,
        entries: entries.map(|entry| self::entry(entry, constants)).collect::<anyhow::Result<_>>()?,
    })
}

fn entry(trees: &[TokenTree], constants: &BTreeMap<String, Vec<TokenTree>>) -> anyhow::Result<Entry> {
    let [kind, body] = trees else { bail!("an entry is not `Entry {{ … }}`: {}", texts(trees).join(" ")) };
    let body = inside(body, Delimiter::Brace).filter(|_| is_word(kind, "Entry"));
    let fields: BTreeMap<_, _> =
        fields(&body.context("an entry is not `Entry { … }`")?).into_iter().collect();
    let summary = string(&fields, "summary")?;
    let doing = || format!("entry `{summary}`");
    Ok(Entry {
        said: said(&fields).with_context(doing)?,
        phases: phases(&fields, constants).with_context(doing)?,
        cause: string(&fields, "cause").with_context(doing)?,
        way_out: string(&fields, "way_out").with_context(doing)?,
        test: string(&fields, "test").with_context(doing)?,
        summary,
    })
}

fn string(fields: &BTreeMap<String, Vec<TokenTree>>, name: &str) -> anyhow::Result<String> {
    let value = fields.get(name).and_then(|value| text(value.first()?));
    value.with_context(|| format!("no literal `{name}`"))
}

fn said(fields: &BTreeMap<String, Vec<TokenTree>>) -> anyhow::Result<Said> {
    let said = fields.get("said").and_then(|value| word(value.last()?)).context("no `said`")?;
    Ok(match said.as_str() {
        "Error" => Said::Error,
        "Warning" => Said::Warning,
        "Either" => Said::Either,
        other => bail!("`said` is {other}"),
    })
}

/// The phases, in a list or in a constant of the same file.
fn phases(
    fields: &BTreeMap<String, Vec<TokenTree>>,
    constants: &BTreeMap<String, Vec<TokenTree>>,
) -> anyhow::Result<Vec<String>> {
    let value = fields.get("phases").context("no `phases`")?;
    let value = match value.as_slice() {
        [name] => word(name).and_then(|name| constants.get(&name)).context("`phases` is no constant here")?,
        _ => value,
    };
    let phases = listed(value.last().context("no `phases`")?);
    if phases.is_empty() {
        bail!("no phase in `phases`");
    }
    Ok(phases)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A catalogue of one area in two files.
    pub(in crate::diagnostics) const SOURCES: [&str; 2] = [
        "pub const AREAS: &[Area] = &[clusters::CLUSTERS];",
        r#"
            const ASKED: &[Phase] = &[Phase::Read, Phase::Apply];
            pub(super) const CLUSTERS: Area = Area {
                title: "Clusters",
                about: "Trouble.",
                entries: &[
                    Entry {
                        summary: "No such {kind}",
                        said: Said::Either,
                        phases: ASKED,
                        cause: "It is \
                            away.",
                        way_out: "Look | for it.",
                        test: "it_is_away",
                    },
                    Entry {
                        summary: "Not a name",
                        said: Said::Error,
                        phases: &[Phase::Validate],
                        cause: "It is none.",
                        way_out: "Write one.",
                        test: "a_name_is_checked",
                    },
                ],
            };
        "#,
    ];

    pub(in crate::diagnostics) fn sample() -> Vec<Area> {
        read(&SOURCES.map(str::to_owned)).unwrap()
    }

    #[test]
    fn areas_and_entries_are_read() {
        let areas = sample();
        let [area] = areas.as_slice() else { panic!("there is one area") };
        assert_eq!((area.title.as_str(), area.entries.len()), ("Clusters", 2));
        let first = &area.entries[0];
        assert_eq!((first.cause.as_str(), first.said), ("It is away.", Said::Either));
        assert_eq!(first.phases, ["Read", "Apply"]);
    }

    #[test]
    fn an_area_that_is_not_listed_is_an_error() {
        let [order, area] = SOURCES.map(str::to_owned);
        assert!(read(std::slice::from_ref(&area)).is_err());
        assert!(read(&[order]).is_err());
        let more = area.replace("CLUSTERS", "MORE");
        let error = read(&[SOURCES[0].to_owned(), area, more]).unwrap_err();
        assert_eq!(error.to_string(), "area MORE is not in AREAS");
    }
}

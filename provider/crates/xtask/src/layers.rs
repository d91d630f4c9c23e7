//! Who imports whom, compared with the checked-in list.
//!
//! The list, `docs/contributing/layers.txt`, has rules and edges. Rules are written by people: `watch` names crates
//! of others whose import is an edge too, `only` says who may import such a crate, `never` what a crate of ours must
//! not reach however far down. Edges are what is the case; a new one is a reviewed difference in that file.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};

use crate::metadata::{Kind, Metadata};
use crate::repository::Repository;

/// The checked-in list.
const LIST: &str = "docs/contributing/layers.txt";

/// What stands before the edges.
const EDGES_BEGIN: &str = "# Edges. Written by `cargo run -p xtask -- layers --write`.";

/// The rules of the list.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rules {
    watch: BTreeSet<String>,
    only: BTreeMap<String, BTreeSet<String>>,
    never: BTreeMap<String, BTreeSet<String>>,
}

/// Gives what is wrong, a line each: edges that differ and rules that are broken.
///
/// # Errors
///
/// The list cannot be read or is malformed.
pub(crate) fn problems(repository: &Repository, metadata: &Metadata) -> anyhow::Result<Vec<String>> {
    let list = repository.read(LIST)?;
    let (head, listed) =
        list.split_once(EDGES_BEGIN).with_context(|| format!("{LIST}: no line `{EDGES_BEGIN}`"))?;
    let rules = Rules::parse(head)?;
    let mut problems = rules.broken(metadata);
    let edges = edges(&rules, metadata);
    let listed: BTreeSet<&str> = listed.lines().filter(|line| !line.trim().is_empty()).collect();
    let edges: BTreeSet<&str> = edges.iter().map(String::as_str).collect();
    problems.extend(edges.difference(&listed).map(|edge| format!("new edge, not in {LIST}: {edge}")));
    problems.extend(listed.difference(&edges).map(|edge| format!("edge in {LIST} that is gone: {edge}")));
    Ok(problems)
}

/// Writes the edges as they are into the list, unless they break a rule.
///
/// # Errors
///
/// A rule is broken; the list cannot be read or written.
pub(crate) fn write(repository: &Repository, metadata: &Metadata) -> anyhow::Result<()> {
    let list = repository.read(LIST)?;
    let head = list.split_once(EDGES_BEGIN).map_or(list.as_str(), |(head, _)| head);
    let rules = Rules::parse(head)?;
    let broken = rules.broken(metadata);
    if !broken.is_empty() {
        bail!("the rules of {LIST} are broken:\n{}", broken.join("\n"));
    }
    let edges = edges(&rules, metadata).join("\n");
    repository.write(LIST, &format!("{}\n\n{EDGES_BEGIN}\n{edges}\n", head.trim_end()))
}

fn edges(rules: &Rules, metadata: &Metadata) -> Vec<String> {
    let own: BTreeSet<&str> = metadata.own().map(|package| package.name.as_str()).collect();
    let mut lines = Vec::new();
    for ((package, kind), imports) in metadata.imports() {
        let kind = match kind {
            Kind::Normal => "normal",
            Kind::Dev => "dev",
            Kind::Build => "build",
        };
        let counted = imports.iter().filter(|name| own.contains(*name) || rules.watch.contains(**name));
        lines.extend(counted.map(|import| format!("{kind:<6} {package} -> {import}")));
    }
    lines.sort();
    lines
}

impl Rules {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut rules = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (verb, rest) = line.split_once(' ').with_context(|| format!("{LIST}: what is `{line}`?"))?;
            let set = |names: &str| names.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
            let subject = || {
                rest.split_once(':')
                    .map(|(subject, names)| (subject.trim().to_owned(), set(names)))
                    .with_context(|| format!("{LIST}: `{line}` has no colon"))
            };
            match verb {
                "watch" => rules.watch.extend(set(rest)),
                "only" => rules.only.extend([subject()?]),
                "never" => rules.never.extend([subject()?]),
                _ => bail!("{LIST}: what is `{line}`?"),
            }
        }
        Ok(rules)
    }

    fn broken(&self, metadata: &Metadata) -> Vec<String> {
        let mut broken = Vec::new();
        for ((package, kind), imports) in metadata.imports() {
            for import in imports {
                if self.only.get(import).is_some_and(|may| !may.contains(package)) {
                    broken.push(format!("{package} imports {import} ({kind:?}), which is not its to import"));
                }
            }
        }
        for (package, forbidden) in &self.never {
            for import in forbidden {
                if let Some(chain) = metadata.chain(package, import) {
                    broken.push(format!("{package} must never reach {import}: {}", chain.join(" -> ")));
                }
            }
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> Metadata {
        serde_json::from_value(serde_json::json!({
            "packages": [
                { "id": "domain", "name": "domain", "targets": [],
                  "dependencies": [{ "name": "thiserror", "kind": null }] },
                { "id": "planning", "name": "planning", "targets": [],
                  "dependencies": [{ "name": "domain", "kind": null }, { "name": "kube", "kind": "dev" }] },
                { "id": "thiserror", "name": "thiserror", "targets": [], "dependencies": [] }
            ],
            "workspace_members": ["domain", "planning"],
            "resolve": { "nodes": [
                { "id": "planning", "deps": [{ "pkg": "domain", "dep_kinds": [{ "kind": null }] }] },
                { "id": "domain", "deps": [{ "pkg": "thiserror", "dep_kinds": [{ "kind": null }] }] },
                { "id": "thiserror", "deps": [] }
            ] }
        }))
        .unwrap()
    }

    fn broken(rules: &str) -> Vec<String> {
        Rules::parse(rules).unwrap().broken(&metadata())
    }

    #[test]
    fn edges_are_our_crates_and_watched_ones() {
        let rules = Rules::parse("watch kube").unwrap();
        assert_eq!(edges(&rules, &metadata()), ["dev    planning -> kube", "normal planning -> domain"]);
    }

    #[test]
    fn an_import_that_is_anothers_is_named_even_in_tests() {
        assert_eq!(
            broken("only kube: engine-kube"),
            ["planning imports kube (Dev), which is not its to import"]
        );
        assert_eq!(broken("only kube: planning"), Vec::<String>::new());
    }

    #[test]
    fn what_is_reached_through_others_is_found_with_its_way() {
        assert_eq!(
            broken("never planning: tokio thiserror"),
            ["planning must never reach thiserror: planning -> domain -> thiserror"]
        );
    }

    #[test]
    fn a_line_that_is_no_rule_is_refused() {
        assert!(Rules::parse("allow a: b").is_err());
        assert!(Rules::parse("only a b").is_err());
    }
}

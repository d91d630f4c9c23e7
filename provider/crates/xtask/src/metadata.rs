//! What `cargo metadata` says: our packages, what they import, and everything below.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde::Deserialize;

use crate::repository::Repository;
use crate::run;

/// The answer, in part.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

/// One package.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    id: String,
    /// Its name in the registry.
    pub(crate) name: String,
    #[serde(default)]
    version: String,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDependency>,
}

#[derive(Debug, Deserialize)]
struct NodeDependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Debug, Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

/// When an import counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// In what is built.
    Normal,
    /// In tests.
    Dev,
    /// While building.
    Build,
}

impl Kind {
    fn of(text: Option<&str>) -> Self {
        match text {
            Some("dev") => Self::Dev,
            Some("build") => Self::Build,
            _ => Self::Normal,
        }
    }
}

impl Metadata {
    /// Asks cargo, for the platforms that we ship to.
    pub(crate) fn read(repository: &Repository) -> anyhow::Result<Self> {
        let arguments =
            ["metadata", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"];
        let text = run::output(&mut repository.cargo(&arguments))?;
        serde_json::from_str(&text).context("reading what cargo metadata printed")
    }

    /// Our packages.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The version of one of our packages.
    pub(crate) fn version(&self, name: &str) -> Option<&str> {
        self.own().find(|package| package.name == name).map(|package| package.version.as_str())
    }

    /// The names that `use` has for our libraries.
    pub(crate) fn own_library_names(&self) -> Vec<String> {
        let targets = self.own().flat_map(|package| &package.targets);
        let libraries = targets.filter(|target| target.kind.iter().any(|kind| kind == "lib"));
        libraries.map(|target| target.name.replace('-', "_")).collect()
    }

    /// Direct imports of each of our packages, by kind.
    pub(crate) fn imports(&self) -> BTreeMap<(&str, Kind), BTreeSet<&str>> {
        let mut imports: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for package in self.own() {
            for dependency in &package.dependencies {
                let kind = Kind::of(dependency.kind.as_deref());
                imports.entry((package.name.as_str(), kind)).or_default().insert(&dependency.name);
            }
        }
        imports
    }

    /// How one of our packages reaches another package through normal imports, as the chain of names.
    pub(crate) fn chain(&self, from: &str, to: &str) -> Option<Vec<&str>> {
        let start = self.own().find(|package| package.name == from)?;
        let nodes: BTreeMap<&str, &Node> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let names: BTreeMap<&str, &str> =
            self.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let mut came_from = BTreeMap::from([(start.id.as_str(), None)]);
        let mut queue = std::collections::VecDeque::from([start.id.as_str()]);
        while let Some(id) = queue.pop_front() {
            if names.get(id) == Some(&to) {
                let mut chain = vec![];
                let mut at = Some(id);
                while let Some(id) = at {
                    chain.extend(names.get(id).copied());
                    at = came_from.get(id).copied().flatten();
                }
                chain.reverse();
                return Some(chain);
            }
            for dependency in nodes.get(id).map(|node| node.deps.as_slice()).unwrap_or_default() {
                let normal = dependency.dep_kinds.iter().any(|kind| kind.kind.is_none());
                if normal && !came_from.contains_key(dependency.pkg.as_str()) {
                    came_from.insert(&dependency.pkg, Some(id));
                    queue.push_back(&dependency.pkg);
                }
            }
        }
        None
    }
}

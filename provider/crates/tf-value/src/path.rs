//! Where in a configuration something is.

use std::fmt;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into an attribute of an object.
    Attribute(String),
    /// Into a map, by key.
    Key(String),
    /// Into a list, by index from 0.
    Index(i64),
}

/// A path from the resource's root. Elements of sets cannot be pointed at: such a path stops at the set.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

impl Path {
    /// The resource itself.
    pub fn root() -> Self {
        Self(Vec::new())
    }

    /// A path to an attribute of the root.
    pub fn to(name: impl Into<String>) -> Self {
        Self::root().attribute(name)
    }

    /// One step further, into an attribute.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// One step further, into a map.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// One step further, into a list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The steps, from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Path {
    /// As users write it: `clusters["edge"].ref`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The way to where a walk through a value stands. Borrowed step by step, so that a walk that finds nothing to say
/// makes no path at all.
#[derive(Clone, Copy, Debug, Default)]
pub enum Trail<'a> {
    /// The resource itself.
    #[default]
    Root,
    /// Into an attribute of an object.
    Attribute(&'a Trail<'a>, &'a str),
    /// Into a map, by key.
    Key(&'a Trail<'a>, &'a str),
    /// Into a list, by index from 0.
    Index(&'a Trail<'a>, usize),
}

impl<'a> Trail<'a> {
    /// One step further, into an attribute.
    #[must_use]
    pub fn attribute(&'a self, name: &'a str) -> Self {
        Self::Attribute(self, name)
    }

    /// One step further, into a map.
    #[must_use]
    pub fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    /// One step further, into a list.
    #[must_use]
    pub fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// The same as a path, to be kept.
    pub fn path(&self) -> Path {
        match self {
            Self::Root => Path::root(),
            Self::Attribute(before, name) => before.path().attribute(*name),
            Self::Key(before, key) => before.path().key(*key),
            Self::Index(before, index) => before.path().index(*index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_is_the_path_of_its_steps() {
        let root = Trail::Root;
        let clusters = root.attribute("clusters");
        let edge = clusters.key("edge");
        let taints = edge.attribute("taints");
        let first = taints.index(0);
        assert_eq!(first.path().to_string(), "clusters[\"edge\"].taints[0]");
    }
}

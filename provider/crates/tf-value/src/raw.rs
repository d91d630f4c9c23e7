//! A value as it crosses the wire, without a Rust type behind it.

use std::collections::BTreeMap;

use crate::number::Number;
use crate::path::{Path, Step};
use crate::refinement::Refinement;
use crate::ty::Type;

/// A value of any of Terraform's types.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Raw {
    /// Null, of any type.
    #[default]
    Null,
    /// Not known yet, with what is known of it nevertheless.
    Unknown(Refinement),
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text, in Unicode's form NFC.
    String(String),
    /// The elements of a list or a tuple.
    List(Vec<Raw>),
    /// The elements of a set: sorted, no two known ones equal. Unknown ones may turn out different, so they count
    /// each for itself, as in Terraform.
    Set(Vec<Raw>),
    /// The entries of a map or the attributes of an object.
    Map(BTreeMap<String, Raw>),
    /// A value of a type that it brings along.
    Dynamic(Box<(Type, Raw)>),
}

impl Raw {
    /// Not known, and nothing is known of it.
    pub fn unknown() -> Self {
        Self::Unknown(Refinement::none())
    }

    /// A set: sorts `elements` and drops repeats of what is wholly known.
    pub fn set(mut elements: Vec<Self>) -> Self {
        elements.sort();
        elements.dedup_by(|next, kept| next == kept && kept.is_wholly_known());
        Self::Set(elements)
    }

    /// Text.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// Whether it is null, with or without a type that it brings along.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Dynamic(typed) => typed.1.is_null(),
            _ => false,
        }
    }

    /// Whether it is itself unknown, with or without a type that it brings along.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::Dynamic(typed) => typed.1.is_unknown(),
            _ => false,
        }
    }

    /// Whether it is known through and through.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(elements) | Self::Set(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(entries) => entries.values().all(Self::is_wholly_known),
            Self::Dynamic(typed) => typed.1.is_wholly_known(),
        }
    }

    /// The same with every unknown inside turned into null, as Terraform does with what a failed apply leaves open.
    #[must_use]
    pub fn unknown_as_null(self) -> Self {
        match self {
            Self::Unknown(_) => Self::Null,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => self,
            Self::List(elements) => Self::List(elements.into_iter().map(Self::unknown_as_null).collect()),
            Self::Set(elements) => Self::set(elements.into_iter().map(Self::unknown_as_null).collect()),
            Self::Map(entries) => {
                Self::Map(entries.into_iter().map(|(key, value)| (key, value.unknown_as_null())).collect())
            }
            Self::Dynamic(typed) => {
                let (ty, value) = *typed;
                Self::Dynamic(Box::new((ty, value.unknown_as_null())))
            }
        }
    }

    /// The entries, if it is a map or an object.
    pub fn entries(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The attribute `name`, if it is an object that has one; else null.
    pub fn get(&self, name: &str) -> &Self {
        const NULL: &Raw = &Raw::Null;
        self.entries().and_then(|entries| entries.get(name)).unwrap_or(NULL)
    }

    /// What is at `path`; null inside null, unknown inside unknown, none where the path leads nowhere.
    pub fn at(&self, path: &Path) -> Option<&Self> {
        let mut here = self;
        for step in path.steps() {
            here = match (here, step) {
                (Self::Null | Self::Unknown(_), _) => return Some(here),
                (Self::Map(entries), Step::Attribute(name) | Step::Key(name)) => entries.get(name)?,
                (Self::List(elements), Step::Index(index)) => elements.get(usize::try_from(*index).ok()?)?,
                _ => return None,
            };
        }
        Some(here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_keeps_every_unknown_element_and_drops_known_repeats() {
        let elements =
            vec![Raw::unknown(), Raw::string("b"), Raw::string("a"), Raw::unknown(), Raw::string("b")];
        let want = vec![Raw::unknown(), Raw::unknown(), Raw::string("a"), Raw::string("b")];
        assert_eq!(Raw::set(elements), Raw::Set(want));
    }
}

//! Private bytes: which kind of plan this is, and what an unfinished object can be recognised by.
//!
//! They are hints: what exists is always found by observing the owner mark, and missing bytes mean the careful way.

use serde::{Deserialize, Serialize};

/// Which plan a delete belongs to. The delete leg of a taint or a replacement is given the create plan's bytes, a
/// real destroy the destroy plan's (measured: Terraform 1.11.4 and 1.17-dev, OpenTofu 1.12.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlanKind {
    Create,
    Update,
    Destroy,
}

/// What an object is found by, and what of it cannot change in place. Equal anchors mean that a create finds and
/// carries on with exactly what a failed create began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Anchor {
    /// What the owner mark is looked for by: kind, place and name.
    pub(crate) key: String,
    /// The attributes that cannot change in place, in a form that can be compared.
    pub(crate) fixed: String,
}

/// The bytes in shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hints {
    version: u32,
    pub(crate) plan: PlanKind,
    /// None: something of it is unknown, which counts as different.
    pub(crate) anchor: Option<Anchor>,
}

const VERSION: u32 = 1;

impl Hints {
    pub(crate) fn new(plan: PlanKind, anchor: Option<Anchor>) -> Self {
        Self { version: VERSION, plan, anchor }
    }

    /// The bytes to store or to hand to apply.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads bytes back; none if they are missing, broken or of another version.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|hints: &Self| hints.version == VERSION)
    }
}

/// Whether a delete makes way for a create that will carry on with the very same unfinished object.
pub(crate) fn makes_way_for_the_same(bytes: &[u8], stored: Option<&Anchor>) -> bool {
    let Some(hints) = Hints::from_bytes(bytes) else { return false };
    hints.plan == PlanKind::Create && hints.anchor.is_some() && hints.anchor.as_ref() == stored
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(key: &str) -> Anchor {
        Anchor { key: key.to_owned(), fixed: "x".to_owned() }
    }

    #[test]
    fn only_a_create_of_the_same_object_keeps_what_was_begun() {
        let bytes = |plan, anchor| Hints::new(plan, anchor).to_bytes();
        let stored = anchor("demo");
        assert!(makes_way_for_the_same(&bytes(PlanKind::Create, Some(anchor("demo"))), Some(&stored)));
        assert!(!makes_way_for_the_same(&bytes(PlanKind::Create, Some(anchor("other"))), Some(&stored)));
        assert!(!makes_way_for_the_same(&bytes(PlanKind::Create, None), None));
        assert!(!makes_way_for_the_same(&bytes(PlanKind::Destroy, Some(anchor("demo"))), Some(&stored)));
        assert!(!makes_way_for_the_same(b"", Some(&stored)));
        assert!(!makes_way_for_the_same(b"{\"version\":9}", Some(&stored)));
    }
}

//! The owner mark: set in the call that makes an object, so that whoever finds the object knows whose it is.

use std::fmt;

/// How far the making of an object has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Begun and not finished: the next create of the same owner carries on.
    Creating,
    /// Finished: a create refuses it and names the import block to write.
    Ready,
}

impl Phase {
    /// The word in state and on objects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Ready => "ready",
        }
    }

    /// Reads the word back; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "creating" => Some(Self::Creating),
            "ready" => Some(Self::Ready),
            _ => None,
        }
    }
}

/// Which making of an object this is. A resuming create takes a new one, and a delete touches only what bears
/// its own state's, so a deposed object never takes its successor along.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(String);

impl Incarnation {
    /// Takes an id, minted by whoever may use randomness.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The resource type, as in `kurator_fleet`.
    pub kind: String,
    /// The resource's own name, unique per kind and place.
    pub name: String,
    /// The configuration that made it; `default` where none is set.
    pub owner: String,
    /// Which making this is.
    pub incarnation: Incarnation,
    /// How far it has come.
    pub phase: Phase,
}

impl Mark {
    /// The same mark, finished.
    #[must_use]
    pub fn ready(self) -> Self {
        Self { phase: Phase::Ready, ..self }
    }

    /// The same mark, unfinished again.
    #[must_use]
    pub fn creating(self) -> Self {
        Self { phase: Phase::Creating, ..self }
    }

    /// Whether it marks `incarnation` as finished.
    pub fn is_finished(&self, incarnation: &Incarnation) -> bool {
        self.phase == Phase::Ready && self.incarnation == *incarnation
    }

    /// Whether `other` marks the same object of the same owner, whatever its making and phase.
    pub fn is_same_owner(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name && self.owner == other.owner
    }
}

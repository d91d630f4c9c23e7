//! Why nothing can be planned.

use domain::mark::{Incarnation, Mark, Phase};

/// What was found in the place of what is to be made forbids making it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It exists and is finished, made by the same owner: it can be imported.
    Finished {
        /// The mark on it.
        mark: Mark,
    },
    /// It exists and belongs to another owner.
    SomebodyElses {
        /// The mark on it.
        mark: Mark,
    },
    /// It exists and bears no mark.
    Unmarked,
    /// It is being deleted.
    BeingDeleted,
    /// It exists in another making than the one that is stored: it was destroyed and made anew behind our back.
    AnotherIncarnation {
        /// The mark on it.
        mark: Mark,
    },
    /// It does not exist any more.
    Gone,
}

/// Whether an object with `found` as its mark may be taken for the one that `wanted` marks, in a create.
///
/// # Errors
///
/// The [`Refusal`], if it may not.
pub fn may_create(wanted: &Mark, found: Option<&Mark>, deleting: bool) -> Result<(), Refusal> {
    if deleting {
        return Err(Refusal::BeingDeleted);
    }
    match found {
        None => Err(Refusal::Unmarked),
        Some(mark) if !mark.is_same_owner(wanted) => Err(Refusal::SomebodyElses { mark: mark.clone() }),
        Some(mark) => match mark.phase {
            Phase::Creating => Ok(()),
            Phase::Ready => Err(Refusal::Finished { mark: mark.clone() }),
        },
    }
}

/// Whether an object with `found` as its mark is the one whose `incarnation` is stored.
///
/// # Errors
///
/// The [`Refusal`], if it is not.
pub fn may_update(incarnation: &Incarnation, found: Option<&Mark>, deleting: bool) -> Result<(), Refusal> {
    if deleting {
        return Err(Refusal::BeingDeleted);
    }
    match found {
        None => Err(Refusal::Unmarked),
        Some(mark) if mark.incarnation != *incarnation => {
            Err(Refusal::AnotherIncarnation { mark: mark.clone() })
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(owner: &str, phase: Phase) -> Mark {
        Mark {
            kind: "kurator_fleet".into(),
            name: "demo".into(),
            owner: owner.into(),
            incarnation: Incarnation::new("1"),
            phase,
        }
    }

    #[test]
    fn only_an_unfinished_object_of_the_same_owner_is_carried_on_with() {
        let wanted = mark("us", Phase::Creating);
        assert_eq!(may_create(&wanted, Some(&mark("us", Phase::Creating)), false), Ok(()));
        let ready = mark("us", Phase::Ready);
        assert_eq!(may_create(&wanted, Some(&ready), false), Err(Refusal::Finished { mark: ready }));
        let theirs = mark("them", Phase::Creating);
        assert_eq!(may_create(&wanted, Some(&theirs), false), Err(Refusal::SomebodyElses { mark: theirs }));
        assert_eq!(may_create(&wanted, None, false), Err(Refusal::Unmarked));
        assert_eq!(may_create(&wanted, Some(&mark("us", Phase::Creating)), true), Err(Refusal::BeingDeleted));
    }

    #[test]
    fn only_the_stored_making_is_updated() {
        let found = mark("us", Phase::Ready);
        assert_eq!(may_update(&Incarnation::new("1"), Some(&found), false), Ok(()));
        assert_eq!(
            may_update(&Incarnation::new("2"), Some(&found), false),
            Err(Refusal::AnotherIncarnation { mark: found })
        );
    }
}

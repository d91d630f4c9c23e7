//! The owner mark as annotations.

use std::collections::BTreeMap;

use domain::mark::{Incarnation, Mark, Phase};

const TYPE: &str = "kurator.dev/type";
const NAME: &str = "kurator.dev/name";
const OWNER: &str = "kurator.dev/owner";
const INCARNATION: &str = "kurator.dev/incarnation";
const PHASE: &str = "kurator.dev/phase";

/// The annotations that bear `mark`.
pub(crate) fn to_annotations(mark: &Mark) -> BTreeMap<String, String> {
    [
        (TYPE, mark.kind.as_str()),
        (NAME, &mark.name),
        (OWNER, &mark.owner),
        (INCARNATION, mark.incarnation.as_str()),
        (PHASE, mark.phase.as_str()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

/// The annotation that bears an incarnation alone.
pub(crate) fn incarnation_annotation(incarnation: &Incarnation) -> (String, String) {
    (INCARNATION.to_owned(), incarnation.as_str().to_owned())
}

/// Reads the mark back; none if a part is missing or unreadable.
pub(crate) fn from_annotations(annotations: &BTreeMap<String, String>) -> Option<Mark> {
    Some(Mark {
        kind: annotations.get(TYPE)?.clone(),
        name: annotations.get(NAME)?.clone(),
        owner: annotations.get(OWNER)?.clone(),
        incarnation: incarnation(annotations)?,
        phase: Phase::parse(annotations.get(PHASE)?)?,
    })
}

/// The incarnation that an object bears.
pub(crate) fn incarnation(annotations: &BTreeMap<String, String>) -> Option<Incarnation> {
    annotations.get(INCARNATION).map(|text| Incarnation::new(text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_half_a_mark_is_none() {
        let mark = Mark {
            kind: "kurator_fleet".into(),
            name: "demo".into(),
            owner: "default".into(),
            incarnation: Incarnation::new("i-1"),
            phase: Phase::Creating,
        };
        let mut annotations = to_annotations(&mark);
        assert_eq!(from_annotations(&annotations), Some(mark));
        annotations.remove(OWNER);
        assert_eq!(from_annotations(&annotations), None);
    }
}

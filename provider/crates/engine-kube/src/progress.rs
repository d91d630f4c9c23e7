//! Flux's word on its objects: when a judgement is about the object's present shape.

use domain::application::Progress;
use serde::Deserialize;

use crate::labels::REQUESTED_AT;
use crate::metadata::Metadata;

/// The reason of `Reconciling` while Flux waits to try again what has failed.
const RETRY: &str = "ProgressingWithRetry";

/// `status`, as far as all Flux kinds share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) conditions: Vec<Condition>,
    pub(crate) last_handled_reconcile_at: Option<String>,
}

/// One condition.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Condition {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) message: String,
    /// The shape that this condition judges.
    pub(crate) observed_generation: Option<i64>,
}

/// What Flux says of an object.
///
/// A condition counts only if its own `observedGeneration` is the object's generation: `status.observedGeneration`
/// is -1 until the first success and moves on when an object is suspended while the old `Ready=True` stays.
/// `Ready=False` beside `Reconciling=True` is no end, unless that is a retry: then Flux has failed and tries again,
/// for good (lab, 2026-11-21: an unknown repository stays so), and it is for the caller to say how long that may last.
/// A request to look that Flux has not taken up makes every
/// judgement an old one.
pub(crate) fn of(metadata: &Metadata, status: &Judgement) -> Progress {
    let present = |kind: &str| {
        status
            .conditions
            .iter()
            .find(|condition| condition.kind == kind && condition.observed_generation == metadata.generation)
    };
    let is_true = |kind: &str| present(kind).is_some_and(|condition| condition.status == "True");
    let any_word = || {
        ["Ready", "Reconciling"]
            .iter()
            .find_map(|kind| status.conditions.iter().find(|condition| condition.kind == *kind))
            .map_or_else(String::new, |condition| condition.message.clone())
    };
    if has_open_request(metadata, status) {
        return Progress::Pending { message: any_word() };
    }
    let Some(ready) = present("Ready") else { return Progress::Pending { message: any_word() } };
    let stalled = is_true("Stalled");
    let retries = present("Reconciling").is_some_and(|condition| condition.reason == RETRY);
    match ready.status.as_str() {
        "True" => Progress::Ready,
        "False" if stalled || retries || !is_true("Reconciling") => {
            Progress::Failed { reason: ready.reason.clone(), message: ready.message.clone(), stalled }
        }
        _ => Progress::Pending { message: ready.message.clone() },
    }
}

/// Whether Flux was asked to look and has not taken that up.
pub(crate) fn has_open_request(metadata: &Metadata, status: &Judgement) -> bool {
    let requested = metadata.annotation(REQUESTED_AT);
    requested.is_some() && requested != status.last_handled_reconcile_at.as_deref()
}

/// Whether Flux has judged the object's present shape, so that only a request makes it look again at once.
pub(crate) fn is_judged(metadata: &Metadata, status: &Judgement) -> bool {
    metadata.generation.is_some()
        && status.conditions.iter().any(|condition| condition.observed_generation == metadata.generation)
}

/// The last thing Flux said, for whoever waited in vain.
pub(crate) fn last_word(status: &Judgement) -> String {
    status.conditions.iter().find(|condition| condition.kind == "Ready").map_or_else(
        || "Flux has said nothing yet".to_owned(),
        |ready| format!("Flux said last: {}: {}", ready.reason, ready.message),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(generation: i64, asked: Option<&str>) -> Metadata {
        let annotations =
            asked.map(|token| (REQUESTED_AT.to_owned(), token.to_owned())).into_iter().collect();
        Metadata { generation: Some(generation), annotations, ..Metadata::default() }
    }

    fn says(conditions: &[(&str, &str, i64)], handled: Option<&str>) -> Judgement {
        Judgement {
            conditions: conditions
                .iter()
                .map(|(kind, status, observed)| Condition {
                    kind: (*kind).to_owned(),
                    status: (*status).to_owned(),
                    reason: "Reason".into(),
                    message: format!("{kind} {status}"),
                    observed_generation: Some(*observed),
                })
                .collect(),
            last_handled_reconcile_at: handled.map(str::to_owned),
        }
    }

    fn pending(message: &str) -> Progress {
        Progress::Pending { message: message.into() }
    }

    fn failed(stalled: bool) -> Progress {
        Progress::Failed { reason: "Reason".into(), message: "Ready False".into(), stalled }
    }

    #[test]
    fn only_a_settled_judgement_of_the_present_shape_counts() {
        let table = [
            ("new", object(1, None), says(&[], None), pending("")),
            ("ready", object(1, None), says(&[("Ready", "True", 1)], None), Progress::Ready),
            (
                "ready for an older shape",
                object(2, None),
                says(&[("Ready", "True", 1)], None),
                pending("Ready True"),
            ),
            (
                "working",
                object(1, None),
                says(&[("Reconciling", "True", 1), ("Ready", "Unknown", 1)], None),
                pending("Ready Unknown"),
            ),
            (
                "failed before and at work again",
                object(1, None),
                says(&[("Reconciling", "True", 1), ("Ready", "False", 1)], None),
                pending("Ready False"),
            ),
            (
                "failed and waiting to try again",
                object(1, None),
                {
                    let mut says = says(&[("Reconciling", "True", 1), ("Ready", "False", 1)], None);
                    says.conditions[0].reason = RETRY.to_owned();
                    says
                },
                failed(false),
            ),
            ("failed", object(1, None), says(&[("Ready", "False", 1)], None), failed(false)),
            (
                "stalled",
                object(1, None),
                says(&[("Stalled", "True", 1), ("Ready", "False", 1)], None),
                failed(true),
            ),
            (
                "failed for an older shape",
                object(3, None),
                says(&[("Ready", "False", 2)], None),
                pending("Ready False"),
            ),
            (
                "asked and not looked",
                object(1, Some("a")),
                says(&[("Ready", "True", 1)], None),
                pending("Ready True"),
            ),
            (
                "asked and looked",
                object(1, Some("a")),
                says(&[("Ready", "True", 1)], Some("a")),
                Progress::Ready,
            ),
        ];
        for (case, metadata, status, progress) in table {
            assert_eq!(of(&metadata, &status), progress, "{case}");
        }
    }
}

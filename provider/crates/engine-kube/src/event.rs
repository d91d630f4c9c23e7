//! An `Event`: what a controller or a kubelet says of an object that has no place for it in its status.

use serde::Deserialize;

use crate::collection::Collection;

/// The field that names the object an event is about.
pub(crate) const ABOUT: &str = "involvedObject.name";

/// An `Event` as the API server gives it, as far as we look at it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Event {
    #[serde(rename = "type")]
    kind: String,
    reason: String,
    message: String,
    last_timestamp: Option<String>,
    #[serde(rename = "eventTime")]
    time: Option<String>,
}

/// The events of a namespace.
pub(crate) fn collection(namespace: &str) -> Collection {
    Collection::new("v1", "Event", "events", Some(namespace))
}

/// The last trouble that was told.
pub(crate) fn last_warning(events: &[Event]) -> Option<String> {
    // Times are RFC 3339 in UTC, so their order is that of their letters.
    let time = |event: &&Event| event.last_timestamp.clone().or_else(|| event.time.clone());
    let warning = events.iter().filter(|event| event.kind == "Warning").max_by_key(time)?;
    Some(format!("{}: {}", warning.reason, warning.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_warning_is_told() {
        let event = |kind: &str, reason: &str, field: &str, second: u32| {
            let time = format!("2026-11-21T08:00:{second:02}Z");
            serde_json::from_value(json!({ "type": kind, "reason": reason, "message": "a", field: time }))
                .unwrap()
        };
        let events = [
            event("Warning", "FailedMount", "eventTime", 2),
            event("Warning", "FailedScheduling", "lastTimestamp", 1),
            event("Normal", "Scheduled", "lastTimestamp", 3),
        ];
        assert_eq!(last_warning(&events).as_deref(), Some("FailedMount: a"));
        assert_eq!(last_warning(&events[2..]), None);
    }
}

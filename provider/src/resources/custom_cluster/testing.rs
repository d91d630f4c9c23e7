//! Models for tests, as users write them.

use schemas::resources::custom_cluster::CustomClusterModel;
use serde_json::{Map, Value as Json, json};
use tf_value::diagnostic::Diagnostic;
use tf_value::model::FromRaw as _;
use tf_value::number::Number;
use tf_value::raw::Raw;

/// What stands in a test's JSON for a value that is not known.
pub(super) const UNKNOWN: &str = "(not known)";

/// A fingerprint.
pub(super) const KEY: &str = "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDlaXrS3kKlYt2BUlE";
/// Another one.
pub(super) const OTHER_KEY: &str = "SHA256:AAAAztksCsDhcc0u9e8BgrJXVGDlaXrS3kKlYt2BUlE";

/// One control plane, one worker, and nothing but defaults.
pub(super) fn small() -> Json {
    json!({
        "name": "factory",
        "version": "1.34.4",
        "ssh": { "user": "admin", "credential": "site" },
        "machines": {
            "cp1": { "role": "control_plane", "address": "10.77.0.11" },
            "w1": { "role": "worker", "address": "10.77.0.21", "labels": { "zone": "a" } },
        },
    })
}

/// The small one with something else: objects are merged, a null takes away.
pub(super) fn but(over: Json) -> CustomClusterModel {
    let mut whole = small();
    merge(&mut whole, over);
    model(&whole)
}

fn merge(base: &mut Json, over: Json) {
    match (base, over) {
        (Json::Object(base), Json::Object(over)) => {
            for (key, value) in over {
                if value.is_null() {
                    base.remove(&key);
                } else {
                    merge(base.entry(key).or_insert_with(|| Json::Object(Map::new())), value);
                }
            }
        }
        (base, over) => *base = over,
    }
}

pub(super) fn model(json: &Json) -> CustomClusterModel {
    CustomClusterModel::from_raw(&raw(json)).unwrap()
}

fn raw(json: &Json) -> Raw {
    match json {
        Json::Null => Raw::Null,
        Json::Bool(value) => Raw::Bool(*value),
        Json::Number(number) => Raw::Number(Number::parse(&number.to_string()).unwrap()),
        Json::String(text) if text == UNKNOWN => Raw::unknown(),
        Json::String(text) => Raw::string(text.clone()),
        Json::Array(elements) => Raw::List(elements.iter().map(raw).collect()),
        Json::Object(entries) => {
            Raw::Map(entries.iter().map(|(key, value)| (key.clone(), raw(value))).collect())
        }
    }
}

/// Diagnostics with their places. Every one says what was seen, and in a paragraph of its own what to do.
pub(super) fn said(diagnostics: impl IntoIterator<Item = Diagnostic>) -> Vec<String> {
    let said = diagnostics.into_iter().map(|told| {
        let (saw, way_out) = told.detail.split_once("\n\n").unwrap_or_default();
        assert!(!saw.is_empty() && !way_out.is_empty(), "{}: {:?}", told.summary, told.detail);
        format!("{}: {}", told.path.unwrap_or_default(), told.summary)
    });
    said.collect()
}

//! Documents of users: read, merged by meaning, and written. The only place that knows the YAML library.

use domain::node_setup::YamlText;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// Reads a mapping; nothing written is an empty one.
///
/// # Errors
///
/// [`Problem::Yaml`] and [`Problem::NotAMapping`], at `attribute`.
pub fn mapping(text: Option<&YamlText>, attribute: &'static str) -> Result<Map<String, Value>, Problem> {
    let Some(YamlText(text)) = text else { return Ok(Map::new()) };
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    let value: Value = serde_saphyr::from_str(text)
        .map_err(|error| Problem::Yaml { attribute, reason: error.to_string() })?;
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(Problem::NotAMapping { attribute }),
    }
}

/// Reads a stream of mappings. Documents without anything in them are left out.
///
/// # Errors
///
/// As [`mapping`].
pub fn documents(text: &YamlText, attribute: &'static str) -> Result<Vec<Map<String, Value>>, Problem> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text.0)
        .map_err(|error| Problem::Yaml { attribute, reason: error.to_string() })?;
    documents
        .into_iter()
        .filter(|document| !document.is_null())
        .map(|document| match document {
            Value::Object(map) => Ok(map),
            _ => Err(Problem::NotAMapping { attribute }),
        })
        .collect()
}

/// Puts `over` on top of `base`: mappings are merged field by field, anything else is replaced, a null takes a field away.
pub fn merge(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (_, Value::Null) => {
                base.remove(&key);
            }
            (Some(Value::Object(below)), Value::Object(above)) => merge(below, above),
            (Some(below), value) => *below = value,
            (None, Value::Object(above)) => {
                let mut fresh = Map::new();
                merge(&mut fresh, above);
                base.insert(key, Value::Object(fresh));
            }
            (None, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Writes a document.
///
/// # Errors
///
/// [`Problem::Unwritable`] for what YAML has no form for.
pub fn write(document: &impl Serialize, attribute: &'static str) -> Result<String, Problem> {
    let mut text = serde_saphyr::to_string(document)
        .map_err(|error| Problem::Unwritable { attribute, reason: error.to_string() })?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// Joins documents into one stream.
pub fn stream(documents: &[String]) -> String {
    documents.join("---\n")
}

/// A value in any format's own numbers.
///
/// The JSON library keeps numbers as their text, which only its own writer understands.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a>(pub &'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => {
                if let Some(value) = number.as_i64() {
                    serializer.serialize_i64(value)
                } else if let Some(value) = number.as_u64() {
                    serializer.serialize_u64(value)
                } else {
                    serializer.serialize_f64(
                        number.as_f64().ok_or_else(|| serde::ser::Error::custom("a number out of range"))?,
                    )
                }
            }
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&Plain(value))?;
                }
                list.end()
            }
            Value::Object(fields) => fields_of(fields, serializer),
        }
    }
}

/// Writes a mapping in [`Plain`] numbers: for fields of derived types.
pub(crate) fn fields_of<S: Serializer>(
    fields: &Map<String, Value>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for (key, value) in fields {
        map.serialize_entry(key, &Plain(value))?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => panic!("not a mapping"),
        }
    }

    #[test]
    fn fields_are_merged_by_meaning_and_a_null_takes_one_away() {
        let mut base =
            object(json!({"a": 1, "evictionHard": {"memory.available": "100Mi", "x": "y"}, "gone": true}));
        merge(&mut base, object(json!({"evictionHard": {"x": null, "z": "0%"}, "gone": null, "list": [1]})));
        assert_eq!(
            Value::Object(base),
            json!({"a": 1, "evictionHard": {"memory.available": "100Mi", "z": "0%"}, "list": [1]})
        );
    }

    #[test]
    fn what_is_no_mapping_is_refused_with_its_attribute() {
        let text = YamlText("[1, 2]".into());
        assert_eq!(
            mapping(Some(&text), "kubelet").unwrap_err().to_string(),
            "`kubelet` must be a mapping of fields to values"
        );
        assert!(matches!(
            mapping(Some(&YamlText("a: [".into())), "kubelet"),
            Err(Problem::Yaml { attribute: "kubelet", .. })
        ));
        assert!(mapping(None, "kubelet").unwrap().is_empty());
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn mapping_of_anything() -> impl Strategy<Value = Map<String, Value>> {
        prop::collection::btree_map("[a-z]{1,3}", tree(), 0..5).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(fields in mapping_of_anything()) {
            let value = Value::Object(fields.clone());
            let text = write(&Plain(&value), "test").unwrap();
            prop_assert_eq!(mapping(Some(&YamlText(text)), "test").unwrap(), fields);
        }

        #[test]
        fn merging_the_same_twice_changes_nothing_more(a in mapping_of_anything(), b in mapping_of_anything()) {
            let mut once = a.clone();
            merge(&mut once, b.clone());
            let mut twice = once.clone();
            merge(&mut twice, b.clone());
            prop_assert_eq!(&once, &twice);
            for (key, value) in b {
                if !value.is_object() {
                    prop_assert_eq!(once.get(&key), Some(&value));
                }
            }
        }
    }
}

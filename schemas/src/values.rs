//! Free-form values: a mapping in YAML, compared by what it means.

use serde_json::{Map, Number, Value};
use tf_value::attribute::Complaint;
use tf_value::raw::Raw;

/// What a mapping in YAML means: a JSON object with its keys in order, and with its numbers as API servers write them,
/// so that two texts that mean the same give one, and what a cluster gives back equals what it was given. A bare `yes`
/// is true, as it is to Helm. An empty text is an empty mapping.
///
/// # Errors
///
/// Why it is no mapping in YAML.
pub fn meaning(text: &str) -> Result<String, String> {
    // A text without content is no document.
    let is_content = |line: &str| !matches!(line.trim(), "" | "---" | "...") && !line.trim().starts_with('#');
    if !text.lines().any(is_content) {
        return Ok("{}".to_owned());
    }
    let value: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    match settled(value) {
        Value::Null => Ok("{}".to_owned()),
        Value::Object(entries) => Ok(Value::Object(entries).to_string()),
        Value::Array(_) => Err("it is a list, not a mapping".to_owned()),
        _ => Err("it is a single value, not a mapping".to_owned()),
    }
}

/// Whether two texts mean the same.
pub fn alike(one: &Raw, other: &Raw) -> bool {
    let meaning = |value: &Raw| meaning(value.text()?).ok();
    let one = meaning(one);
    one.is_some() && one == meaning(other)
}

/// A mapping in YAML.
pub fn mapping(value: &Raw) -> Option<Complaint> {
    let problem = meaning(value.text()?).err()?;
    Some(Complaint {
        summary: "Not a mapping in YAML".to_owned(),
        detail: format!(
            "The text cannot be used as values: {problem}.\n\nWrite `yamlencode({{ KEY = VALUE }})`, or a text in YAML \
             whose top is a mapping."
        ),
    })
}

/// Documents in YAML, each text one or several of them, that an API server could be given.
pub fn documents(value: &Raw) -> Option<Complaint> {
    let Raw::List(texts) = value else { return None };
    texts.iter().enumerate().find_map(|(index, text)| {
        let problem = no_documents(text.text()?)?;
        Some(Complaint {
            summary: "Not documents for an API server".to_owned(),
            detail: format!(
                "The text at position {index} cannot be applied: {problem}.\n\nWrite documents in YAML with `apiVersion`, \
                 `kind` and `metadata.name` each, separated by `---`."
            ),
        })
    })
}

fn no_documents(text: &str) -> Option<String> {
    let documents: Vec<Value> = match serde_saphyr::from_multiple(text) {
        Ok(documents) => documents,
        Err(error) => return Some(error.to_string()),
    };
    let lacks = |document: &Value, pointer: &str| {
        document.pointer(pointer).and_then(Value::as_str).is_none_or(str::is_empty)
    };
    documents.iter().filter(|document| !document.is_null()).find_map(|document| {
        ["/apiVersion", "/kind", "/metadata/name"]
            .into_iter()
            .find(|pointer| lacks(document, pointer))
            .map(|pointer| format!("a document in it has no `{}`", pointer[1..].replace('/', ".")))
    })
}

fn settled(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(written(number)),
        Value::Array(elements) => Value::Array(elements.into_iter().map(settled).collect()),
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| (key, settled(value))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(Map::from_iter(entries))
        }
        other => other,
    }
}

/// A number as an API server writes it back: whole if it fits 64 bits, else the shortest text of the nearest float, with
/// an exponent where that is very small or very large (Go's `encoding/json`).
fn written(number: Number) -> Number {
    if number.is_i64() {
        return number;
    }
    let Some(float) = number.as_f64().filter(|float| float.is_finite()) else { return number };
    let size = float.abs();
    let text = if size == 0.0 {
        "0".to_owned()
    } else if (1e-6..1e21).contains(&size) {
        float.to_string()
    } else {
        let text = format!("{float:e}");
        if size < 1.0 { text } else { text.replace('e', "e+") }
    };
    serde_json::from_str(&text).unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_have_one_meaning() {
        let yaml = "# a comment\nb: [1, \"2\", yes]\na:\n  c: null\n  d: 1.0\n";
        let json = r#"{"a": {"d": 1, "c": null}, "b": [1, "2", true]}"#;
        assert_eq!(meaning(yaml).unwrap(), r#"{"a":{"c":null,"d":1},"b":[1,"2",true]}"#);
        assert!(alike(&Raw::string(yaml), &Raw::string(json)));
        assert!(!alike(&Raw::string(yaml), &Raw::string("b: []")));
        assert!(!alike(&Raw::string("- 1"), &Raw::string("- 1")), "neither can be used");
        for empty in ["", "\n# nothing\n", "---\n", "{}", "null"] {
            assert_eq!(meaning(empty).as_deref(), Ok("{}"), "{empty}");
        }
    }

    #[test]
    fn numbers_are_as_an_api_server_writes_them() {
        for (given, written) in [
            ("9007199254740993", "9007199254740993"),
            ("-3", "-3"),
            ("1.50", "1.5"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("1e21", "1e+21"),
            ("100000000000000000000", "100000000000000000000"),
            ("-0.0", "0"),
        ] {
            assert_eq!(meaning(&format!("n: {given}")).unwrap(), format!("{{\"n\":{written}}}"), "{given}");
        }
    }

    #[test]
    fn what_is_no_mapping_is_told() {
        for (text, saw) in [("- a", "a list"), ("just text", "a single value"), ("{ a: [", "")] {
            let told = mapping(&Raw::string(text)).unwrap();
            assert!(told.detail.contains(saw), "{}", told.detail);
        }
        assert_eq!(mapping(&Raw::string("a: 1")), None);
    }

    #[test]
    fn documents_say_what_they_are() {
        let list = |text: &str| Raw::List(vec![Raw::string(text)]);
        let good = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
        assert_eq!(documents(&list(&format!("---\n{good}---\n# nothing\n---\n{good}"))), None);
        for (bad, saw) in [
            ("kind: Namespace\nmetadata: {name: a}", "`apiVersion`"),
            ("apiVersion: v1\nkind: Namespace", "`metadata.name`"),
            ("- a", "`apiVersion`"),
            ("{ a: [", "position 0"),
        ] {
            let told = documents(&list(bad)).unwrap();
            assert_eq!(told.summary, "Not documents for an API server");
            assert!(told.detail.contains(saw), "{}", told.detail);
        }
    }
}

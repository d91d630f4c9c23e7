//! One line of log, as Terraform's reader wants it.

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::Level;

/// The longest line, in bytes with its line feed. Terraform cuts at 64 KiB and then shows the pieces as text.
const LONGEST: usize = 64 * 1024 - 1;

/// The longest text in a line that would else be too long: first try, then ever less.
const LONGEST_TEXT: usize = 16 * 1024;

/// What one line says.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) timestamp: Timestamp,
    pub(super) level: Level,
    /// Where it comes from, in Rust's notation.
    pub(super) target: String,
    pub(super) message: String,
    pub(super) fields: Map<String, Value>,
}

impl Entry {
    /// The line with its line feed; too long texts are cut, and too many fields left out.
    pub(super) fn to_line(&self) -> Vec<u8> {
        let mut longest = usize::MAX;
        loop {
            let line = self.line_with(longest, true);
            if line.len() <= LONGEST {
                return line;
            }
            longest = longest.min(LONGEST_TEXT * 2) / 2;
            if longest < 64 {
                return self.line_with(LONGEST_TEXT / 4, false);
            }
        }
    }

    fn line_with(&self, longest: usize, with_fields: bool) -> Vec<u8> {
        let mut object = Map::new();
        if with_fields {
            for (name, value) in &self.fields {
                object.insert(name.clone(), cut_value(value, longest));
            }
        }
        // Last, so that no field can take these names: the reader insists on text in them.
        object.insert("@level".to_owned(), word(self.level).into());
        object.insert("@message".to_owned(), cut(&self.message, longest).into());
        object.insert("@module".to_owned(), self.target.replace("::", ".").into());
        object.insert("@timestamp".to_owned(), format!("{:.6}", self.timestamp).into());
        let mut line = Value::Object(object).to_string().into_bytes();
        line.push(b'\n');
        line
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn cut_value(value: &Value, longest: usize) -> Value {
    match value {
        Value::String(text) => cut(text, longest).into(),
        other => other.clone(),
    }
}

fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(longest)];
    format!("{kept}… ({} bytes in all)", text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: String, fields: Map<String, Value>) -> Entry {
        let timestamp = Timestamp::from_microsecond(1_700_000_000_120_000).unwrap();
        Entry { timestamp, level: Level::WARN, target: "apply::run".to_owned(), message, fields }
    }

    #[test]
    fn a_line_has_the_keys_and_the_time_format_of_hclog() {
        let fields =
            Map::from_iter([("tf_rpc".to_owned(), "ReadResource".into()), ("@level".to_owned(), 3.into())]);
        let line = entry("hello\nworld".to_owned(), fields).to_line();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            concat!(
                r#"{"@level":"warn","@message":"hello\nworld","@module":"apply.run","#,
                r#""@timestamp":"2023-11-14T22:13:20.120000Z","tf_rpc":"ReadResource"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn a_line_stays_short_whatever_it_is_given() {
        let many = |count: usize, length: usize| {
            (0..count).map(|number| (format!("field-{number}"), "\u{1}".repeat(length).into())).collect()
        };
        for (message, fields) in [
            ("é".repeat(100_000), Map::new()),
            ("\u{1}".repeat(100_000), many(3, 70_000)),
            ("short".to_owned(), many(5_000, 20)),
        ] {
            let line = entry(message, fields).to_line();
            assert!(line.len() <= LONGEST, "{}", line.len());
            assert!(serde_json::from_slice::<Value>(&line).is_ok());
        }
    }
}

//! Terraform's types and their JSON form.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value as Json;

/// A type of a value on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Text.
    String,
    /// True or false.
    Bool,
    /// A number of any size.
    Number,
    /// Any type; the value names it.
    Dynamic,
    /// A sequence of one type.
    List(Box<Type>),
    /// A set of one type.
    Set(Box<Type>),
    /// Values of one type by key.
    Map(Box<Type>),
    /// Named values, each of its own type.
    Object(BTreeMap<String, Type>),
    /// A sequence, each element of its own type.
    Tuple(Vec<Type>),
}

/// How deep types and values may nest. Terraform's own stay far below; hostile bytes must not exhaust the stack.
pub const MOST_DEPTH: usize = 64;

/// How many types each thread remembers, and the longest text of one in bytes.
const MOST_REMEMBERED: usize = 8;
const LONGEST_REMEMBERED: usize = 4096;

/// Writes a name as a JSON string.
fn write_name(name: &str, out: &mut String) {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if name.bytes().all(is_plain) {
        out.push('"');
        out.push_str(name);
        out.push('"');
    } else {
        out.push_str(&Json::from(name).to_string());
    }
}

impl Type {
    /// A list of `element`.
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of `element`.
    pub fn set(element: Self) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map of `element`.
    pub fn map(element: Self) -> Self {
        Self::Map(Box::new(element))
    }

    /// The type as Terraform's JSON has it: `"string"`, `["list","string"]`, `["object",{…}]`.
    pub fn to_json(&self) -> Json {
        match self {
            Self::String => Json::from("string"),
            Self::Bool => Json::from("bool"),
            Self::Number => Json::from("number"),
            Self::Dynamic => Json::from("dynamic"),
            Self::List(element) => Json::from(vec![Json::from("list"), element.to_json()]),
            Self::Set(element) => Json::from(vec![Json::from("set"), element.to_json()]),
            Self::Map(element) => Json::from(vec![Json::from("map"), element.to_json()]),
            Self::Object(attributes) => {
                let attributes: serde_json::Map<String, Json> =
                    attributes.iter().map(|(name, ty)| (name.clone(), ty.to_json())).collect();
                Json::from(vec![Json::from("object"), Json::Object(attributes)])
            }
            Self::Tuple(elements) => Json::from(vec![
                Json::from("tuple"),
                Json::from(elements.iter().map(Self::to_json).collect::<Vec<_>>()),
            ]),
        }
    }

    /// Writes the JSON form as text, as `to_json` has it.
    pub fn write_json(&self, out: &mut String) {
        let mut wrapped = |kind: &str, write: &dyn Fn(&mut String)| {
            out.push_str("[\"");
            out.push_str(kind);
            out.push_str("\",");
            write(out);
            out.push(']');
        };
        match self {
            Self::String => out.push_str("\"string\""),
            Self::Bool => out.push_str("\"bool\""),
            Self::Number => out.push_str("\"number\""),
            Self::Dynamic => out.push_str("\"dynamic\""),
            Self::List(element) => wrapped("list", &|out| element.write_json(out)),
            Self::Set(element) => wrapped("set", &|out| element.write_json(out)),
            Self::Map(element) => wrapped("map", &|out| element.write_json(out)),
            Self::Object(attributes) => wrapped("object", &|out| {
                out.push('{');
                for (position, (name, ty)) in attributes.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    write_name(name, out);
                    out.push(':');
                    ty.write_json(out);
                }
                out.push('}');
            }),
            Self::Tuple(elements) => wrapped("tuple", &|out| {
                out.push('[');
                for (position, ty) in elements.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    ty.write_json(out);
                }
                out.push(']');
            }),
        }
    }

    /// Reads the JSON form from text. The types of a run are few, and each object brings its own along: the last ones
    /// are remembered.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong.
    pub fn from_json_text(text: &[u8]) -> Result<Self, String> {
        thread_local! {
            static LAST: RefCell<Vec<(Box<[u8]>, Type)>> = const { RefCell::new(Vec::new()) };
        }
        let known =
            LAST.with_borrow(|last| last.iter().find(|(seen, _)| **seen == *text).map(|it| it.1.clone()));
        if let Some(known) = known {
            return Ok(known);
        }
        let json: Json = serde_json::from_slice(text).map_err(|error| format!("its type: {error}"))?;
        let ty = Self::from_json(&json)?;
        if text.len() <= LONGEST_REMEMBERED {
            LAST.with_borrow_mut(|last| {
                last.truncate(MOST_REMEMBERED - 1);
                last.insert(0, (text.into(), ty.clone()));
            });
        }
        Ok(ty)
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong.
    pub fn from_json(json: &Json) -> Result<Self, String> {
        Self::from_json_at(json, 0)
    }

    fn from_json_at(json: &Json, depth: usize) -> Result<Self, String> {
        if depth > MOST_DEPTH {
            return Err(format!("the type nests deeper than {MOST_DEPTH}"));
        }
        let odd = || format!("`{json}` is not a type");
        match json {
            Json::String(name) => match name.as_str() {
                "string" => Ok(Self::String),
                "bool" => Ok(Self::Bool),
                "number" => Ok(Self::Number),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(odd()),
            },
            Json::Array(parts) => {
                let (Some(Json::String(kind)), Some(of)) = (parts.first(), parts.get(1)) else {
                    return Err(odd());
                };
                match (kind.as_str(), of) {
                    ("list", of) => Ok(Self::list(Self::from_json_at(of, depth + 1)?)),
                    ("set", of) => Ok(Self::set(Self::from_json_at(of, depth + 1)?)),
                    ("map", of) => Ok(Self::map(Self::from_json_at(of, depth + 1)?)),
                    ("object", Json::Object(attributes)) => attributes
                        .iter()
                        .map(|(name, ty)| Ok((name.clone(), Self::from_json_at(ty, depth + 1)?)))
                        .collect::<Result<_, String>>()
                        .map(Self::Object),
                    ("tuple", Json::Array(elements)) => elements
                        .iter()
                        .map(|ty| Self::from_json_at(ty, depth + 1))
                        .collect::<Result<_, String>>()
                        .map(Self::Tuple),
                    _ => Err(odd()),
                }
            }
            _ => Err(odd()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_back_as_written() {
        for text in [r#""dynamic""#, r#"["list",["map","number"]]"#, r#"["object",{"a":["tuple",["bool"]]}]"#]
        {
            let json: Json = serde_json::from_str(text).unwrap();
            let ty = Type::from_json(&json).unwrap();
            assert_eq!(ty.to_json().to_string(), text);
            // Read, and then remembered.
            assert_eq!([(); 2].map(|()| Type::from_json_text(text.as_bytes())), [Ok(ty.clone()), Ok(ty)]);
        }
        assert!(Type::from_json(&serde_json::json!(["list"])).is_err());
    }
}

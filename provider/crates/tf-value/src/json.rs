//! Stored state: plain JSON in the shape of the version that wrote it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::number::Number;
use crate::path::Trail;
use crate::raw::Raw;
use crate::ty::Type;

/// Reads stored JSON as a value of `ty`: attributes it does not know are dropped, missing ones are null.
///
/// # Errors
///
/// The place and what is wrong there, for JSON of another shape. Null anywhere is fine.
pub fn decode(json: Json, ty: &Type) -> Result<Raw, String> {
    decode_at(json, ty, &Trail::Root)
}

fn decode_at(json: Json, ty: &Type, path: &Trail<'_>) -> Result<Raw, String> {
    let odd = |wanted: &str| Err(format!("`{}` is not {wanted}", path.path()));
    match (ty, json) {
        (_, Json::Null) => Ok(Raw::Null),
        (Type::String, Json::String(text)) => Ok(Raw::String(text)),
        (Type::String, Json::Number(number)) => Ok(Raw::String(number.to_string())),
        (Type::String, Json::Bool(value)) => Ok(Raw::String(value.to_string())),
        (Type::String, _) => odd("a string"),
        (Type::Bool, Json::Bool(value)) => Ok(Raw::Bool(value)),
        (Type::Bool, _) => odd("a bool"),
        (Type::Number, Json::Number(number)) => parse_number(&number.to_string(), path),
        (Type::Number, Json::String(text)) => parse_number(&text, path),
        (Type::Number, _) => odd("a number"),
        (Type::List(element), Json::Array(elements)) => elements_of(elements, element, path).map(Raw::List),
        (Type::Set(element), Json::Array(elements)) => elements_of(elements, element, path).map(Raw::set),
        (Type::List(_) | Type::Set(_), _) => odd("a list"),
        (Type::Map(element), Json::Object(entries)) => entries
            .into_iter()
            .map(|(key, value)| {
                let value = decode_at(value, element, &path.key(&key))?;
                Ok((key, value))
            })
            .collect::<Result<BTreeMap<_, _>, String>>()
            .map(Raw::Map),
        (Type::Map(_), _) => odd("a map"),
        (Type::Object(attributes), Json::Object(mut entries)) => attributes
            .iter()
            .map(|(name, ty)| match entries.remove_entry(name) {
                Some((name, stored)) => {
                    let value = decode_at(stored, ty, &path.attribute(&name))?;
                    Ok((name, value))
                }
                None => Ok((name.clone(), Raw::Null)),
            })
            .collect::<Result<BTreeMap<_, _>, String>>()
            .map(Raw::Map),
        (Type::Object(_), _) => odd("an object"),
        (Type::Tuple(types), Json::Array(elements)) if types.len() == elements.len() => types
            .iter()
            .zip(elements)
            .enumerate()
            .map(|(index, (ty, element))| decode_at(element, ty, &path.index(index)))
            .collect::<Result<Vec<_>, String>>()
            .map(Raw::List),
        (Type::Tuple(_), _) => odd("a tuple"),
        (Type::Dynamic, Json::Object(mut entries)) => {
            let (Some(ty), Some(value)) = (entries.remove("type"), entries.remove("value")) else {
                return odd("a value with its type");
            };
            let ty = Type::from_json(&ty)?;
            let value = decode_at(value, &ty, path)?;
            Ok(Raw::Dynamic(Box::new((ty, value))))
        }
        (Type::Dynamic, _) => odd("a value with its type"),
    }
}

fn elements_of(elements: Vec<Json>, ty: &Type, path: &Trail<'_>) -> Result<Vec<Raw>, String> {
    let elements = elements.into_iter().enumerate();
    elements.map(|(index, element)| decode_at(element, ty, &path.index(index))).collect()
}

fn parse_number(text: &str, path: &Trail<'_>) -> Result<Raw, String> {
    Number::parse(text).map(Raw::Number).map_err(|_| format!("`{}` is not a number", path.path()))
}

/// Writes a value as plain JSON, the way state is stored. Unknown becomes null; infinity becomes a string.
pub fn encode(value: &Raw) -> Json {
    match value {
        Raw::Null | Raw::Unknown(_) => Json::Null,
        Raw::Bool(value) => Json::Bool(*value),
        Raw::Number(number) => number
            .as_str()
            .parse::<serde_json::Number>()
            .map_or_else(|_| Json::String(number.to_string()), Json::Number),
        Raw::String(text) => Json::String(text.clone()),
        Raw::List(elements) | Raw::Set(elements) => elements.iter().map(encode).collect(),
        Raw::Map(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.clone(), encode(value))).collect())
        }
        Raw::Dynamic(typed) => {
            let (ty, value) = &**typed;
            Json::Object(
                [("value".to_owned(), encode(value)), ("type".to_owned(), ty.to_json())]
                    .into_iter()
                    .collect(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_attributes_are_filled_and_dropped() {
        let ty = Type::Object(BTreeMap::from([
            ("big".to_owned(), Type::Number),
            ("new".to_owned(), Type::list(Type::String)),
        ]));
        let stored: Json =
            serde_json::from_str(r#"{"big": 123456789012345678901234567890.5, "old": 1}"#).unwrap();
        let want = Raw::Map(BTreeMap::from([
            ("big".to_owned(), Raw::Number(Number::parse("123456789012345678901234567890.5").unwrap())),
            ("new".to_owned(), Raw::Null),
        ]));
        assert_eq!(decode(stored, &ty), Ok(want));
        assert!(decode(serde_json::json!({"new": "text"}), &ty).is_err());
    }
}

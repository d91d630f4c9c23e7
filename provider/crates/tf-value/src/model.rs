//! Typed models: Rust structs with one field per attribute.

use std::collections::BTreeMap;

use crate::number::Number;
use crate::raw::Raw;
use crate::value::Value;

/// Reads a Rust type from a known, non-null value.
pub trait FromRaw: Sized {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// What is wrong, if the value is not of the shape. The schema rules that out, so it is a fault in the model.
    fn from_raw(raw: &Raw) -> Result<Self, String>;
}

/// Writes a Rust type as a value.
pub trait ToRaw {
    /// Writes it.
    fn to_raw(&self) -> Raw;
}

/// A whole object of a schema.
pub trait Model: FromRaw + ToRaw + Clone + Send + Sync + 'static {}

impl<T: FromRaw + ToRaw + Clone + Send + Sync + 'static> Model for T {}

/// Reads a value that may be null or unknown.
///
/// # Errors
///
/// As [`FromRaw::from_raw`].
pub fn read<T: FromRaw>(raw: &Raw) -> Result<Value<T>, String> {
    match raw {
        Raw::Null => Ok(Value::Null),
        Raw::Unknown(_) => Ok(Value::Unknown),
        known => T::from_raw(known).map(Value::Known),
    }
}

/// Writes a value that may be null or unknown.
pub fn write<T: ToRaw>(value: &Value<T>) -> Raw {
    match value {
        Value::Null => Raw::Null,
        Value::Unknown => Raw::unknown(),
        Value::Known(known) => known.to_raw(),
    }
}

impl FromRaw for String {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        raw.text().map(str::to_owned).ok_or_else(|| "a string is wanted".to_owned())
    }
}

impl ToRaw for String {
    fn to_raw(&self) -> Raw {
        Raw::String(self.clone())
    }
}

impl FromRaw for bool {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Bool(value) => Ok(*value),
            _ => Err("a bool is wanted".to_owned()),
        }
    }
}

impl ToRaw for bool {
    fn to_raw(&self) -> Raw {
        Raw::Bool(*self)
    }
}

impl FromRaw for i64 {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            // The number itself is not told: it may be sensitive.
            Raw::Number(number) => {
                number.as_i64().ok_or_else(|| "a whole number of 64 bits is wanted".to_owned())
            }
            _ => Err("a number is wanted".to_owned()),
        }
    }
}

impl ToRaw for i64 {
    fn to_raw(&self) -> Raw {
        Raw::Number(Number::from(*self))
    }
}

impl FromRaw for Number {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Number(number) => Ok(number.clone()),
            _ => Err("a number is wanted".to_owned()),
        }
    }
}

impl ToRaw for Number {
    fn to_raw(&self) -> Raw {
        Raw::Number(self.clone())
    }
}

impl FromRaw for Raw {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        Ok(raw.clone())
    }
}

impl ToRaw for Raw {
    fn to_raw(&self) -> Raw {
        self.clone()
    }
}

impl<T: FromRaw> FromRaw for Vec<Value<T>> {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::List(elements) | Raw::Set(elements) => elements.iter().map(read).collect(),
            _ => Err("a list is wanted".to_owned()),
        }
    }
}

impl<T: ToRaw> ToRaw for Vec<Value<T>> {
    fn to_raw(&self) -> Raw {
        Raw::List(self.iter().map(write).collect())
    }
}

impl<T: FromRaw> FromRaw for BTreeMap<String, Value<T>> {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let entries = raw.entries().ok_or_else(|| "a map is wanted".to_owned())?;
        entries.iter().map(|(key, value)| Ok((key.clone(), read(value)?))).collect()
    }
}

impl<T: ToRaw> ToRaw for BTreeMap<String, Value<T>> {
    fn to_raw(&self) -> Raw {
        Raw::Map(self.iter().map(|(key, value)| (key.clone(), write(value))).collect())
    }
}

/// Declares a model: a struct whose every field is a [`Value`], named as its attribute (`r#ref` for `ref`).
///
/// The struct reads only its own attributes and writes only them, so several models can share one object.
#[macro_export]
macro_rules! model {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$doc:meta])* $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $crate::value::Value<$ty>,)*
        }

        impl $name {
            /// Names of its attributes, in the order of the fields.
            pub const FIELDS: &'static [&'static str] = &[$($crate::model::attribute_name(stringify!($field))),*];
        }

        impl $crate::model::FromRaw for $name {
            fn from_raw(raw: &$crate::raw::Raw) -> Result<Self, String> {
                if raw.entries().is_none() {
                    return Err("an object is wanted".to_owned());
                }
                Ok(Self {
                    $($field: {
                        let name = $crate::model::attribute_name(stringify!($field));
                        $crate::model::read(raw.get(name)).map_err(|problem| format!("{name}: {problem}"))?
                    },)*
                })
            }
        }

        impl $crate::model::ToRaw for $name {
            fn to_raw(&self) -> $crate::raw::Raw {
                $crate::raw::Raw::Map([
                    $(($crate::model::attribute_name(stringify!($field)).to_owned(),
                       $crate::model::write(&self.$field)),)*
                ].into())
            }
        }
    };
}

/// The attribute a field stands for: the field's name without the mark that makes a keyword a name.
pub const fn attribute_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

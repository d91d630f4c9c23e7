//! Values as msgpack, the way Terraform writes and reads them.
//!
//! Decoding is led by the type: a byte that does not fit it is an error, never a guess.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::{self, Entry};
use std::fmt;

use rmp::Marker;
use unicode_normalization::UnicodeNormalization;

use crate::number::Number;
use crate::path::{Path, Trail};
use crate::raw::Raw;
use crate::refinement::Refinement;
use crate::ty::{MOST_DEPTH, Type};

/// The extension code of an unknown value that says something of itself. Any other code is a plain unknown.
const REFINED: i8 = 12;

/// Why bytes are not a value of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where in the value.
    pub path: Path,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_root() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.path, self.problem)
        }
    }
}

impl std::error::Error for Malformed {}

/// Reads a value of type `ty`. No bytes at all are null.
///
/// # Errors
///
/// [`Malformed`] with the place, for bytes that are no value of that type or that go on after it.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Raw, Malformed> {
    if bytes.is_empty() {
        return Ok(Raw::Null);
    }
    let mut reader = Reader { rest: bytes };
    let value = reader.value(ty, &Trail::Root, 0)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(malformed(&Trail::Root, "bytes follow the value")) }
}

fn malformed(path: &Trail<'_>, problem: impl Into<String>) -> Malformed {
    Malformed { path: path.path(), problem: problem.into() }
}

/// A text in form NFC. Most texts are plain ASCII, and that is in form already.
fn normal(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize, path: &Trail<'_>) -> Result<&'a [u8], Malformed> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or_else(|| malformed(path, "the bytes end too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// An unsigned integer of `width` bytes, big-endian.
    fn uint(&mut self, width: usize, path: &Trail<'_>) -> Result<u64, Malformed> {
        Ok(self.take(width, path)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// A signed integer of `width` bytes, big-endian, two's complement.
    fn signed(&mut self, width: usize, path: &Trail<'_>) -> Result<i64, Malformed> {
        let bytes = self.take(width, path)?;
        let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
        let mut whole = [if negative { 0xff } else { 0 }; 8];
        whole[8 - width..].copy_from_slice(bytes);
        Ok(i64::from_be_bytes(whole))
    }

    fn length(&mut self, width: usize, path: &Trail<'_>) -> Result<usize, Malformed> {
        usize::try_from(self.uint(width, path)?).map_err(|_| malformed(path, "a length is too large"))
    }

    /// A count of elements, of which each takes at least one byte: more than there are bytes is refused before
    /// anything is reserved for them.
    fn count(&mut self, width: usize, path: &Trail<'_>) -> Result<usize, Malformed> {
        let count = self.length(width, path)?;
        if count > self.rest.len() { Err(malformed(path, "the bytes end too early")) } else { Ok(count) }
    }

    fn marker(&mut self, path: &Trail<'_>) -> Result<Marker, Malformed> {
        Ok(Marker::from_u8(self.take(1, path)?[0]))
    }

    fn value(&mut self, ty: &Type, path: &Trail<'_>, depth: usize) -> Result<Raw, Malformed> {
        if depth > MOST_DEPTH {
            return Err(malformed(path, "the value nests too deep"));
        }
        let marker = self.marker(path)?;
        if marker == Marker::Null {
            return Ok(Raw::Null);
        }
        if let Some(refinement) = self.extension(marker, path)? {
            return Ok(Raw::Unknown(refinement));
        }
        match ty {
            Type::String => Ok(Raw::String(self.text(marker, path)?.into_owned())),
            Type::Bool => match marker {
                Marker::True => Ok(Raw::Bool(true)),
                Marker::False => Ok(Raw::Bool(false)),
                _ => Err(malformed(path, "a bool is wanted")),
            },
            Type::Number => Ok(Raw::Number(self.number(marker, path)?)),
            Type::List(element) => Ok(Raw::List(self.elements(marker, element, path, depth)?)),
            Type::Set(element) => {
                // Elements of a set have no path of their own.
                let count = self.array(marker, path)?;
                let elements = (0..count).map(|_| self.value(element, path, depth + 1));
                Ok(Raw::set(elements.collect::<Result<_, _>>()?))
            }
            Type::Map(element) => self.map(marker, element, path, depth),
            Type::Object(attributes) => self.object(marker, attributes, path, depth),
            Type::Tuple(types) => {
                if self.array(marker, path)? != types.len() {
                    return Err(malformed(path, format!("{} elements are wanted", types.len())));
                }
                let mut elements = Vec::with_capacity(types.len());
                for (index, ty) in types.iter().enumerate() {
                    elements.push(self.value(ty, &path.index(index), depth + 1)?);
                }
                Ok(Raw::List(elements))
            }
            Type::Dynamic => {
                if self.array(marker, path)? != 2 {
                    return Err(malformed(path, "a type and a value of it are wanted"));
                }
                let marker = self.marker(path)?;
                let json = self.blob(marker, path)?;
                let ty = Type::from_json_text(json).map_err(|problem| malformed(path, problem))?;
                let value = self.value(&ty, path, depth + 1)?;
                Ok(Raw::Dynamic(Box::new((ty, value))))
            }
        }
    }

    /// The refinement, if the marker begins an extension: every extension is an unknown value.
    fn extension(&mut self, marker: Marker, path: &Trail<'_>) -> Result<Option<Refinement>, Malformed> {
        let length = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.length(1, path)?,
            Marker::Ext16 => self.length(2, path)?,
            Marker::Ext32 => self.length(4, path)?,
            _ => return Ok(None),
        };
        let code = i8::from_be_bytes([self.take(1, path)?[0]]);
        let body = self.take(length, path)?;
        Ok(Some(if code == REFINED { Refinement::from_body(body) } else { Refinement::none() }))
    }

    fn text(&mut self, marker: Marker, path: &Trail<'_>) -> Result<Cow<'a, str>, Malformed> {
        let length = match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => self.length(1, path)?,
            Marker::Str16 => self.length(2, path)?,
            Marker::Str32 => self.length(4, path)?,
            _ => return Err(malformed(path, "a string is wanted")),
        };
        let text = std::str::from_utf8(self.take(length, path)?)
            .map_err(|_| malformed(path, "a string is not UTF-8"))?;
        Ok(normal(text))
    }

    fn blob(&mut self, marker: Marker, path: &Trail<'_>) -> Result<&'a [u8], Malformed> {
        let length = match marker {
            Marker::Bin8 | Marker::Str8 => self.length(1, path)?,
            Marker::Bin16 | Marker::Str16 => self.length(2, path)?,
            Marker::Bin32 | Marker::Str32 => self.length(4, path)?,
            Marker::FixStr(length) => usize::from(length),
            _ => return Err(malformed(path, "the type of a dynamic value is wanted")),
        };
        self.take(length, path)
    }

    fn number(&mut self, marker: Marker, path: &Trail<'_>) -> Result<Number, Malformed> {
        let number = match marker {
            Marker::FixPos(value) => Number::from(i64::from(value)),
            Marker::FixNeg(value) => Number::from(i64::from(value)),
            Marker::U8 => Number::from(self.uint(1, path)?),
            Marker::U16 => Number::from(self.uint(2, path)?),
            Marker::U32 => Number::from(self.uint(4, path)?),
            Marker::U64 => Number::from(self.uint(8, path)?),
            Marker::I8 => Number::from(self.signed(1, path)?),
            Marker::I16 => Number::from(self.signed(2, path)?),
            Marker::I32 => Number::from(self.signed(4, path)?),
            Marker::I64 => Number::from(self.signed(8, path)?),
            Marker::F32 => {
                let bits = u32::try_from(self.uint(4, path)?).unwrap_or_default();
                Number::from_f64(f64::from(f32::from_bits(bits)))
            }
            Marker::F64 => Number::from_f64(f64::from_bits(self.uint(8, path)?)),
            _ => {
                let text = self.text(marker, path).map_err(|_| malformed(path, "a number is wanted"))?;
                return Number::parse(&text).map_err(|_| malformed(path, "a string is not a number"));
            }
        };
        Ok(number)
    }

    fn array(&mut self, marker: Marker, path: &Trail<'_>) -> Result<usize, Malformed> {
        match marker {
            Marker::FixArray(count) => Ok(usize::from(count)),
            Marker::Array16 => self.count(2, path),
            Marker::Array32 => self.count(4, path),
            _ => Err(malformed(path, "a sequence is wanted")),
        }
    }

    fn elements(
        &mut self,
        marker: Marker,
        ty: &Type,
        path: &Trail<'_>,
        depth: usize,
    ) -> Result<Vec<Raw>, Malformed> {
        let count = self.array(marker, path)?;
        (0..count).map(|index| self.value(ty, &path.index(index), depth + 1)).collect()
    }

    fn keys(&mut self, marker: Marker, path: &Trail<'_>) -> Result<usize, Malformed> {
        match marker {
            Marker::FixMap(count) => Ok(usize::from(count)),
            Marker::Map16 => self.count(2, path),
            Marker::Map32 => self.count(4, path),
            _ => Err(malformed(path, "a map is wanted")),
        }
    }

    fn map(&mut self, marker: Marker, ty: &Type, path: &Trail<'_>, depth: usize) -> Result<Raw, Malformed> {
        let count = self.keys(marker, path)?;
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let marker = self.marker(path)?;
            let key = self.text(marker, path)?.into_owned();
            let value = self.value(ty, &path.key(&key), depth + 1)?;
            match entries.entry(key) {
                Entry::Vacant(place) => _ = place.insert(value),
                Entry::Occupied(place) => {
                    return Err(malformed(&path.key(place.key()), "the key is there twice"));
                }
            }
        }
        Ok(Raw::Map(entries))
    }

    fn object(
        &mut self,
        marker: Marker,
        attributes: &BTreeMap<String, Type>,
        path: &Trail<'_>,
        depth: usize,
    ) -> Result<Raw, Malformed> {
        let count = self.keys(marker, path)?;
        let mut entries = Vec::with_capacity(attributes.len().min(count));
        let mut in_order = attributes.iter();
        for _ in 0..count {
            let marker = self.marker(path)?;
            let name = self.text(marker, path)?;
            // Terraform writes them in order, so the next one is nearly always the one that is due.
            let due = in_order.next().filter(|(due, _)| **due == *name);
            let (name, ty) = match due {
                Some(due) => due,
                None => {
                    in_order = btree_map::Iter::default();
                    attributes
                        .get_key_value(&*name)
                        .ok_or_else(|| malformed(path, format!("`{name}` is no attribute of it")))?
                }
            };
            let value = self.value(ty, &path.attribute(name), depth + 1)?;
            if due.is_none() && entries.iter().any(|(there, _)| there == name) {
                return Err(malformed(&path.attribute(name), "the attribute is there twice"));
            }
            entries.push((name.clone(), value));
        }
        let entries: BTreeMap<_, _> = entries.into_iter().collect();
        if entries.len() < attributes.len()
            && let Some(missing) = attributes.keys().find(|name| !entries.contains_key(*name))
        {
            return Err(malformed(path, format!("the attribute `{missing}` is missing")));
        }
        Ok(Raw::Map(entries))
    }
}

/// What most objects take, in bytes.
const USUAL_SIZE: usize = 1024;

/// Writes a value. Its type is needed only where the value does not say it: nowhere, so none is asked for.
pub fn encode(value: &Raw) -> Vec<u8> {
    let mut out = Vec::with_capacity(USUAL_SIZE);
    write(&mut out, value);
    out
}

fn write(out: &mut Vec<u8>, value: &Raw) {
    match value {
        Raw::Null => out.push(Marker::Null.to_u8()),
        Raw::Unknown(refinement) => match refinement.body() {
            None => out.extend([Marker::FixExt1.to_u8(), 0, 0]),
            Some(body) => {
                let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
                out.push(Marker::Ext16.to_u8());
                out.extend(length.to_be_bytes());
                out.extend(REFINED.to_be_bytes());
                out.extend(&body[..usize::from(length)]);
            }
        },
        Raw::Bool(value) => out.push(if *value { Marker::True } else { Marker::False }.to_u8()),
        // In digits, whole numbers too: Terraform decodes digits in the precision in which it reads them from its state,
        // and an integer in another one, and its `plan -refresh-only` (1.11.4) tells equal numbers apart by that.
        Raw::Number(number) => match number.infinity() {
            Some(infinity) => {
                out.push(Marker::F64.to_u8());
                out.extend(infinity.to_be_bytes());
            }
            None => write_text(out, number.as_str()),
        },
        Raw::String(text) => write_text(out, &normal(text)),
        Raw::List(elements) | Raw::Set(elements) => {
            write_length(out, elements.len(), &ARRAY);
            for element in elements {
                write(out, element);
            }
        }
        Raw::Map(entries) => {
            write_length(out, entries.len(), &MAP);
            for (key, value) in entries {
                write_text(out, key);
                write(out, value);
            }
        }
        Raw::Dynamic(typed) => {
            let (ty, value) = &**typed;
            write_length(out, 2, &ARRAY);
            let mut json = String::new();
            ty.write_json(&mut json);
            write_length(out, json.len(), &BLOB);
            out.extend(json.as_bytes());
            write(out, value);
        }
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_length(out, text.len(), &TEXT);
    out.extend(text.as_bytes());
}

/// A marker that holds the length itself.
type Short = fn(u8) -> Marker;

/// How the lengths of one kind are written, from the shortest form to the longest.
struct Lengths {
    /// The most that the marker itself holds, and the marker.
    within: Option<(u8, Short)>,
    /// With one byte.
    one: Option<Marker>,
    /// With two bytes.
    two: Marker,
    /// With four bytes.
    four: Marker,
}

const ARRAY: Lengths =
    Lengths { within: Some((15, Marker::FixArray)), one: None, two: Marker::Array16, four: Marker::Array32 };
const MAP: Lengths =
    Lengths { within: Some((15, Marker::FixMap)), one: None, two: Marker::Map16, four: Marker::Map32 };
const TEXT: Lengths = Lengths {
    within: Some((31, Marker::FixStr)),
    one: Some(Marker::Str8),
    two: Marker::Str16,
    four: Marker::Str32,
};
const BLOB: Lengths =
    Lengths { within: None, one: Some(Marker::Bin8), two: Marker::Bin16, four: Marker::Bin32 };

/// Writes a length. A message above 4 GiB cannot be sent anyway.
fn write_length(out: &mut Vec<u8>, length: usize, forms: &Lengths) {
    if let (Ok(short), Some((most, marker))) = (u8::try_from(length), forms.within)
        && short <= most
    {
        out.push(marker(short).to_u8());
    } else if let (Ok(short), Some(marker)) = (u8::try_from(length), forms.one) {
        out.extend([marker.to_u8(), short]);
    } else if let Ok(short) = u16::try_from(length) {
        out.push(forms.two.to_u8());
        out.extend(short.to_be_bytes());
    } else {
        out.push(forms.four.to_u8());
        out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }
}

//! Values in messages.

use tf_value::diagnostic::Diagnostics;
use tf_value::msgpack;
use tf_value::raw::Raw;
use tf_value::ty::Type;

use crate::complaints;
use crate::proto::tfplugin6::DynamicValue;

/// Reads a value of type `ty`; `what` names it in messages. An absent or empty one is null.
///
/// # Errors
///
/// A diagnostic with the place, for bytes that are no value of that type.
pub(super) fn decode(what: &str, value: Option<&DynamicValue>, ty: &Type) -> Result<Raw, Diagnostics> {
    let Some(DynamicValue { msgpack: packed, json }) = value else { return Ok(Raw::Null) };
    if packed.is_empty() && !json.is_empty() {
        let json: serde_json::Value = serde_json::from_slice(json)
            .map_err(|error| complaints::misshapen(what, &format!("is no JSON: {error}")))?;
        return tf_value::json::decode(json, ty)
            .map_err(|problem| complaints::misshapen(what, &format!("cannot be read: {problem}")).into());
    }
    msgpack::decode(packed, ty).map_err(|malformed| complaints::malformed(what, &malformed).into())
}

/// Reads a whole object; none for null.
///
/// # Errors
///
/// As [`decode`], and for an object that is itself unknown.
pub(super) fn decode_object(
    what: &str,
    value: Option<&DynamicValue>,
    ty: &Type,
) -> Result<Option<Raw>, Diagnostics> {
    match decode(what, value, ty)? {
        Raw::Null => Ok(None),
        object @ Raw::Map(_) => Ok(Some(object)),
        _ => Err(complaints::misshapen(what, "is not known").into()),
    }
}

/// Reads a whole object that must be there.
///
/// # Errors
///
/// As [`decode_object`], and for null.
pub(super) fn decode_present(
    what: &str,
    value: Option<&DynamicValue>,
    ty: &Type,
) -> Result<Raw, Diagnostics> {
    decode_object(what, value, ty)?.ok_or_else(|| complaints::misshapen(what, "is null").into())
}

/// Writes a value.
#[expect(clippy::unnecessary_wraps, reason = "messages hold every value as an option")]
pub(super) fn encode(value: &Raw) -> Option<DynamicValue> {
    Some(DynamicValue { msgpack: msgpack::encode(value), json: Vec::new() })
}

//! Identities: what tells an object from all others, beside its state.

use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;

use crate::complaints;
use crate::proto::tfplugin6 as pb;
use crate::rules::fit;
use crate::server::parts::Managed;
use crate::server::wire;

/// Reads an identity; none if there is none or the resource has none.
///
/// # Errors
///
/// A diagnostic, for bytes that are no identity of the resource.
pub(super) fn decode(
    managed: &Managed,
    identity: Option<&pb::ResourceIdentityData>,
) -> Result<Option<Raw>, Diagnostics> {
    let (Some(shape), Some(identity)) = (&managed.identity, identity) else { return Ok(None) };
    wire::decode_object("identity", identity.identity_data.as_ref(), &shape.ty)
}

/// Writes an identity. Nothing is written for a resource that has none: Terraform does not expect it.
pub(super) fn encode(managed: &Managed, identity: Option<&Raw>) -> Option<pb::ResourceIdentityData> {
    managed.identity.as_ref()?;
    Some(pb::ResourceIdentityData { identity_data: wire::encode(identity?) })
}

/// The identity of an object, if the resource has one and says it.
pub(super) fn of(managed: &Managed, object: &Raw) -> Option<Raw> {
    fitting(managed, managed.resource.identity(object))
}

/// `identity` in the shape of its schema, if it has that shape.
pub(super) fn fitting(managed: &Managed, identity: Raw) -> Option<Raw> {
    let shape = managed.identity.as_ref()?;
    let (identity, faults) = fit::fit(identity, &shape.ty);
    (identity.entries().is_some() && faults.is_empty()).then_some(identity)
}

/// The identity of an object that is wholly known, as it must be wherever something is stored.
pub(super) fn known(managed: &Managed, object: &Raw) -> Option<Raw> {
    of(managed, object).filter(Raw::is_wholly_known)
}

/// Brings a stored identity to the present version.
pub(super) fn upgrade(
    managed: &Managed,
    request: pb::upgrade_resource_identity::Request,
) -> Result<pb::upgrade_resource_identity::Response, Diagnostics> {
    let name = managed.name();
    let shape = managed.identity.as_ref().ok_or_else(|| complaints::no_identity(name))?;
    let newest = shape.schema.version;
    let too_new = || complaints::newer_identity_version(name, request.version, newest);
    let version = u32::try_from(request.version).map_err(|_| too_new())?;
    if version > newest {
        return Err(too_new().into());
    }
    let raw = request.raw_identity.unwrap_or_default();
    // An object that was stored before its type had an identity has version 0 and no identity at all.
    let json = if raw.json.is_empty() {
        serde_json::Value::Null
    } else {
        serde_json::from_slice(&raw.json)
            .map_err(|error| complaints::unreadable_identity(name, &error.to_string()))?
    };
    let json = if version < newest && !json.is_null() {
        managed.resource.upgrade_identity(version, json)?
    } else {
        json
    };
    let identity = tf_value::json::decode(json, &shape.ty)
        .map_err(|problem| complaints::unreadable_identity(name, &problem))?;
    Ok(pb::upgrade_resource_identity::Response {
        upgraded_identity: encode(managed, Some(&identity)),
        diagnostics: Vec::new(),
    })
}

/// An identity in words, for the log.
pub(super) fn in_words(identity: &Raw) -> String {
    let Some(entries) = identity.entries() else { return String::new() };
    let parts = entries.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.text()?)));
    parts.collect::<Vec<_>>().join(" ")
}

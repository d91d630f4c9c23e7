//! Stored states, brought into the present shape.

use serde_json::Value as Json;
use tf_value::diagnostic::Diagnostics;

use crate::complaints;
use crate::proto::tfplugin6::RawState;
use crate::proto::tfplugin6::upgrade_resource_state::{Request, Response};
use crate::rules::write_only;
use crate::server::parts::Managed;
use crate::server::wire;

/// Reads a stored state, of this version or an older one.
pub(super) fn upgrade(managed: &Managed, request: Request) -> Result<Response, Diagnostics> {
    let name = managed.name();
    let newest = managed.shape.schema.version;
    let stored = stored_json(name, request.raw_state)?;
    let too_new = || complaints::newer_state_version(name, request.version, newest);
    let version = u32::try_from(request.version).map_err(|_| too_new())?;
    if version > newest {
        return Err(too_new().into());
    }
    let stored = if version == newest { stored } else { managed.resource.upgrade(version, stored)? };
    if !stored.is_object() {
        return Err(complaints::unreadable_state(name, "it is not an object").into());
    }
    let mut state = tf_value::json::decode(stored, &managed.shape.ty)
        .map_err(|problem| complaints::unreadable_state(name, &problem))?;
    write_only::erase(&managed.shape.schema.attributes, &mut state);
    Ok(Response { upgraded_state: wire::encode(&state), diagnostics: Vec::new() })
}

/// The JSON of a stored state.
///
/// # Errors
///
/// A diagnostic, for JSON that cannot be read or a state from before there was JSON.
pub(super) fn stored_json(type_name: &str, state: Option<RawState>) -> Result<Json, Diagnostics> {
    let state = state.unwrap_or_default();
    if state.json.is_empty() {
        return Err(if state.flatmap.is_empty() {
            complaints::unreadable_state(type_name, "it is empty").into()
        } else {
            complaints::flatmap_state(type_name).into()
        });
    }
    serde_json::from_slice(&state.json)
        .map_err(|error| complaints::unreadable_state(type_name, &error.to_string()).into())
}

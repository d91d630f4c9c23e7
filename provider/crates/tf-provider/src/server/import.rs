//! Objects that come from elsewhere: imported ones and ones moved from another type. And the way back: a
//! configuration made of a state.

use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;

use crate::complaints;
use crate::erased::Surroundings;
use crate::moves::{MoveSource, Moved};
use crate::proto::tfplugin6 as pb;
use crate::resource::Import;
use crate::rules::{defaults, fit, write_only};
use crate::server::parts::Managed;
use crate::server::{deferral, identity, upgrade, wire};

/// Finds an object that exists.
pub(super) async fn import(
    managed: &Managed,
    request: pb::import_resource_state::Request,
    around: Surroundings,
) -> Result<pb::import_resource_state::Response, Diagnostics> {
    let name = managed.name();
    let wanted = identity::decode(managed, request.identity.as_ref())?;
    let import = match &wanted {
        Some(identity) => Import::Identity(identity.clone()),
        None if request.id.is_empty() => return Err(complaints::nothing_to_import_by(name).into()),
        None => Import::Id(request.id),
    };
    let deferring = around.deferring.clone();
    let object = managed.resource.import(import, around).await?;
    let object = furnish(managed, object)?;
    let identity = identity::known(managed, &object).or(wanted);
    Ok(pb::import_resource_state::Response {
        imported_resources: vec![pb::import_resource_state::ImportedResource {
            type_name: name.to_owned(),
            state: wire::encode(&object),
            private: Vec::new(),
            identity: identity::encode(managed, identity.as_ref()),
        }],
        deferred: deferral::encode(&deferring),
        diagnostics: Vec::new(),
    })
}

/// Turns a stored object of another type into one of this.
pub(super) fn move_state(
    managed: &Managed,
    request: pb::move_resource_state::Request,
) -> Result<pb::move_resource_state::Response, Diagnostics> {
    let state = upgrade::stored_json(&request.source_type_name, request.source_state)?;
    let identity = request.source_identity.filter(|identity| !identity.json.is_empty());
    let identity = identity.map(|identity| upgrade::stored_json(&request.source_type_name, Some(identity)));
    let identity = identity.transpose()?;
    let source = MoveSource {
        provider: request.source_provider_address,
        type_name: request.source_type_name,
        schema_version: request.source_schema_version,
        state,
        private: request.source_private,
        identity,
    };
    let Moved { object, private } = managed.resource.move_from(&source).unwrap_or_else(|| {
        Err(complaints::cannot_move(&source.type_name, &source.provider, managed.name()).into())
    })?;
    let object = furnish(managed, object)?;
    let identity = identity::known(managed, &object);
    Ok(pb::move_resource_state::Response {
        target_state: wire::encode(&object),
        target_private: private,
        target_identity: identity::encode(managed, identity.as_ref()),
        diagnostics: Vec::new(),
    })
}

/// Makes an object without a configuration whole. It has no defaults yet: a plan after the import would show each of
/// them as a change.
pub(super) fn furnish(managed: &Managed, object: Raw) -> Result<Raw, Diagnostics> {
    let attributes = &managed.shape.schema.attributes;
    let (object, misfits) = fit::fit(object, &managed.shape.ty);
    if !misfits.is_empty() {
        return Err(misfits.iter().map(|fault| complaints::misfit(managed.name(), fault)).collect());
    }
    let mut object = object.unknown_as_null();
    if object.entries().is_none() {
        return Err(complaints::nothing_found(managed.name()).into());
    }
    write_only::erase(attributes, &mut object);
    defaults::fill_nulls(attributes, &mut object);
    Ok(object)
}

/// The configuration that would make an object.
pub(super) fn generate(
    managed: &Managed,
    request: &pb::generate_resource_config::Request,
) -> Result<pb::generate_resource_config::Response, Diagnostics> {
    let attributes = &managed.shape.schema.attributes;
    let mut config = wire::decode_present("state", request.state.as_ref(), &managed.shape.ty)?;
    defaults::unfill(attributes, &mut config);
    let adjusted = fit::complete(managed.resource.generate(config.clone()), &config);
    let (mut config, misfits) = fit::fit(adjusted, &managed.shape.ty);
    if !misfits.is_empty() {
        return Err(misfits.iter().map(|fault| complaints::misfit(managed.name(), fault)).collect());
    }
    // Once more: an adjustment may only leave out what can be written at all.
    defaults::unfill(attributes, &mut config);
    Ok(pb::generate_resource_config::Response { config: wire::encode(&config), diagnostics: Vec::new() })
}

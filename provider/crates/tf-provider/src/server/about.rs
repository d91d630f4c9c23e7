//! What the provider says of itself, and its own configuration.

use std::sync::atomic::Ordering;

use tf_value::diagnostic::Diagnostics;

use crate::erased::Surroundings;
use crate::proto::tfplugin6 as pb;
use crate::server::parts::Parts;
use crate::server::{diagnostics, schema, wire};

const CAPABILITIES: pb::ServerCapabilities = pb::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: true,
};

pub(super) fn metadata(parts: &Parts) -> pb::get_metadata::Response {
    use pb::get_metadata::{
        ActionMetadata, DataSourceMetadata, EphemeralMetadata, FunctionMetadata, ListResourceMetadata,
        ResourceMetadata, Response,
    };
    let name = |name: &&str| (*name).to_owned();
    Response {
        server_capabilities: Some(CAPABILITIES),
        resources: parts.resources.keys().map(|k| ResourceMetadata { type_name: name(k) }).collect(),
        data_sources: parts.sources.keys().map(|k| DataSourceMetadata { type_name: name(k) }).collect(),
        ephemeral_resources: parts
            .ephemeral
            .keys()
            .map(|k| EphemeralMetadata { type_name: name(k) })
            .collect(),
        functions: parts.functions.keys().map(|k| FunctionMetadata { name: name(k) }).collect(),
        list_resources: parts.lists.keys().map(|k| ListResourceMetadata { type_name: name(k) }).collect(),
        actions: parts.actions.keys().map(|k| ActionMetadata { type_name: name(k) }).collect(),
        ..Response::default()
    }
}

pub(super) fn schemas(parts: &Parts) -> pb::get_provider_schema::Response {
    let resources = parts.resources.iter();
    let sources = parts.sources.iter();
    let ephemeral = parts.ephemeral.iter();
    pb::get_provider_schema::Response {
        provider: Some(schema::encode(&parts.shape.schema)),
        resource_schemas: resources
            .map(|(name, part)| ((*name).to_owned(), schema::encode(&part.shape.schema)))
            .collect(),
        data_source_schemas: sources
            .map(|(name, part)| ((*name).to_owned(), schema::encode(&part.shape.schema)))
            .collect(),
        ephemeral_resource_schemas: ephemeral
            .map(|(name, part)| ((*name).to_owned(), schema::encode(&part.shape.schema)))
            .collect(),
        list_resource_schemas: parts
            .lists
            .iter()
            .map(|(name, part)| ((*name).to_owned(), schema::encode(&part.shape.schema)))
            .collect(),
        action_schemas: parts
            .actions
            .iter()
            .map(|(name, part)| {
                let schema = Some(schema::encode(&part.shape.schema));
                ((*name).to_owned(), pb::ActionSchema { schema })
            })
            .collect(),
        functions: functions(parts).functions,
        server_capabilities: Some(CAPABILITIES),
        ..pb::get_provider_schema::Response::default()
    }
}

pub(super) fn identity_schemas(parts: &Parts) -> pb::get_resource_identity_schemas::Response {
    let identities = parts.resources.iter().filter_map(|(name, part)| {
        Some(((*name).to_owned(), schema::encode_identity(&part.identity.as_ref()?.schema)))
    });
    pb::get_resource_identity_schemas::Response {
        identity_schemas: identities.collect(),
        diagnostics: Vec::new(),
    }
}

pub(super) fn functions(parts: &Parts) -> pb::get_functions::Response {
    let functions = parts.functions.iter();
    pb::get_functions::Response {
        functions: functions
            .map(|(name, part)| ((*name).to_owned(), schema::encode_function(&part.signature)))
            .collect(),
        diagnostics: Vec::new(),
    }
}

/// Takes the provider's configuration, unknown values included.
pub(super) async fn configure(
    parts: &Parts,
    request: pb::configure_provider::Request,
    around: Surroundings,
) -> Result<pb::configure_provider::Response, Diagnostics> {
    let config = wire::decode_present("provider configuration", request.config.as_ref(), &parts.shape.ty)?;
    parts.config_unknown.store(!config.is_wholly_known(), Ordering::Relaxed);
    let said = parts.provider.configure(config, around).await;
    Ok(pb::configure_provider::Response { diagnostics: diagnostics::encode(said) })
}

//! Takes Terraform's place: speaks the protocol to a provider in this process, over a real socket.
//!
//! [`ProtocolClient`] makes single calls. `protocol_client_instance` strings them together as Terraform's core does,
//! and `protocol_client_checks` finds what core would object to. All three are written from the protocol's rules and
//! not from the framework's code, so that neither hides the other's mistakes.

use std::collections::BTreeMap;

use tf_provider::proto::tfplugin6 as pb;
use tf_provider::proto::tfplugin6::provider_client::ProviderClient;
use tf_provider::provider::Provider;
use tf_provider::server::service::server;
use tf_provider::transport::reattach::Attachable;
use tf_provider::transport::serve::Hooks;
use tf_value::msgpack;
use tf_value::raw::Raw;
use tf_value::ty::Type;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::protocol_client_schema::WireSchema;

/// The largest message, in bytes: Terraform sets no limit, the provider's is 256 MiB.
const LARGEST_MESSAGE: usize = 512 * 1024 * 1024;

/// A client of one provider.
pub struct ProtocolClient {
    wire: ProviderClient<Channel>,
    schemas: pb::get_provider_schema::Response,
    identities: BTreeMap<String, pb::ResourceIdentitySchema>,
    // Stops serving when dropped. None if the provider is elsewhere.
    _attachable: Option<Attachable>,
}

/// What the client says it can do: what Terraform 1.16 does, without deferral.
pub const CAPABILITIES: pb::ClientCapabilities = pb::ClientCapabilities {
    deferral_allowed: false,
    write_only_attributes_allowed: true,
    store_planned_private: true,
    computed_blocks_allowed: true,
};

impl ProtocolClient {
    /// Serves `provider` and connects to it. Must be called within a runtime.
    ///
    /// # Errors
    ///
    /// A sentence, if the provider cannot be served or gives no schema.
    pub async fn start(provider: impl Provider) -> Result<Self, String> {
        let hooks = Hooks::default();
        let service = server(provider).hooked(hooks.clone());
        let address = "registry.terraform.io/test/test";
        let attachable =
            Attachable::start(service, address, hooks).await.map_err(|error| error.to_string())?;
        let variable: serde_json::Value =
            serde_json::from_str(attachable.variable()).map_err(|error| error.to_string())?;
        let socket = variable[address]["Addr"]["String"].as_str().unwrap_or_default().to_owned();
        let endpoint =
            Endpoint::from_shared(format!("unix://{socket}")).map_err(|error| error.to_string())?;
        let channel = endpoint.connect().await.map_err(|error| error.to_string())?;
        Ok(Self { _attachable: Some(attachable), ..Self::over(channel).await? })
    }

    /// The client of a provider that is served elsewhere.
    ///
    /// # Errors
    ///
    /// A sentence, if the provider gives no schema.
    pub async fn over(channel: Channel) -> Result<Self, String> {
        let mut wire = ProviderClient::new(channel)
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE);
        let say = |status: Status| status.to_string();
        let request = pb::get_provider_schema::Request::default();
        let schemas = wire.get_provider_schema(request).await.map_err(say)?.into_inner();
        let request = pb::get_resource_identity_schemas::Request::default();
        let identities = wire.get_resource_identity_schemas(request).await.map_err(say)?.into_inner();
        let identities = identities.identity_schemas.into_iter().collect();
        Ok(Self { wire, schemas, identities, _attachable: None })
    }

    /// The generated client, for a call that has no method here.
    pub fn wire(&self) -> ProviderClient<Channel> {
        self.wire.clone()
    }

    /// What the provider answered about its schemas.
    pub fn schemas(&self) -> &pb::get_provider_schema::Response {
        &self.schemas
    }

    /// The schema of a managed resource.
    ///
    /// # Errors
    ///
    /// [`tonic::Code::NotFound`] if the provider has no such type.
    pub fn resource(&self, type_name: &str) -> Result<WireSchema<'_>, Status> {
        let schema = self.schemas.resource_schemas.get(type_name);
        schema.and_then(WireSchema::of).ok_or_else(|| Status::not_found(format!("no resource {type_name}")))
    }

    /// The schema of a data source.
    ///
    /// # Errors
    ///
    /// [`tonic::Code::NotFound`] if the provider has no such type.
    pub fn data_source(&self, type_name: &str) -> Result<WireSchema<'_>, Status> {
        let schema = self.schemas.data_source_schemas.get(type_name);
        schema
            .and_then(WireSchema::of)
            .ok_or_else(|| Status::not_found(format!("no data source {type_name}")))
    }

    /// The type of a managed resource's identity; none if it has none.
    pub fn identity_type(&self, type_name: &str) -> Option<Type> {
        let schema = self.identities.get(type_name)?;
        let attributes = schema.identity_attributes.iter();
        Some(Type::Object(
            attributes
                .map(|it| (it.name.clone(), crate::protocol_client_schema::plain(&it.r#type)))
                .collect(),
        ))
    }

    /// Configures the provider: validation first, as Terraform does. The result is what it says.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered.
    pub async fn configure(&self, config: &Raw) -> Result<Vec<pb::Diagnostic>, Status> {
        let request = pb::validate_provider_config::Request { config: Some(pack(config)) };
        let mut said = self.wire().validate_provider_config(request).await?.into_inner().diagnostics;
        let request = pb::configure_provider::Request {
            terraform_version: "1.16.0".to_owned(),
            config: Some(pack(config)),
            client_capabilities: Some(CAPABILITIES),
        };
        said.extend(self.wire().configure_provider(request).await?.into_inner().diagnostics);
        Ok(said)
    }

    /// Validates the configuration of a managed resource.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered.
    pub async fn validate(&self, type_name: &str, config: &Raw) -> Result<Vec<pb::Diagnostic>, Status> {
        let request = pb::validate_resource_config::Request {
            type_name: type_name.to_owned(),
            config: Some(pack(config)),
            client_capabilities: Some(CAPABILITIES),
        };
        Ok(self.wire().validate_resource_config(request).await?.into_inner().diagnostics)
    }

    /// Reads a data source: validation first. The object is null if the provider says an error.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of an object that cannot be read.
    pub async fn read_data(
        &self,
        type_name: &str,
        config: &Raw,
    ) -> Result<(Raw, Vec<pb::Diagnostic>), Status> {
        let request = pb::validate_data_resource_config::Request {
            type_name: type_name.to_owned(),
            config: Some(pack(config)),
        };
        let mut said = self.wire().validate_data_resource_config(request).await?.into_inner().diagnostics;
        if has_error(&said) {
            return Ok((Raw::Null, said));
        }
        let request = pb::read_data_source::Request {
            type_name: type_name.to_owned(),
            config: Some(pack(config)),
            provider_meta: None,
            client_capabilities: Some(CAPABILITIES),
        };
        let response = self.wire().read_data_source(request).await?.into_inner();
        said.extend(response.diagnostics);
        let schema = self.schemas.data_source_schemas.get(type_name).and_then(WireSchema::of);
        let ty = schema.map_or(Type::Dynamic, |schema| schema.ty());
        Ok((unpack(response.state.as_ref(), &ty)?, said))
    }

    /// Opens an ephemeral resource: validation first. The object is null if the provider says an error.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered, or of an object that cannot be read.
    pub async fn open_ephemeral(
        &self,
        type_name: &str,
        config: &Raw,
    ) -> Result<(Raw, pb::open_ephemeral_resource::Response), Status> {
        let type_name = type_name.to_owned();
        let request = pb::validate_ephemeral_resource_config::Request {
            type_name: type_name.clone(),
            config: Some(pack(config)),
        };
        let diagnostics =
            self.wire().validate_ephemeral_resource_config(request).await?.into_inner().diagnostics;
        if has_error(&diagnostics) {
            let refused = pb::open_ephemeral_resource::Response { diagnostics, ..Default::default() };
            return Ok((Raw::Null, refused));
        }
        let schema = self.schemas.ephemeral_resource_schemas.get(&type_name).and_then(WireSchema::of);
        let ty = schema.map_or(Type::Dynamic, |schema| schema.ty());
        let request = pb::open_ephemeral_resource::Request {
            type_name,
            config: Some(pack(config)),
            client_capabilities: None,
        };
        let response = self.wire().open_ephemeral_resource(request).await?.into_inner();
        Ok((unpack(response.result.as_ref(), &ty)?, response))
    }

    /// Tells the provider that the user cancels.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered.
    pub async fn stop(&self) -> Result<(), Status> {
        self.wire().stop_provider(pb::stop_provider::Request::default()).await.map(drop)
    }
}

/// A value as a message holds it.
pub fn pack(value: &Raw) -> pb::DynamicValue {
    pb::DynamicValue { msgpack: msgpack::encode(value), json: Vec::new() }
}

/// Reads a value of a message. An absent one is null.
///
/// # Errors
///
/// [`tonic::Code::DataLoss`] for bytes that are not of the type: Terraform calls that a plugin error.
pub fn unpack(value: Option<&pb::DynamicValue>, ty: &Type) -> Result<Raw, Status> {
    let bytes = value.map_or(&[][..], |value| &value.msgpack);
    msgpack::decode(bytes, ty).map_err(|malformed| Status::data_loss(malformed.to_string()))
}

/// Whether there is an error among them.
pub fn has_error(diagnostics: &[pb::Diagnostic]) -> bool {
    let error = i32::from(pb::diagnostic::Severity::Error);
    diagnostics.iter().any(|diagnostic| diagnostic.severity == error)
}

/// Each diagnostic on a line: severity, path and summary.
pub fn in_words(diagnostics: &[pb::Diagnostic]) -> Vec<String> {
    let line = |diagnostic: &pb::Diagnostic| {
        let path = path_in_words(diagnostic.attribute.as_ref());
        let severity = diagnostic.severity().as_str_name().to_lowercase();
        if path.is_empty() {
            format!("{severity}: {}", diagnostic.summary)
        } else {
            format!("{severity}: {path}: {}", diagnostic.summary)
        }
    };
    diagnostics.iter().map(line).collect()
}

/// A path as users write it.
pub fn path_in_words(path: Option<&pb::AttributePath>) -> String {
    use pb::attribute_path::step::Selector;
    let steps = path.into_iter().flat_map(|path| &path.steps).enumerate();
    let words = steps.map(|(position, step)| match &step.selector {
        Some(Selector::AttributeName(name)) if position == 0 => name.clone(),
        Some(Selector::AttributeName(name)) => format!(".{name}"),
        Some(Selector::ElementKeyString(key)) => format!("[{key:?}]"),
        Some(Selector::ElementKeyInt(index)) => format!("[{index}]"),
        None => "[?]".to_owned(),
    });
    words.collect()
}

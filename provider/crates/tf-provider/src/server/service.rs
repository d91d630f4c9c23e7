//! The service itself: each call finds its part and is answered by its family's file.

use std::sync::Arc;

use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, async_trait};

use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::provider_server;
use crate::provider::Provider;
use crate::rules::validate::WriteOnly;
use crate::server::answer::{Answer, Rpc, Subject};
use crate::server::parts::Parts;
use crate::server::{
    about, absent, apply, data_source, ephemeral, functions, identity, import, plan, read, upgrade, validate,
};
use crate::transport::serve::Hooks;

/// A provider behind the protocol's service. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    parts: Arc<Parts>,
    hooks: Hooks,
    address: Arc<str>,
}

/// Serves `provider`. Its parts are asked for their schemas here, once.
pub fn server(provider: impl Provider) -> Server {
    Server { parts: Arc::new(Parts::of(Arc::new(provider))), hooks: Hooks::default(), address: "".into() }
}

impl Server {
    /// The same under a source address, such as `registry.terraform.io/acme/toy`, for the log.
    #[must_use]
    pub fn at(self, address: &str) -> Self {
        Self { address: address.into(), ..self }
    }

    /// The same with what it shares with the transport.
    #[must_use]
    pub fn hooked(self, hooks: Hooks) -> Self {
        Self { hooks, ..self }
    }

    /// A call of the protocol.
    fn rpc(&self, name: &'static str, subject: &Subject) -> Rpc {
        Rpc::new(name, subject, &self.address, &self.hooks.in_flight)
    }
}

/// A response, or one that says why there is none.
fn or_say<R: Answer>(result: Result<R, tf_value::diagnostic::Diagnostics>) -> R {
    result.unwrap_or_else(R::saying)
}

type Answered<R> = Result<Response<R>, Status>;

#[async_trait]
impl provider_server::Provider for Server {
    // ---- The provider itself --------------------------------------------------------------------------------------

    async fn get_metadata(
        &self,
        _: Request<pb::get_metadata::Request>,
    ) -> Answered<pb::get_metadata::Response> {
        let parts = Arc::clone(&self.parts);
        self.rpc("GetMetadata", &Subject::Provider)
            .answer(move || async move { about::metadata(&parts) })
            .await
    }

    async fn get_provider_schema(
        &self,
        _: Request<pb::get_provider_schema::Request>,
    ) -> Answered<pb::get_provider_schema::Response> {
        let parts = Arc::clone(&self.parts);
        self.rpc("GetProviderSchema", &Subject::Provider)
            .answer(move || async move { about::schemas(&parts) })
            .await
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<pb::get_resource_identity_schemas::Request>,
    ) -> Answered<pb::get_resource_identity_schemas::Response> {
        let parts = Arc::clone(&self.parts);
        let rpc = self.rpc("GetResourceIdentitySchemas", &Subject::Provider);
        rpc.answer(move || async move { about::identity_schemas(&parts) }).await
    }

    async fn validate_provider_config(
        &self,
        request: Request<pb::validate_provider_config::Request>,
    ) -> Answered<pb::validate_provider_config::Response> {
        let parts = Arc::clone(&self.parts);
        let config = request.into_inner().config;
        let rpc = self.rpc("ValidateProviderConfig", &Subject::Provider);
        rpc.answer(move || async move {
            let more = |config: &_| parts.provider.validate(config);
            Answer::saying(validate::config(&parts.shape, config, WriteOnly::Allowed, more))
        })
        .await
    }

    async fn configure_provider(
        &self,
        request: Request<pb::configure_provider::Request>,
    ) -> Answered<pb::configure_provider::Response> {
        let parts = Arc::clone(&self.parts);
        let (request, stop) = (request.into_inner(), self.hooks.stops.current());
        let rpc = self.rpc("ConfigureProvider", &Subject::Provider);
        rpc.answer(move || async move { or_say(about::configure(&parts, request, stop).await) }).await
    }

    async fn stop_provider(
        &self,
        _: Request<pb::stop_provider::Request>,
    ) -> Answered<pb::stop_provider::Response> {
        tracing::debug!(tf_rpc = "StopProvider", tf_provider_addr = &*self.address, "the user cancels");
        self.hooks.stops.stop();
        Ok(Response::new(pb::stop_provider::Response::default()))
    }

    // ---- Managed resources ----------------------------------------------------------------------------------------

    async fn validate_resource_config(
        &self,
        request: Request<pb::validate_resource_config::Request>,
    ) -> Answered<pb::validate_resource_config::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("ValidateResourceConfig", &Subject::Resource(request.type_name.clone()));
        rpc.answer(move || async move {
            let allowed = validate::write_only(request.client_capabilities);
            Answer::saying(match parts.resource(&request.type_name) {
                Ok(managed) => validate::config(&managed.shape, request.config, allowed, |config| {
                    managed.resource.validate(config)
                }),
                Err(diagnostics) => diagnostics,
            })
        })
        .await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<pb::upgrade_resource_state::Request>,
    ) -> Answered<pb::upgrade_resource_state::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("UpgradeResourceState", &Subject::Resource(request.type_name.clone()));
        rpc.answer(move || async move {
            let managed = parts.resource(&request.type_name);
            or_say(managed.and_then(|managed| upgrade::upgrade(managed, request)))
        })
        .await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<pb::upgrade_resource_identity::Request>,
    ) -> Answered<pb::upgrade_resource_identity::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("UpgradeResourceIdentity", &Subject::Resource(request.type_name.clone()));
        rpc.answer(move || async move {
            let managed = parts.resource(&request.type_name);
            or_say(managed.and_then(|managed| identity::upgrade(managed, request)))
        })
        .await
    }

    async fn read_resource(
        &self,
        request: Request<pb::read_resource::Request>,
    ) -> Answered<pb::read_resource::Response> {
        let parts = Arc::clone(&self.parts);
        let (request, stop) = (request.into_inner(), self.hooks.stops.current());
        let rpc = self.rpc("ReadResource", &Subject::Resource(request.type_name.clone()));
        rpc.answer(move || async move {
            match parts.resource(&request.type_name) {
                Ok(managed) => or_say(read::read(managed, request, stop).await),
                Err(diagnostics) => Answer::saying(diagnostics),
            }
        })
        .await
    }

    async fn plan_resource_change(
        &self,
        request: Request<pb::plan_resource_change::Request>,
    ) -> Answered<pb::plan_resource_change::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("PlanResourceChange", &Subject::Resource(request.type_name.clone()));
        rpc.answer(move || async move {
            let managed = parts.resource(&request.type_name);
            or_say(managed.and_then(|managed| plan::plan(managed, request)))
        })
        .await
    }

    async fn apply_resource_change(
        &self,
        request: Request<pb::apply_resource_change::Request>,
    ) -> Answered<pb::apply_resource_change::Response> {
        let parts = Arc::clone(&self.parts);
        let (request, stop) = (request.into_inner(), self.hooks.stops.current());
        let rpc = self.rpc("ApplyResourceChange", &Subject::Resource(request.type_name.clone()));
        let note = rpc.note();
        rpc.answer(move || async move {
            match parts.resource(&request.type_name) {
                Ok(managed) => or_say(apply::apply(managed, request, stop, note).await),
                Err(diagnostics) => Answer::saying(diagnostics),
            }
        })
        .await
    }

    async fn import_resource_state(
        &self,
        request: Request<pb::import_resource_state::Request>,
    ) -> Answered<pb::import_resource_state::Response> {
        let parts = Arc::clone(&self.parts);
        let (request, stop) = (request.into_inner(), self.hooks.stops.current());
        let rpc = self.rpc("ImportResourceState", &Subject::Resource(request.type_name.clone()));
        rpc.answer(move || async move {
            match parts.resource(&request.type_name) {
                Ok(managed) => or_say(import::import(managed, request, stop).await),
                Err(diagnostics) => Answer::saying(diagnostics),
            }
        })
        .await
    }

    async fn move_resource_state(
        &self,
        request: Request<pb::move_resource_state::Request>,
    ) -> Answered<pb::move_resource_state::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("MoveResourceState", &Subject::Resource(request.target_type_name.clone()));
        rpc.answer(move || async move {
            let managed = parts.resource(&request.target_type_name);
            or_say(managed.and_then(|managed| import::move_state(managed, request)))
        })
        .await
    }

    async fn generate_resource_config(
        &self,
        request: Request<pb::generate_resource_config::Request>,
    ) -> Answered<pb::generate_resource_config::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("GenerateResourceConfig", &Subject::Resource(request.type_name.clone()));
        rpc.answer(move || async move {
            let managed = parts.resource(&request.type_name);
            or_say(managed.and_then(|managed| import::generate(managed, request)))
        })
        .await
    }

    // ---- Data sources ---------------------------------------------------------------------------------------------

    async fn validate_data_resource_config(
        &self,
        request: Request<pb::validate_data_resource_config::Request>,
    ) -> Answered<pb::validate_data_resource_config::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("ValidateDataResourceConfig", &Subject::DataSource(request.type_name.clone()));
        rpc.answer(move || async move {
            Answer::saying(match parts.source(&request.type_name) {
                Ok(source) => validate::config(&source.shape, request.config, WriteOnly::Allowed, |config| {
                    source.source.validate(config)
                }),
                Err(diagnostics) => diagnostics,
            })
        })
        .await
    }

    async fn read_data_source(
        &self,
        request: Request<pb::read_data_source::Request>,
    ) -> Answered<pb::read_data_source::Response> {
        let parts = Arc::clone(&self.parts);
        let (request, stop) = (request.into_inner(), self.hooks.stops.current());
        let rpc = self.rpc("ReadDataSource", &Subject::DataSource(request.type_name.clone()));
        rpc.answer(move || async move {
            match parts.source(&request.type_name) {
                Ok(source) => or_say(data_source::read(source, request, stop).await),
                Err(diagnostics) => Answer::saying(diagnostics),
            }
        })
        .await
    }

    // ---- Ephemeral resources --------------------------------------------------------------------------------------

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<pb::validate_ephemeral_resource_config::Request>,
    ) -> Answered<pb::validate_ephemeral_resource_config::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("ValidateEphemeralResourceConfig", &Subject::Ephemeral(request.type_name.clone()));
        rpc.answer(move || async move {
            Answer::saying(match parts.ephemeral(&request.type_name) {
                Ok(part) => validate::config(&part.shape, request.config, WriteOnly::Allowed, |config| {
                    part.resource.validate(config)
                }),
                Err(diagnostics) => diagnostics,
            })
        })
        .await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<pb::open_ephemeral_resource::Request>,
    ) -> Answered<pb::open_ephemeral_resource::Response> {
        let parts = Arc::clone(&self.parts);
        let (request, stop) = (request.into_inner(), self.hooks.stops.current());
        let rpc = self.rpc("OpenEphemeralResource", &Subject::Ephemeral(request.type_name.clone()));
        rpc.answer(move || async move {
            match parts.ephemeral(&request.type_name) {
                Ok(part) => or_say(ephemeral::open(part, request, stop).await),
                Err(diagnostics) => Answer::saying(diagnostics),
            }
        })
        .await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<pb::renew_ephemeral_resource::Request>,
    ) -> Answered<pb::renew_ephemeral_resource::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("RenewEphemeralResource", &Subject::Ephemeral(request.type_name.clone()));
        rpc.answer(move || async move {
            match parts.ephemeral(&request.type_name) {
                Ok(part) => or_say(ephemeral::renew(part, request).await),
                Err(diagnostics) => Answer::saying(diagnostics),
            }
        })
        .await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<pb::close_ephemeral_resource::Request>,
    ) -> Answered<pb::close_ephemeral_resource::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("CloseEphemeralResource", &Subject::Ephemeral(request.type_name.clone()));
        rpc.answer(move || async move {
            match parts.ephemeral(&request.type_name) {
                Ok(part) => or_say(ephemeral::close(part, request).await),
                Err(diagnostics) => Answer::saying(diagnostics),
            }
        })
        .await
    }

    // ---- Functions ------------------------------------------------------------------------------------------------

    async fn get_functions(
        &self,
        _: Request<pb::get_functions::Request>,
    ) -> Answered<pb::get_functions::Response> {
        let parts = Arc::clone(&self.parts);
        self.rpc("GetFunctions", &Subject::Provider)
            .answer(move || async move { about::functions(&parts) })
            .await
    }

    async fn call_function(
        &self,
        request: Request<pb::call_function::Request>,
    ) -> Answered<pb::call_function::Response> {
        let parts = Arc::clone(&self.parts);
        let request = request.into_inner();
        let rpc = self.rpc("CallFunction", &Subject::Function(request.name.clone()));
        rpc.answer(move || async move { functions::call(&parts, request) }).await
    }

    // ---- What is not served yet: see `absent` ---------------------------------------------------------------------

    async fn validate_list_resource_config(
        &self,
        request: Request<pb::validate_list_resource_config::Request>,
    ) -> Answered<pb::validate_list_resource_config::Response> {
        Ok(Response::new(Answer::saying(absent::list_resource(&request.into_inner().type_name))))
    }

    async fn list_resource(
        &self,
        request: Request<pb::list_resource::Request>,
    ) -> Answered<BoxStream<pb::list_resource::Event>> {
        Ok(Response::new(absent::list_events(&request.into_inner().type_name)))
    }

    async fn validate_action_config(
        &self,
        request: Request<pb::validate_action_config::Request>,
    ) -> Answered<pb::validate_action_config::Response> {
        Ok(Response::new(Answer::saying(absent::action(&request.into_inner().type_name))))
    }

    async fn plan_action(
        &self,
        request: Request<pb::plan_action::Request>,
    ) -> Answered<pb::plan_action::Response> {
        Ok(Response::new(Answer::saying(absent::action(&request.into_inner().action_type))))
    }

    async fn invoke_action(
        &self,
        request: Request<pb::invoke_action::Request>,
    ) -> Answered<BoxStream<pb::invoke_action::Event>> {
        Ok(Response::new(absent::action_events(&request.into_inner().action_type)))
    }
}

//! The service itself: each call finds its part and is answered by its family's file.

use std::sync::Arc;

use tf_value::diagnostic::Diagnostics;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, async_trait};

use crate::call::Saved;
use crate::erased::Surroundings;
use crate::erased::part::DynPart;
use crate::erased::provider::ErasedProvider;
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::provider_server;
use crate::provider::Provider;
use crate::rules::validate::WriteOnly;
use crate::server::answer::{Answer, Rpc, Subject};
use crate::server::deferral::Allowance;
use crate::server::parts::{Parts, Shaped};
use crate::server::{
    about, action, apply, data_source, ephemeral, functions, identity, import, list, plan, read, upgrade,
    validate,
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
    let parts = Parts::of(Arc::new(ErasedProvider(provider)));
    Server { parts: Arc::new(parts), hooks: Hooks::default(), address: "".into() }
}

type Answered<R> = Result<Response<R>, Status>;

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
    fn rpc(&self, name: &'static str, subject: Subject<'_>) -> Rpc {
        Rpc::new(name, subject, &self.address, &self.hooks.in_flight)
    }

    /// What a handler that starts now is given.
    fn around(&self, client: Option<pb::ClientCapabilities>) -> Surroundings {
        Surroundings {
            stop: self.hooks.stops.current(),
            saved: Saved::default(),
            deferring: Allowance::of(&self.parts, client).look(),
        }
    }

    /// Answers a call about nothing in particular.
    fn tell<R: Answer>(&self, name: &'static str, work: fn(&Parts) -> R) -> Answered<R> {
        self.rpc(name, Subject::Provider).answer_at_once(|| work(&self.parts))
    }
}

/// Answers a call about one part of the provider, or says that there is no such part.
async fn with_part<P, R, F>(
    rpc: Rpc,
    part: Result<Arc<P>, Diagnostics>,
    work: impl FnOnce(Arc<P>) -> F + Send + 'static,
) -> Answered<R>
where
    P: Send + Sync + 'static,
    R: Answer,
    F: Future<Output = Result<R, Diagnostics>> + Send + 'static,
{
    let work = move || async move {
        match part {
            Ok(part) => work(part).await.unwrap_or_else(R::saying),
            Err(diagnostics) => R::saying(diagnostics),
        }
    };
    rpc.answer(work).await
}

/// The same for a call that never waits.
fn with_part_at_once<P, R: Answer>(
    rpc: Rpc,
    part: Result<Arc<P>, Diagnostics>,
    work: impl FnOnce(&P) -> Result<R, Diagnostics>,
) -> Answered<R> {
    rpc.answer_at_once(|| part.and_then(|part| work(&part)).unwrap_or_else(R::saying))
}

/// Answers the check of a configuration.
fn checked<P, R: Answer>(
    rpc: Rpc,
    part: Result<Arc<P>, Diagnostics>,
    config: Option<&pb::DynamicValue>,
    write_only: WriteOnly,
    of: fn(&P) -> (&Shaped, &dyn DynPart),
) -> Answered<R> {
    with_part_at_once(rpc, part, |found| {
        let (shape, part) = of(found);
        Ok(R::saying(validate::config(shape, config, write_only, |config| part.validate(config))))
    })
}

#[async_trait]
impl provider_server::Provider for Server {
    // ---- The provider itself --------------------------------------------------------------------------------------

    async fn get_metadata(
        &self,
        _: Request<pb::get_metadata::Request>,
    ) -> Answered<pb::get_metadata::Response> {
        self.tell("GetMetadata", about::metadata)
    }

    async fn get_provider_schema(
        &self,
        _: Request<pb::get_provider_schema::Request>,
    ) -> Answered<pb::get_provider_schema::Response> {
        self.tell("GetProviderSchema", about::schemas)
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<pb::get_resource_identity_schemas::Request>,
    ) -> Answered<pb::get_resource_identity_schemas::Response> {
        self.tell("GetResourceIdentitySchemas", about::identity_schemas)
    }

    async fn validate_provider_config(
        &self,
        request: Request<pb::validate_provider_config::Request>,
    ) -> Answered<pb::validate_provider_config::Response> {
        let rpc = self.rpc("ValidateProviderConfig", Subject::Provider);
        let (parts, request) = (Ok(Arc::clone(&self.parts)), request.into_inner());
        checked(rpc, parts, request.config.as_ref(), WriteOnly::Allowed, |parts| {
            (&parts.shape, &*parts.provider)
        })
    }

    async fn configure_provider(
        &self,
        request: Request<pb::configure_provider::Request>,
    ) -> Answered<pb::configure_provider::Response> {
        let (request, around) = (request.into_inner(), self.around(None));
        let rpc = self.rpc("ConfigureProvider", Subject::Provider);
        let parts = Ok(Arc::clone(&self.parts));
        with_part(rpc, parts, |parts| async move { about::configure(&parts, request, around).await }).await
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
        let request = request.into_inner();
        let part = self.parts.resource(&request.type_name);
        let rpc = self.rpc("ValidateResourceConfig", Subject::Resource(&request.type_name));
        let write_only = validate::write_only(request.client_capabilities);
        checked(rpc, part, request.config.as_ref(), write_only, |part| (&part.shape, &*part.resource))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<pb::upgrade_resource_state::Request>,
    ) -> Answered<pb::upgrade_resource_state::Response> {
        let request = request.into_inner();
        let part = self.parts.resource(&request.type_name);
        let rpc = self.rpc("UpgradeResourceState", Subject::Resource(&request.type_name));
        with_part_at_once(rpc, part, |part| upgrade::upgrade(part, request))
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<pb::upgrade_resource_identity::Request>,
    ) -> Answered<pb::upgrade_resource_identity::Response> {
        let request = request.into_inner();
        let part = self.parts.resource(&request.type_name);
        let rpc = self.rpc("UpgradeResourceIdentity", Subject::Resource(&request.type_name));
        with_part_at_once(rpc, part, |part| identity::upgrade(part, request))
    }

    async fn read_resource(
        &self,
        request: Request<pb::read_resource::Request>,
    ) -> Answered<pb::read_resource::Response> {
        let request = request.into_inner();
        let part = self.parts.resource(&request.type_name);
        let around = self.around(request.client_capabilities);
        let rpc = self.rpc("ReadResource", Subject::Resource(&request.type_name));
        with_part(rpc, part, |part| async move { read::read(&part, request, around).await }).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<pb::plan_resource_change::Request>,
    ) -> Answered<pb::plan_resource_change::Response> {
        let request = request.into_inner();
        let part = self.parts.resource(&request.type_name);
        let allowance = Allowance::of(&self.parts, request.client_capabilities);
        let rpc = self.rpc("PlanResourceChange", Subject::Resource(&request.type_name));
        with_part_at_once(rpc, part, |part| plan::plan(part, request, allowance))
    }

    async fn apply_resource_change(
        &self,
        request: Request<pb::apply_resource_change::Request>,
    ) -> Answered<pb::apply_resource_change::Response> {
        let request = request.into_inner();
        let part = self.parts.resource(&request.type_name);
        let around = self.around(None);
        let rpc = self.rpc("ApplyResourceChange", Subject::Resource(&request.type_name));
        let note = rpc.note();
        with_part(rpc, part, |part| async move { apply::apply(&part, request, around, note).await }).await
    }

    async fn import_resource_state(
        &self,
        request: Request<pb::import_resource_state::Request>,
    ) -> Answered<pb::import_resource_state::Response> {
        let request = request.into_inner();
        let part = self.parts.resource(&request.type_name);
        let around = self.around(request.client_capabilities);
        let rpc = self.rpc("ImportResourceState", Subject::Resource(&request.type_name));
        with_part(rpc, part, |part| async move { import::import(&part, request, around).await }).await
    }

    async fn move_resource_state(
        &self,
        request: Request<pb::move_resource_state::Request>,
    ) -> Answered<pb::move_resource_state::Response> {
        let request = request.into_inner();
        let part = self.parts.resource(&request.target_type_name);
        let rpc = self.rpc("MoveResourceState", Subject::Resource(&request.target_type_name));
        with_part_at_once(rpc, part, |part| import::move_state(part, request))
    }

    async fn generate_resource_config(
        &self,
        request: Request<pb::generate_resource_config::Request>,
    ) -> Answered<pb::generate_resource_config::Response> {
        let request = request.into_inner();
        let part = self.parts.resource(&request.type_name);
        let rpc = self.rpc("GenerateResourceConfig", Subject::Resource(&request.type_name));
        with_part_at_once(rpc, part, |part| import::generate(part, &request))
    }

    // ---- Data sources ---------------------------------------------------------------------------------------------

    async fn validate_data_resource_config(
        &self,
        request: Request<pb::validate_data_resource_config::Request>,
    ) -> Answered<pb::validate_data_resource_config::Response> {
        let request = request.into_inner();
        let part = self.parts.source(&request.type_name);
        let rpc = self.rpc("ValidateDataResourceConfig", Subject::DataSource(&request.type_name));
        checked(rpc, part, request.config.as_ref(), WriteOnly::Allowed, |part| (&part.shape, &*part.source))
    }

    async fn read_data_source(
        &self,
        request: Request<pb::read_data_source::Request>,
    ) -> Answered<pb::read_data_source::Response> {
        let request = request.into_inner();
        let part = self.parts.source(&request.type_name);
        let around = self.around(request.client_capabilities);
        let rpc = self.rpc("ReadDataSource", Subject::DataSource(&request.type_name));
        with_part(rpc, part, |part| async move { data_source::read(&part, request, around).await }).await
    }

    // ---- Ephemeral resources --------------------------------------------------------------------------------------

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<pb::validate_ephemeral_resource_config::Request>,
    ) -> Answered<pb::validate_ephemeral_resource_config::Response> {
        let request = request.into_inner();
        let part = self.parts.ephemeral(&request.type_name);
        let rpc = self.rpc("ValidateEphemeralResourceConfig", Subject::Ephemeral(&request.type_name));
        checked(rpc, part, request.config.as_ref(), WriteOnly::Allowed, |part| (&part.shape, &*part.resource))
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<pb::open_ephemeral_resource::Request>,
    ) -> Answered<pb::open_ephemeral_resource::Response> {
        let request = request.into_inner();
        let part = self.parts.ephemeral(&request.type_name);
        let around = self.around(request.client_capabilities);
        let rpc = self.rpc("OpenEphemeralResource", Subject::Ephemeral(&request.type_name));
        with_part(rpc, part, |part| async move { ephemeral::open(&part, request, around).await }).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<pb::renew_ephemeral_resource::Request>,
    ) -> Answered<pb::renew_ephemeral_resource::Response> {
        let request = request.into_inner();
        let part = self.parts.ephemeral(&request.type_name);
        let rpc = self.rpc("RenewEphemeralResource", Subject::Ephemeral(&request.type_name));
        with_part(rpc, part, |part| async move { ephemeral::renew(&part, request).await }).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<pb::close_ephemeral_resource::Request>,
    ) -> Answered<pb::close_ephemeral_resource::Response> {
        let request = request.into_inner();
        let part = self.parts.ephemeral(&request.type_name);
        let rpc = self.rpc("CloseEphemeralResource", Subject::Ephemeral(&request.type_name));
        with_part(rpc, part, |part| async move { ephemeral::close(&part, request).await }).await
    }

    // ---- List resources -------------------------------------------------------------------------------------------

    async fn validate_list_resource_config(
        &self,
        request: Request<pb::validate_list_resource_config::Request>,
    ) -> Answered<pb::validate_list_resource_config::Response> {
        let request = request.into_inner();
        let part = self.parts.list(&request.type_name);
        let rpc = self.rpc("ValidateListResourceConfig", Subject::List(&request.type_name));
        checked(rpc, part, request.config.as_ref(), WriteOnly::Allowed, |part| (&part.shape, &*part.list))
    }

    async fn list_resource(
        &self,
        request: Request<pb::list_resource::Request>,
    ) -> Answered<BoxStream<pb::list_resource::Event>> {
        let request = request.into_inner();
        let (part, around) = (self.parts.list(&request.type_name), self.around(None));
        let rpc = self.rpc("ListResource", Subject::List(&request.type_name));
        Ok(rpc.stream(|events| list::list(part, request, around, events), list::saying))
    }

    // ---- Actions --------------------------------------------------------------------------------------------------

    async fn validate_action_config(
        &self,
        request: Request<pb::validate_action_config::Request>,
    ) -> Answered<pb::validate_action_config::Response> {
        let request = request.into_inner();
        let part = self.parts.action(&request.type_name);
        let rpc = self.rpc("ValidateActionConfig", Subject::Action(&request.type_name));
        checked(rpc, part, request.config.as_ref(), WriteOnly::Allowed, |part| (&part.shape, &*part.action))
    }

    async fn plan_action(
        &self,
        request: Request<pb::plan_action::Request>,
    ) -> Answered<pb::plan_action::Response> {
        let request = request.into_inner();
        let part = self.parts.action(&request.action_type);
        let allowance = Allowance::of(&self.parts, request.client_capabilities);
        let rpc = self.rpc("PlanAction", Subject::Action(&request.action_type));
        with_part_at_once(rpc, part, |part| action::plan(part, &request, allowance))
    }

    async fn invoke_action(
        &self,
        request: Request<pb::invoke_action::Request>,
    ) -> Answered<BoxStream<pb::invoke_action::Event>> {
        let request = request.into_inner();
        let (part, around) = (self.parts.action(&request.action_type), self.around(None));
        let rpc = self.rpc("InvokeAction", Subject::Action(&request.action_type));
        Ok(rpc.stream(|events| action::invoke(part, request, around, events), action::completed))
    }

    // ---- Functions ------------------------------------------------------------------------------------------------

    async fn get_functions(
        &self,
        _: Request<pb::get_functions::Request>,
    ) -> Answered<pb::get_functions::Response> {
        self.tell("GetFunctions", about::functions)
    }

    async fn call_function(
        &self,
        request: Request<pb::call_function::Request>,
    ) -> Answered<pb::call_function::Response> {
        let request = request.into_inner();
        let rpc = self.rpc("CallFunction", Subject::Function(&request.name));
        rpc.answer_at_once(|| functions::call(&self.parts, request))
    }

    // State stores are not served: their calls are left to the generated code, which answers UNIMPLEMENTED, and
    // nothing in the schema names one.
}

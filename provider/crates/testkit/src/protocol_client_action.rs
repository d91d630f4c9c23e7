//! Actions, as Terraform plans and invokes them. No host at hand does.

use tf_provider::proto::tfplugin6 as pb;
use tf_provider::proto::tfplugin6::invoke_action::event::Type;
use tf_value::raw::Raw;
use tonic::{Status, Streaming};

use crate::protocol_client::{CAPABILITIES, ProtocolClient, has_error, in_words, pack};
use crate::protocol_client_schema::WireSchema;

/// What an invocation said.
#[derive(Clone, Debug, Default)]
pub struct Invoked {
    /// How it got on.
    pub progress: Vec<String>,
    /// What it said at its end.
    pub diagnostics: Vec<pb::Diagnostic>,
    /// What Terraform would object to, or crash from: faults of the provider.
    pub faults: Vec<String>,
}

impl Invoked {
    /// Everything that was said at the end and objected to.
    pub fn told(&self) -> Vec<String> {
        let mut told = in_words(&self.diagnostics);
        told.extend(self.faults.iter().cloned());
        told
    }
}

impl ProtocolClient {
    /// The configuration of an action with all its attributes.
    ///
    /// # Errors
    ///
    /// [`tonic::Code::NotFound`] if the provider has no such type.
    pub fn action_config(&self, type_name: &str, given: Raw) -> Result<Raw, Status> {
        let schema = self.schemas().action_schemas.get(type_name);
        let schema = schema.and_then(|action| action.schema.as_ref()).and_then(WireSchema::of);
        let schema = schema.ok_or_else(|| Status::not_found(format!("no action {type_name}")))?;
        schema.object(given).map_err(Status::invalid_argument)
    }

    /// Validates and plans an action.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered.
    pub async fn plan_action(
        &self,
        type_name: &str,
        given: Raw,
        client: pb::ClientCapabilities,
    ) -> Result<pb::plan_action::Response, Status> {
        let config = Some(pack(&self.action_config(type_name, given)?));
        let request =
            pb::validate_action_config::Request { type_name: type_name.to_owned(), config: config.clone() };
        let said = self.wire().validate_action_config(request).await?.into_inner().diagnostics;
        if has_error(&said) {
            return Ok(pb::plan_action::Response { diagnostics: said, deferred: None });
        }
        let request = pb::plan_action::Request {
            action_type: type_name.to_owned(),
            config,
            client_capabilities: Some(client),
        };
        let mut planned = self.wire().plan_action(request).await?.into_inner();
        planned.diagnostics.splice(..0, said);
        Ok(planned)
    }

    /// Starts an action and gives its stream.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered.
    pub async fn start_action(
        &self,
        type_name: &str,
        given: Raw,
    ) -> Result<Streaming<pb::invoke_action::Event>, Status> {
        let request = pb::invoke_action::Request {
            action_type: type_name.to_owned(),
            config: Some(pack(&self.action_config(type_name, given)?)),
            client_capabilities: Some(CAPABILITIES),
        };
        Ok(self.wire().invoke_action(request).await?.into_inner())
    }

    /// Carries an action out, to the end of its stream.
    ///
    /// # Errors
    ///
    /// The status of a call that was not answered.
    pub async fn invoke(&self, type_name: &str, given: Raw) -> Result<Invoked, Status> {
        let mut events = self.start_action(type_name, given).await?;
        let mut invoked = Invoked::default();
        let mut completions = 0;
        while let Some(event) = events.message().await? {
            if completions > 0 {
                invoked.faults.push(": an event after the completion".to_owned());
            }
            match event.r#type {
                Some(Type::Progress(progress)) => invoked.progress.push(progress.message),
                Some(Type::Completed(completed)) => {
                    completions += 1;
                    invoked.diagnostics.extend(completed.diagnostics);
                }
                None => invoked.faults.push(": an event without a kind, which crashes Terraform".to_owned()),
            }
        }
        if completions != 1 {
            invoked.faults.push(format!(": {completions} completions"));
        }
        Ok(invoked)
    }
}

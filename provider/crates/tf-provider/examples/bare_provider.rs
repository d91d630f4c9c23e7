//! The least provider there is, straight on the wire types: it echoes what Terraform proposes.
//!
//! For trying the transport, by hand and in tests. `-debug` starts it for attaching.
//! What a resource does when applied goes by its type:
//!
//! - `bare_thing` is made at once;
//! - `bare_patient` is being made until Terraform says stop, and says half a second later that it is unfinished;
//! - `bare_stubborn` never ends, whoever says stop;
//! - `bare_gate` is made as soon as the file named by its (raw) configuration exists, and then makes `FILE.done`;
//! - `bare_clumsy` panics while being made, and `bare_crash` before anybody could catch it, as does `bare_leak`, with
//!   its configuration on its lips.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tf_provider::log::install::install;
use tf_provider::proto::tfplugin6::provider_server::Provider;
use tf_provider::proto::tfplugin6::{
    Diagnostic, DynamicValue, Schema, ServerCapabilities, apply_resource_change, configure_provider,
    diagnostic, get_provider_schema, plan_resource_change, read_resource, schema, stop_provider,
    upgrade_resource_state, validate_provider_config, validate_resource_config,
};
use tf_provider::transport::serve::{Hooks, Mode, run};
use tonic::{Request, Response, Status};

const TYPES: [&str; 7] =
    ["bare_thing", "bare_patient", "bare_stubborn", "bare_gate", "bare_clumsy", "bare_crash", "bare_leak"];

/// What `bare_patient` takes to stop.
const LAST_STEP: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    install("bare", &[env!("CARGO_CRATE_NAME")]);
    let mode = if std::env::args().any(|argument| argument == "-debug") {
        Mode::Reattach { address: "registry.terraform.io/acme/bare".to_owned() }
    } else {
        Mode::Plugin
    };
    run(mode, |hooks| Bare { hooks })
}

struct Bare {
    hooks: Hooks,
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Provider for Bare {
    async fn get_provider_schema(
        &self,
        _request: Request<get_provider_schema::Request>,
    ) -> Answer<get_provider_schema::Response> {
        tracing::info!(tf_rpc = "GetProviderSchema", "asked for the schema");
        Ok(Response::new(get_provider_schema::Response {
            provider: Some(Schema { version: 0, block: Some(schema::Block::default()) }),
            resource_schemas: HashMap::from(TYPES.map(|name| (name.to_owned(), thing()))),
            server_capabilities: Some(ServerCapabilities {
                plan_destroy: true,
                ..ServerCapabilities::default()
            }),
            ..get_provider_schema::Response::default()
        }))
    }

    async fn validate_provider_config(
        &self,
        _request: Request<validate_provider_config::Request>,
    ) -> Answer<validate_provider_config::Response> {
        Ok(Response::new(validate_provider_config::Response::default()))
    }

    async fn configure_provider(
        &self,
        _request: Request<configure_provider::Request>,
    ) -> Answer<configure_provider::Response> {
        Ok(Response::new(configure_provider::Response::default()))
    }

    async fn validate_resource_config(
        &self,
        _request: Request<validate_resource_config::Request>,
    ) -> Answer<validate_resource_config::Response> {
        Ok(Response::new(validate_resource_config::Response::default()))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<upgrade_resource_state::Request>,
    ) -> Answer<upgrade_resource_state::Response> {
        let json = request.into_inner().raw_state.map(|raw| raw.json).unwrap_or_default();
        let upgraded_state = Some(DynamicValue { json, msgpack: Vec::new() });
        Ok(Response::new(upgrade_resource_state::Response { upgraded_state, diagnostics: Vec::new() }))
    }

    async fn read_resource(
        &self,
        request: Request<read_resource::Request>,
    ) -> Answer<read_resource::Response> {
        let request = request.into_inner();
        Ok(Response::new(read_resource::Response {
            new_state: request.current_state,
            private: request.private,
            ..read_resource::Response::default()
        }))
    }

    async fn plan_resource_change(
        &self,
        request: Request<plan_resource_change::Request>,
    ) -> Answer<plan_resource_change::Response> {
        Ok(Response::new(plan_resource_change::Response {
            planned_state: request.into_inner().proposed_new_state,
            ..plan_resource_change::Response::default()
        }))
    }

    async fn apply_resource_change(
        &self,
        request: Request<apply_resource_change::Request>,
    ) -> Answer<apply_resource_change::Response> {
        let request = request.into_inner();
        assert!(request.type_name != "bare_crash", "crashed");
        assert!(request.type_name != "bare_leak", "crashed at {:?}", request.config);
        let stop = self.hooks.stops.current();
        let planned = request.planned_state.clone();
        let handler = async move {
            match request.type_name.as_str() {
                "bare_patient" => {
                    stop.cancelled().await;
                    let unhurried = tokio::time::timeout(LAST_STEP, std::future::pending::<()>());
                    drop(unhurried.await);
                    Err("the thing is unfinished".to_owned())
                }
                "bare_stubborn" => std::future::pending().await,
                "bare_gate" => {
                    wait_at(&request.config.unwrap_or_default()).await;
                    Ok(())
                }
                "bare_clumsy" => unreachable!("clumsy"),
                _ => Ok(()),
            }
        };
        let made = self.hooks.in_flight.run(handler).await.unwrap_or_else(|panic| Err(panic.to_string()));
        let diagnostics = made.err().map(error).into_iter().collect();
        Ok(Response::new(apply_resource_change::Response {
            new_state: planned,
            diagnostics,
            ..apply_resource_change::Response::default()
        }))
    }

    async fn stop_provider(
        &self,
        _request: Request<stop_provider::Request>,
    ) -> Answer<stop_provider::Response> {
        self.hooks.stops.stop();
        Ok(Response::new(stop_provider::Response::default()))
    }
}

fn thing() -> Schema {
    let name = schema::Attribute {
        name: "name".to_owned(),
        r#type: br#""string""#.to_vec(),
        optional: true,
        ..schema::Attribute::default()
    };
    Schema { version: 0, block: Some(schema::Block { attributes: vec![name], ..schema::Block::default() }) }
}

fn error(summary: String) -> Diagnostic {
    Diagnostic { severity: diagnostic::Severity::Error.into(), summary, ..Diagnostic::default() }
}

/// Waits for the file that `config` names as plain text, and then makes the file `FILE.done`.
async fn wait_at(config: &DynamicValue) {
    let gate = String::from_utf8_lossy(&config.msgpack).into_owned();
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    while !PathBuf::from(&gate).exists() {
        looks.tick().await;
    }
    if let Err(cause) = std::fs::write(format!("{gate}.done"), "") {
        tracing::error!(%cause, gate, "saying that it is done");
    }
}

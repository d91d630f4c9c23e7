//! Actions: planned, and carried out with a stream that tells how it goes and ends in exactly one completion.

use std::sync::Arc;

use tf_value::diagnostic::Diagnostics;
use tokio::sync::mpsc;

use crate::action::Progress;
use crate::complaints;
use crate::erased::Surroundings;
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::invoke_action::event::{Completed, Progress as Line, Type};
use crate::proto::tfplugin6::invoke_action::{Event, Request};
use crate::rules::{applied, defaults};
use crate::server::answer::Events;
use crate::server::deferral::{self, Allowance};
use crate::server::parts::Doing;
use crate::server::{diagnostics, wire};

/// Plans one. Its configuration may hold unknown values.
pub(super) fn plan(
    doing: &Doing,
    request: &pb::plan_action::Request,
    allowance: Allowance,
) -> Result<pb::plan_action::Response, Diagnostics> {
    let mut config = wire::decode_present("configuration", request.config.as_ref(), &doing.shape.ty)?;
    defaults::fill_nulls(&doing.shape.schema.attributes, &mut config);
    let deferring = allowance.action();
    let said = doing.action.plan(&config, &deferring);
    Ok(pb::plan_action::Response {
        deferred: deferral::encode(&deferring),
        diagnostics: diagnostics::encode(said),
    })
}

/// Carries one out.
pub(super) async fn invoke(
    doing: Result<Arc<Doing>, Diagnostics>,
    request: Request,
    around: Surroundings,
    events: Events<Event>,
) {
    let said = match doing {
        Ok(doing) => invoke_found(&doing, request, around, &events).await,
        Err(said) => Err(said),
    };
    drop(events.send(Ok(completed(said.unwrap_or_else(|said| said)))).await);
}

/// The last event.
pub(super) fn completed(said: Diagnostics) -> Event {
    Event { r#type: Some(Type::Completed(Completed { diagnostics: diagnostics::encode(said) })) }
}

async fn invoke_found(
    doing: &Doing,
    request: Request,
    around: Surroundings,
    events: &Events<Event>,
) -> Result<Diagnostics, Diagnostics> {
    let ty = &doing.shape.ty;
    let mut config = wire::decode_present("configuration", request.config.as_ref(), ty)?;
    defaults::fill_nulls(&doing.shape.schema.attributes, &mut config);
    if let Some(path) = applied::unknowns(&config, ty).first() {
        return Err(complaints::misshapen("configuration", &format!("is not known at `{path}`")).into());
    }
    let (messages, mut said) = mpsc::channel(1);
    let invoked = async move {
        let progress = Progress::new(messages);
        doing.action.invoke(config, &progress, around).await
        // Here `progress` ends, and with it the stream of messages below.
    };
    let told = async {
        while let Some(message) = said.recv().await {
            // A caller that went away does not end the action.
            drop(events.send(Ok(Event { r#type: Some(Type::Progress(Line { message })) })).await);
        }
    };
    let (diagnostics, ()) = tokio::join!(invoked, told);
    Ok(diagnostics)
}

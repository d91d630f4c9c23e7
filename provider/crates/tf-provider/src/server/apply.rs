//! Creates, updates and deletes.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;

use crate::complaints;
use crate::erased::Surroundings;
use crate::proto::tfplugin6::apply_resource_change::{Request, Response};
use crate::resource::{Done, Stored, Wanted};
use crate::rules::{applied, fit, write_only};
use crate::server::answer::Note;
use crate::server::parts::Managed;
use crate::server::{diagnostics, identity, wire};

/// What is to be done to an object.
enum Change {
    Create(Wanted<Raw>),
    Update(Wanted<Raw>),
    Delete(Stored<Raw>),
}

/// Makes what was planned.
pub(super) async fn apply(
    managed: &Managed,
    request: Request,
    around: Surroundings,
    note: Note,
) -> Result<Response, Diagnostics> {
    let ty = &managed.shape.ty;
    let prior = wire::decode_object("prior state", request.prior_state.as_ref(), ty)?;
    let planned = wire::decode_object("planned state", request.planned_state.as_ref(), ty)?;
    let planned_identity = identity::decode(managed, request.planned_identity.as_ref())?;
    let private = request.planned_private;
    let change = match (prior, planned) {
        (Some(state), None) => Change::Delete(Stored { state, private: private.clone() }),
        (prior, Some(planned)) => {
            let config = wire::decode_present("configuration", request.config.as_ref(), ty)?;
            let creates = prior.is_none();
            let wanted = Wanted { config, prior, planned, private: private.clone() };
            if creates { Change::Create(wanted) } else { Change::Update(wanted) }
        }
        (None, None) => {
            return Err(complaints::misshapen("planned state", "is null, and so is the prior").into());
        }
    };
    // What a result that does not mention everything is completed from, and what it is compared with.
    let base = match &change {
        Change::Create(wanted) | Change::Update(wanted) => wanted.planned.clone(),
        Change::Delete(stored) => stored.state.clone(),
    };
    let deletes = matches!(change, Change::Delete(_));

    let saved = around.saved.clone();
    let handler = async {
        match change {
            Change::Create(wanted) => managed.resource.create(wanted, around).await,
            Change::Update(wanted) => managed.resource.update(wanted, around).await,
            Change::Delete(stored) => managed.resource.delete(stored, around).await,
        }
    };
    let done = AssertUnwindSafe(handler).catch_unwind().await.unwrap_or_else(|payload| Done {
        state: saved.take(),
        private: private.clone(),
        diagnostics: complaints::panicked("applying a change", &*payload).into(),
    });

    let Done { state, private: new_private, diagnostics: mut said } = done;
    let state = settle(managed, state, &base, deletes, &mut said);
    // Without a state, Terraform goes on with what is stored, and with its private bytes.
    let new_private = if state.is_none() && said.has_error() { private } else { new_private };
    let new_identity = match &state {
        Some(state) => identity_of(managed, state, &mut said).or(planned_identity),
        None if said.has_error() => planned_identity,
        None => None,
    }
    .filter(Raw::is_wholly_known);
    if let Some(identity) = &new_identity {
        let _ = note.set(identity::in_words(identity));
    }
    Ok(Response {
        new_state: wire::encode(state.as_ref().unwrap_or(&Raw::Null)),
        private: new_private,
        new_identity: identity::encode(managed, new_identity.as_ref()),
        diagnostics: diagnostics::encode(said),
        ..Response::default()
    })
}

/// The identity of what was made. What a resource does wrong in saying it must not cost the object.
fn identity_of(managed: &Managed, state: &Raw, said: &mut Diagnostics) -> Option<Raw> {
    std::panic::catch_unwind(AssertUnwindSafe(|| identity::known(managed, state))).unwrap_or_else(|payload| {
        said.push(complaints::panicked("saying what identifies an object", &*payload));
        None
    })
}

/// The object as it is stored: of the schema's shape, known, without write-only values. What the handler should have
/// done otherwise is said, and costs nothing of the object.
fn settle(
    managed: &Managed,
    state: Option<Raw>,
    base: &Raw,
    deletes: bool,
    said: &mut Diagnostics,
) -> Option<Raw> {
    let name = managed.name();
    let ty = &managed.shape.ty;
    let failed = said.has_error();
    let Some(state) = state else {
        if !failed && !deletes {
            said.push(complaints::nothing_returned(name));
        }
        return None;
    };
    let (mut state, misfits) = fit::fit(fit::complete(state, base), ty);
    write_only::erase(&managed.shape.schema.attributes, &mut state);
    said.extend(misfits.iter().map(|fault| complaints::misfit(name, fault)));
    if !failed {
        said.extend(applied::unknowns(&state, ty).iter().map(|path| complaints::left_unknown(name, path)));
        if deletes {
            said.push(complaints::still_there(name));
        } else if misfits.is_empty() {
            let differences = applied::differences(base, &state, ty);
            said.extend(differences.iter().map(|fault| complaints::applied_otherwise(name, fault)));
        }
    }
    Some(state.unknown_as_null())
}

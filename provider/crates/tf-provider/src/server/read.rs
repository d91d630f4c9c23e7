//! Reads of managed resources.

use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;

use crate::complaints;
use crate::erased::Surroundings;
use crate::proto::tfplugin6::read_resource::{Request, Response};
use crate::resource::{Done, Stored};
use crate::rules::{applied, fit, write_only};
use crate::server::parts::Managed;
use crate::server::{deferral, diagnostics, identity, wire};

/// Looks at an object.
pub(super) async fn read(
    managed: &Managed,
    request: Request,
    around: Surroundings,
) -> Result<Response, Diagnostics> {
    let name = managed.name();
    let ty = &managed.shape.ty;
    let current = request.current_state.clone();
    let stored = wire::decode_present("current state", request.current_state, ty)?;
    let stored_identity = identity::decode(managed, request.current_identity)?;
    let private = request.private;
    let deferring = around.deferring.clone();
    let asked = Stored { state: stored.clone(), private: private.clone() };
    let Done { state, private: new_private, diagnostics: mut said } =
        managed.resource.read(asked, around).await;
    let deferred = deferral::encode(&deferring);
    if deferred.is_some() && !said.has_error() {
        // Nothing was looked at: what is stored stays, whatever the handler returned.
        return Ok(Response {
            new_state: current,
            private,
            deferred,
            new_identity: identity::encode(managed, stored_identity.as_ref()),
            diagnostics: diagnostics::encode(said),
        });
    }

    let Some(state) = state else {
        let failed = said.has_error();
        // Nothing was learned from a failure: what is stored stays as it is.
        return Ok(Response {
            new_state: if failed { current } else { wire::encode(&Raw::Null) },
            private: if failed { private } else { Vec::new() },
            new_identity: identity::encode(managed, stored_identity.as_ref()),
            diagnostics: diagnostics::encode(said),
            ..Response::default()
        });
    };
    let (mut state, misfits) = fit::fit(fit::complete(state, &stored), ty);
    write_only::erase(&managed.shape.schema.attributes, &mut state);
    said.extend(misfits.iter().map(|fault| complaints::misfit(name, fault)));
    said.extend(applied::unknowns(&state, ty).iter().map(|path| complaints::left_unknown(name, path)));
    let state = state.unknown_as_null();
    let new_identity = identity::known(managed, &state).or(stored_identity);
    Ok(Response {
        new_state: wire::encode(&state),
        private: new_private,
        new_identity: identity::encode(managed, new_identity.as_ref()),
        diagnostics: diagnostics::encode(said),
        ..Response::default()
    })
}

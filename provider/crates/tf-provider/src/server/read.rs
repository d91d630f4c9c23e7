//! Reads of managed resources.

use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;

use crate::complaints;
use crate::erased::Surroundings;
use crate::proto::tfplugin6::read_resource::{Request, Response};
use crate::resource::Done;
use crate::rules::{applied, fit, write_only};
use crate::server::parts::Managed;
use crate::server::{deferral, diagnostics, identity, wire};

/// Looks at an object.
pub(super) async fn read(
    managed: &Managed,
    request: Request,
    around: Surroundings,
) -> Result<Response, Diagnostics> {
    let ty = &managed.shape.ty;
    let stored = wire::decode_present("current state", request.current_state.as_ref(), ty)?;
    let stored_identity = identity::decode(managed, request.current_identity.as_ref())?;
    let (current, private) = (request.current_state, request.private);
    let deferring = around.deferring.clone();
    let Done { state, private: new_private, diagnostics: mut said } =
        managed.resource.read(&stored, private.clone(), around).await;
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
    if is_as_stored(managed, &state, &stored) {
        let new_identity = identity::known(managed, &stored).or(stored_identity);
        // Not as it came: hosts write whole numbers in another form than the one in which they compare them.
        return Ok(Response {
            new_state: wire::encode(&stored),
            private: new_private,
            new_identity: identity::encode(managed, new_identity.as_ref()),
            diagnostics: diagnostics::encode(said),
            ..Response::default()
        });
    }
    let state = settle(managed, state, &stored, &mut said);
    let new_identity = identity::known(managed, &state).or(stored_identity);
    Ok(Response {
        new_state: wire::encode(&state),
        private: new_private,
        new_identity: identity::encode(managed, new_identity.as_ref()),
        diagnostics: diagnostics::encode(said),
        ..Response::default()
    })
}

/// The object as it is stored: of the schema's shape, known, without write-only values. What the handler should have
/// done otherwise is said.
fn settle(managed: &Managed, state: Raw, stored: &Raw, said: &mut Diagnostics) -> Raw {
    let name = managed.name();
    let ty = &managed.shape.ty;
    let (mut state, misfits) = fit::fit(fit::complete(state, stored), ty);
    write_only::erase(&managed.shape.schema.attributes, &mut state);
    said.extend(misfits.iter().map(|fault| complaints::misfit(name, fault)));
    said.extend(applied::unknowns(&state, ty).iter().map(|path| complaints::left_unknown(name, path)));
    state.unknown_as_null()
}

/// Whether the object, settled, is what is stored, as most are: that is then answered as it came.
fn is_as_stored(managed: &Managed, state: &Raw, stored: &Raw) -> bool {
    let is_as_stored = !managed.shape.write_only && fit::is_kept(state, stored);
    #[cfg(debug_assertions)]
    if is_as_stored {
        let mut said = Diagnostics::none();
        let settled = settle(managed, state.clone(), stored, &mut said);
        debug_assert!(settled == *stored && said.is_empty(), "the short way is another than the long one");
    }
    is_as_stored
}

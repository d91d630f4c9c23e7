//! Ephemeral resources: opened, renewed, closed.

use std::time::{SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;

use crate::complaints;
use crate::ephemeral::{Opened, Renewed};
use crate::erased::Surroundings;
use crate::proto::tfplugin6 as pb;
use crate::rules::{applied, conform, defaults, fit};
use crate::server::parts::Ephemeral;
use crate::server::{deferral, diagnostics, wire};

/// Opens one. Its handler is given the configuration with the schema's defaults filled in.
pub(super) async fn open(
    ephemeral: &Ephemeral,
    request: pb::open_ephemeral_resource::Request,
    around: Surroundings,
) -> Result<pb::open_ephemeral_resource::Response, Diagnostics> {
    let name = ephemeral.resource.type_name();
    let ty = &ephemeral.shape.ty;
    let attributes = &ephemeral.shape.schema.attributes;
    let config = wire::decode_present("configuration", request.config.as_ref(), ty)?;
    let mut filled = config.clone();
    defaults::fill_nulls(attributes, &mut filled);
    let deferring = around.deferring.clone();
    let Opened { object, private, renew_at } = ephemeral.resource.open(filled.clone(), around).await?;
    let (object, misfits) = fit::fit(fit::complete(object, &filled), ty);
    let mut said: Diagnostics = misfits.iter().map(|fault| complaints::misfit(name, fault)).collect();
    let deferred = deferral::encode(&deferring);
    // What is put off may be left unknown.
    let object = if deferred.is_some() {
        object
    } else {
        said.extend(applied::unknowns(&object, ty).iter().map(|path| complaints::left_unknown(name, path)));
        let faults = conform::plan(attributes, &Raw::Null, &config, &object);
        said.extend(faults.iter().map(|fault| complaints::planned_wrongly(name, fault)));
        object.unknown_as_null()
    };
    Ok(pb::open_ephemeral_resource::Response {
        result: wire::encode(&object),
        deferred,
        private: Some(private),
        renew_at: renew_at.map(timestamp),
        diagnostics: diagnostics::encode(said),
    })
}

/// Renews one.
pub(super) async fn renew(
    ephemeral: &Ephemeral,
    request: pb::renew_ephemeral_resource::Request,
) -> Result<pb::renew_ephemeral_resource::Response, Diagnostics> {
    let private = request.private.unwrap_or_default();
    let Renewed { private, renew_at } = ephemeral.resource.renew(private).await?;
    Ok(pb::renew_ephemeral_resource::Response {
        private: Some(private),
        renew_at: renew_at.map(timestamp),
        diagnostics: Vec::new(),
    })
}

/// Closes one.
pub(super) async fn close(
    ephemeral: &Ephemeral,
    request: pb::close_ephemeral_resource::Request,
) -> Result<pb::close_ephemeral_resource::Response, Diagnostics> {
    ephemeral.resource.close(request.private.unwrap_or_default()).await?;
    Ok(pb::close_ephemeral_resource::Response::default())
}

/// A time before 1970 is not one that anybody means.
fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(since.subsec_nanos()).unwrap_or_default(),
    }
}

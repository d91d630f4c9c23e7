//! Reads of data sources.

use tf_value::diagnostic::Diagnostics;

use crate::complaints;
use crate::erased::Surroundings;
use crate::proto::tfplugin6::read_data_source::{Request, Response};
use crate::rules::{applied, defaults, fit};
use crate::server::parts::Source;
use crate::server::{deferral, diagnostics, wire};

/// Reads a data source. Its handler is given the configuration with the schema's defaults filled in.
pub(super) async fn read(
    source: &Source,
    request: Request,
    around: Surroundings,
) -> Result<Response, Diagnostics> {
    let name = source.source.type_name();
    let ty = &source.shape.ty;
    let mut config = wire::decode_present("configuration", request.config.as_ref(), ty)?;
    defaults::fill_nulls(&source.shape.schema.attributes, &mut config);
    let deferring = around.deferring.clone();
    let (object, mut said) = source.source.read(config.clone(), around).await?;
    let (object, misfits) = fit::fit(fit::complete(object, &config), ty);
    said.extend(misfits.iter().map(|fault| complaints::misfit(name, fault)));
    let deferred = deferral::encode(&deferring);
    // What is put off may be left unknown.
    let object = if deferred.is_some() {
        object
    } else {
        said.extend(applied::unknowns(&object, ty).iter().map(|path| complaints::left_unknown(name, path)));
        object.unknown_as_null()
    };
    Ok(Response { state: wire::encode(&object), deferred, diagnostics: diagnostics::encode(said) })
}

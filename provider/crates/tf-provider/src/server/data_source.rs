//! Reads of data sources.

use tf_value::diagnostic::Diagnostics;
use tokio_util::sync::CancellationToken;

use crate::call::Saved;
use crate::complaints;
use crate::erased::Surroundings;
use crate::proto::tfplugin6::read_data_source::{Request, Response};
use crate::rules::{applied, defaults, fit};
use crate::server::parts::Source;
use crate::server::{diagnostics, wire};

/// Reads a data source. Its handler is given the configuration with the schema's defaults filled in.
pub(super) async fn read(
    source: &Source,
    request: Request,
    stop: CancellationToken,
) -> Result<Response, Diagnostics> {
    let name = source.source.type_name();
    let ty = &source.shape.ty;
    let mut config = wire::decode_present("configuration", request.config, ty)?;
    defaults::fill_nulls(&source.shape.schema.attributes, &mut config);
    let around = Surroundings { stop, saved: Saved::default() };
    let (object, mut said) = source.source.read(config.clone(), around).await?;
    let (object, misfits) = fit::fit(fit::complete(object, &config), ty);
    said.extend(misfits.iter().map(|fault| complaints::misfit(name, fault)));
    said.extend(applied::unknowns(&object, ty).iter().map(|path| complaints::left_unknown(name, path)));
    Ok(Response {
        state: wire::encode(&object.unknown_as_null()),
        diagnostics: diagnostics::encode(said),
        ..Response::default()
    })
}

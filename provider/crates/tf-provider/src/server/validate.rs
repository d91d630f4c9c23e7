//! The checks of configurations.

use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;

use crate::proto::tfplugin6::{ClientCapabilities, DynamicValue};
use crate::rules::validate::{self, WriteOnly};
use crate::server::parts::Shaped;
use crate::server::wire;

/// Everything that is wrong with `config`: by its schema first, then by what `more` knows.
pub(super) fn config(
    shape: &Shaped,
    config: Option<&DynamicValue>,
    write_only: WriteOnly,
    more: impl FnOnce(&Raw) -> Diagnostics,
) -> Diagnostics {
    match wire::decode("configuration", config, &shape.ty) {
        Err(diagnostics) => diagnostics,
        Ok(config @ Raw::Map(_)) => {
            let mut found = validate::config(&shape.schema.attributes, &config, write_only);
            found.extend(more(&config));
            found
        }
        // Null and unknown as a whole say nothing that could be wrong.
        Ok(_) => Diagnostics::none(),
    }
}

/// Whether the client keeps write-only values out of state.
pub(super) fn write_only(client: Option<ClientCapabilities>) -> WriteOnly {
    match client {
        Some(ClientCapabilities { write_only_attributes_allowed: true, .. }) => WriteOnly::Allowed,
        _ => WriteOnly::NotAllowed,
    }
}

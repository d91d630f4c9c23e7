//! What every part of a provider that has a schema has, whatever its kind.

use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

/// A part of a provider without its model.
pub(crate) trait DynPart: Send + Sync + 'static {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> Schema;
    fn validate(&self, config: &Raw) -> Diagnostics;
    /// A whole object as the model writes it.
    fn written(&self, object: &Raw) -> Result<Raw, String>;
}

/// A wrapper `$erased` that takes the model off what implements `$part`.
///
/// The kinds are told apart by their wrappers: one wrapper for all would have one `DynPart` for all.
macro_rules! erased_part {
    ($(#[$doc:meta])* $erased:ident of $part:ident) => {
        $(#[$doc])*
        pub(crate) struct $erased<T>(pub(crate) T);

        impl<T: $part> $crate::erased::part::DynPart for $erased<T> {
            fn type_name(&self) -> &'static str {
                self.0.type_name()
            }

            fn schema(&self) -> tf_value::schema::Schema {
                self.0.schema()
            }

            fn validate(&self, config: &tf_value::raw::Raw) -> tf_value::diagnostic::Diagnostics {
                match $crate::erased::read(self.0.type_name(), config) {
                    Ok(config) => self.0.validate(&config),
                    Err(diagnostics) => diagnostics,
                }
            }

            fn written(&self, object: &tf_value::raw::Raw) -> Result<tf_value::raw::Raw, String> {
                use tf_value::model::{FromRaw, ToRaw};
                <T::Model as FromRaw>::from_raw(object).map(|model| ToRaw::to_raw(&model))
            }
        }
    };
}

pub(super) use erased_part;

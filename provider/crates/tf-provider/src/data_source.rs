//! What a data source is.

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::Model;
use tf_value::schema::Schema;

use crate::call::Call;

/// A data source: read at plan when its configuration is known, else at apply.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// The whole object.
    type Model: Model;

    /// Its type, as users write it.
    fn type_name(&self) -> &'static str;

    /// Its attributes.
    fn schema(&self) -> Schema;

    /// Checks that need more than one attribute. Must accept unknown values and ask nobody.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::none()
    }

    /// Reads it. The result is wholly known; "not found" is an error.
    ///
    /// # Errors
    ///
    /// Diagnostics. Warnings are given back beside the object.
    async fn read(
        &self,
        config: Self::Model,
        call: &Call<Self::Model>,
    ) -> Result<(Self::Model, Diagnostics), Diagnostics>;
}

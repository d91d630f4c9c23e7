//! Objects that change their type, as `moved` blocks between types ask for.

use tf_value::diagnostic::Diagnostics;
use tf_value::model::Model;
use tf_value::schema::Schema;

use crate::complaints;

/// A stored object that is to become one of another type.
#[derive(Clone, Debug)]
pub struct MoveSource {
    /// The provider that stored it, as in `registry.terraform.io/hashicorp/null`.
    pub provider: String,
    /// Its type.
    pub type_name: String,
    /// The schema version it was stored with.
    pub schema_version: i64,
    /// The object, as stored; [`MoveSource::read`] gives it a type.
    pub state: serde_json::Value,
    /// Its private bytes.
    pub private: Vec<u8>,
    /// Its identity, as stored; none if it has none.
    pub identity: Option<serde_json::Value>,
}

impl MoveSource {
    /// The object as a model of `schema`: the source's own, as far as it is of interest. What the schema does not
    /// have is left out, and what the object does not have is null.
    ///
    /// # Errors
    ///
    /// A diagnostic, for an object of another shape.
    pub fn read<M: Model>(&self, schema: &Schema) -> Result<M, Diagnostics> {
        let unreadable = |problem: String| complaints::unreadable_state(&self.type_name, &problem);
        let object = tf_value::json::decode(self.state.clone(), &schema.ty()).map_err(unreadable)?;
        M::from_raw(&object).map_err(|problem| unreadable(problem).into())
    }
}

/// What an object of another type became.
#[derive(Clone, Debug)]
pub struct Moved<M> {
    /// The object. What it does not say is null or the default.
    pub object: M,
    /// Private bytes to store. Those of the source mean nothing here, unless the resource says so.
    pub private: Vec<u8>,
}

impl<M> From<M> for Moved<M> {
    fn from(object: M) -> Self {
        Self { object, private: Vec::new() }
    }
}

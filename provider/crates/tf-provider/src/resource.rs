//! What a managed resource is: typed on the outside, erased for the server.
//!
//! The framework applies the rules that are the same for every resource (see `crate::rules`), so an implementation
//! says only what is its own. Every method may be called on a provider that was never configured, except
//! [`Resource::create`], [`Resource::read`], [`Resource::update`], [`Resource::delete`] and [`Resource::import`].

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::Model;
use tf_value::path::Path;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::call::Call;
use crate::deferral::Deferring;
use crate::moves::{MoveSource, Moved};

/// A managed resource.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// The whole object, one field per attribute (or several models that share them).
    type Model: Model;

    /// Its type, as users write it: `kurator_fleet`.
    fn type_name(&self) -> &'static str;

    /// Its attributes.
    fn schema(&self) -> Schema;

    /// The attributes of its identity, if it has one. Plain types only.
    fn identity_schema(&self) -> Option<Schema> {
        None
    }

    /// The identity of an object: an object of the identity schema. Null if it is not known yet.
    fn identity(&self, _object: &Self::Model) -> Raw {
        Raw::Null
    }

    /// Turns stored JSON of an older schema version into the present shape. Changes shape, not facts, and asks nobody.
    ///
    /// # Errors
    ///
    /// Diagnostics, for a version that cannot be read any more.
    fn upgrade(&self, version: u32, _stored: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        Err(crate::complaints::unknown_state_version(self.type_name(), version).into())
    }

    /// Turns a stored identity of an older version of the identity schema into the present shape. Changes shape, not
    /// facts, and asks nobody.
    ///
    /// # Errors
    ///
    /// Diagnostics, for a version that cannot be read any more.
    fn upgrade_identity(
        &self,
        version: u32,
        _stored: serde_json::Value,
    ) -> Result<serde_json::Value, Diagnostics> {
        Err(crate::complaints::unknown_identity_version(self.type_name(), version).into())
    }

    /// Turns a stored object of another type, perhaps of another provider, into one of this. None: it cannot. Called
    /// on a provider that was never configured.
    fn move_from(&self, _source: &MoveSource) -> Option<Result<Moved<Self::Model>, Diagnostics>> {
        None
    }

    /// Adjusts a configuration that the framework made of a state, for `-generate-config-out` and `query`: leaves out
    /// one of two arguments that exclude each other, for example. What is computed, write-only or equal to its
    /// default is null already, and stays so.
    fn generate(&self, _config: &mut Self::Model) {}

    /// Checks that need more than one attribute. Single values are checked by the schema before. Must accept
    /// unknown values anywhere and ask nobody.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::none()
    }

    /// Adjusts a plan that the framework has made. Must be a pure function of what it is given: it is called again
    /// during apply, and what was known the first time must come out the same.
    fn plan(&self, _plan: &mut Plan<Self::Model>) {}

    /// Whether [`Resource::plan`] leaves alone what changes nothing ([`Plan::changes`] is false): it then adjusts
    /// nothing, says nothing, puts nothing off and passes the private bytes on. Such a plan is answered without asking.
    fn leaves_unchanged_alone(&self) -> bool {
        false
    }

    /// Adjusts the plan of a destruction: warnings, and the private bytes that the delete will be given.
    fn plan_destroy(&self, _destruction: &mut Destruction<Self::Model>) {}

    /// Makes the object.
    async fn create(&self, wanted: Wanted<Self::Model>, call: &Call<Self::Model>) -> Done<Self::Model>;

    /// Looks at the object. Trouble in reaching it is a warning with the state unchanged, never an error.
    async fn read(&self, stored: Stored<Self::Model>, call: &Call<Self::Model>) -> Done<Self::Model>;

    /// Changes the object.
    async fn update(&self, wanted: Wanted<Self::Model>, call: &Call<Self::Model>) -> Done<Self::Model>;

    /// Removes the object. [`Done::state`] is none when it is gone.
    async fn delete(&self, stored: Stored<Self::Model>, call: &Call<Self::Model>) -> Done<Self::Model>;

    /// Finds an object that exists; the framework reads it afterwards and fills in the schema's defaults.
    ///
    /// # Errors
    ///
    /// Diagnostics that say what an import id looks like, or that there is no such object.
    async fn import(&self, import: Import, call: &Call<Self::Model>) -> Result<Self::Model, Diagnostics>;
}

/// A plan in the making.
#[derive(Clone, Debug)]
pub struct Plan<M> {
    /// What the user wrote; write-only values included.
    pub config: M,
    /// What is stored; none for a create, also for the second leg of a replacement.
    pub prior: Option<M>,
    /// What will be. On the way in: configuration, defaults, prior values, and unknown for every computed value that
    /// may change. An implementation may make unknown values known (and computed ones anything).
    pub planned: M,
    /// Whether anything differs from what is stored. A plan that settles a computed value counts.
    pub changes: bool,
    /// Private bytes: the stored ones on the way in, what apply will be given on the way out.
    pub private: Vec<u8>,
    /// What this plan's private bytes were the first time, when it is made again during apply. None the first time,
    /// and from hosts that do not hand them back (before Terraform 1.16, and OpenTofu).
    pub first_private: Option<Vec<u8>>,
    /// Whether, and why, the plan is put off.
    pub deferring: Deferring,
    /// Attributes whose change replaces the object, beyond those of the schema.
    pub replace: Vec<Path>,
    /// Messages. An error refuses the plan.
    pub diagnostics: Diagnostics,
}

/// A destruction in the making.
#[derive(Clone, Debug)]
pub struct Destruction<M> {
    /// What is stored.
    pub prior: M,
    /// Private bytes: the stored ones on the way in, what delete will be given on the way out.
    pub private: Vec<u8>,
    /// Messages. An error refuses the destruction.
    pub diagnostics: Diagnostics,
}

/// What is to be made or changed.
#[derive(Clone, Debug)]
pub struct Wanted<M> {
    /// What the user wrote, wholly known; write-only values included.
    pub config: M,
    /// What is stored; none for a create.
    pub prior: Option<M>,
    /// What was planned: unknown only where apply decides.
    pub planned: M,
    /// The plan's private bytes.
    pub private: Vec<u8>,
}

/// What is stored.
#[derive(Clone, Debug)]
pub struct Stored<M> {
    /// The object.
    pub state: M,
    /// Private bytes: the stored ones for a read, the plan's for a delete (which of the two plans of a replacement
    /// or a destruction it was can be told from them).
    pub private: Vec<u8>,
}

/// What came of it. Not a `Result`: after a failure part of the world exists.
#[derive(Clone, Debug)]
pub struct Done<M> {
    /// What exists now. None: nothing does. Where `diagnostics` holds an error, none means that nothing was made
    /// (create), or that nothing changed (update, delete).
    pub state: Option<M>,
    /// Private bytes to store.
    pub private: Vec<u8>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

impl<M> Done<M> {
    /// All is well.
    pub fn with(state: M, private: Vec<u8>) -> Self {
        Self { state: Some(state), private, diagnostics: Diagnostics::none() }
    }

    /// It is gone.
    pub fn gone() -> Self {
        Self { state: None, private: Vec::new(), diagnostics: Diagnostics::none() }
    }

    /// Nothing was made or changed, and this is why.
    pub fn refused(diagnostics: impl Into<Diagnostics>) -> Self {
        Self { state: None, private: Vec::new(), diagnostics: diagnostics.into() }
    }

    /// The same with more messages.
    #[must_use]
    pub fn and(mut self, diagnostics: impl Into<Diagnostics>) -> Self {
        self.diagnostics.extend(diagnostics.into());
        self
    }
}

/// What to import.
#[derive(Clone, Debug)]
pub enum Import {
    /// By an id, as in `terraform import ADDRESS ID`.
    Id(String),
    /// By an identity: an object of the identity schema.
    Identity(Raw),
}

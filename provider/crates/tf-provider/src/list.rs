//! What a list resource is: it finds objects that exist, for `terraform query`.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::Model;
use tf_value::raw::Raw;
use tf_value::schema::Schema;

use crate::call::Call;

/// A list resource: the objects of one managed resource that exist, whoever made them.
#[async_trait]
pub trait ListResource: Send + Sync + 'static {
    /// What users say about what they look for.
    type Model: Model;
    /// The managed resource's whole object.
    type Object: Model;

    /// The type of the managed resource, which must have an identity.
    fn type_name(&self) -> &'static str;

    /// The attributes of [`ListResource::Model`].
    fn schema(&self) -> Schema;

    /// Checks that need more than one attribute. Must accept unknown values and ask nobody.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::none()
    }

    /// Hands over what there is, one by one, until there is no more or `found` has enough. An error ends the query.
    ///
    /// Must change nothing: it is dropped where it stands once nobody wants more.
    async fn list(
        &self,
        query: Query<Self::Model>,
        found: &Findings<'_, Self::Object>,
        call: &Call<Self::Model>,
    ) -> Diagnostics;
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Query<M> {
    /// What the user wrote, wholly known, with defaults.
    pub config: M,
    /// Whether whole objects are wanted, or only what tells them apart.
    pub wants_objects: bool,
    /// How many are wanted at most, to ask the far side for no more. The framework hands on no more than that.
    pub limit: Option<usize>,
}

/// An object that exists.
#[derive(Clone, Debug)]
pub struct Listed<O> {
    /// What users read.
    pub name: String,
    /// Its identity: an object of the managed resource's identity schema. Null: the one that `object` has.
    pub identity: Raw,
    /// The whole object, if it was wanted or comes for nothing.
    pub object: Option<O>,
    /// Messages about it. An error ends the query.
    pub diagnostics: Diagnostics,
}

/// Where found objects go.
pub struct Findings<'a, O> {
    take: &'a dyn Take,
    object: PhantomData<fn(O)>,
}

/// What becomes of found objects, whatever their model.
#[async_trait]
pub(crate) trait Take: Send + Sync {
    async fn take(&self, listed: Listed<Raw>) -> ControlFlow<()>;
}

impl<'a, O: Model> Findings<'a, O> {
    pub(crate) fn new(take: &'a dyn Take) -> Self {
        Self { take, object: PhantomData }
    }

    /// Hands over one. `Break`: no more are wanted.
    pub async fn found(&self, listed: Listed<O>) -> ControlFlow<()> {
        let Listed { name, identity, object, diagnostics } = listed;
        let object = object.map(|object| object.to_raw());
        self.take.take(Listed { name, identity, object, diagnostics }).await
    }
}

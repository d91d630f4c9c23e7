//! What a resource says of itself.

use apply::members::OnUnreachable;
use async_trait::async_trait;
use domain::mark::{Incarnation, Mark, Phase};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use planning::last_change::LastChange;
use tf_provider::resource::Import;
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::model::Model;
use tf_value::path::Path;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::value::Value;

use super::private::Anchor;
use crate::context::Context;

/// A resource without what every resource has.
#[async_trait]
pub(crate) trait Managed: Send + Sync + 'static {
    /// Its own attributes.
    type Model: Model;

    /// Its type, as users write it.
    const TYPE: &'static str;

    /// Its own attributes with their doc text.
    fn schema(&self) -> Schema;

    /// Its identity: what tells one object from another.
    fn identity_schema(&self) -> Schema;

    /// The identity of an object; null if it is not known yet.
    fn identity(&self, object: &Self::Model) -> Raw;

    /// What an unfinished object is found by; none if something of it is unknown, or if the resource makes nothing.
    fn anchor(&self, object: &Self::Model) -> Option<Anchor>;

    /// Checks that need more than one attribute. Accepts unknown values, asks nobody.
    fn validate(&self, config: &Self::Model) -> Diagnostics;

    /// Makes computed attributes known where they can be, and says the change in words. Pure.
    fn plan(&self, plan: &mut OwnPlan<'_, Self::Model>);

    /// Makes the object, or carries on with its own unfinished one.
    async fn create(&self, wanted: Self::Model, work: &Work) -> Outcome<Self::Model>;

    /// Changes the object. `prior` is what is stored.
    async fn update(&self, prior: Self::Model, wanted: Self::Model, work: &Work) -> Outcome<Self::Model>;

    /// Marks the object as unfinished again if it bears the stored incarnation. Asked when a create that failed is
    /// about to be carried on: its last call may have been carried out and its answer lost.
    ///
    /// # Errors
    ///
    /// Diagnostics, if that cannot be done.
    async fn reopen(&self, stored: &Self::Model, work: &Work) -> Result<(), Diagnostics>;

    /// Looks at the object.
    async fn read(&self, stored: Self::Model, work: &Work) -> Sighting<Self::Model>;

    /// Removes the object, or rather what bears the stored incarnation.
    async fn delete(&self, stored: Self::Model, work: &Work) -> Outcome<Self::Model>;

    /// Finds an object that exists.
    ///
    /// # Errors
    ///
    /// Diagnostics that say what an import id looks like, or that there is no such object.
    async fn import(&self, import: &Import, work: &Work) -> Result<Imported<Self::Model>, Diagnostics>;
}

/// A plan of a resource's own attributes.
pub(crate) struct OwnPlan<'a, M> {
    /// What the user wrote.
    pub(crate) config: &'a M,
    /// What is stored; none for a create.
    pub(crate) prior: Option<&'a M>,
    /// What will be; computed values that may change are unknown on the way in.
    pub(crate) planned: &'a mut M,
    /// Whether a read found something missing or different, or the object is unfinished.
    pub(crate) mends: bool,
    /// Whether a refused change may replace the object.
    pub(crate) allow_replacement: bool,
    /// The change in words.
    pub(crate) last_change: Value<LastChange>,
    /// Attributes whose change replaces the object.
    pub(crate) replace: Vec<Path>,
    /// Messages.
    pub(crate) diagnostics: Diagnostics,
}

/// What a resource works with.
#[derive(Clone)]
pub(crate) struct Work {
    /// What resources reach.
    pub(crate) context: Context,
    /// The deadline and the user's cancel.
    pub(crate) limits: Limits,
    /// Which making of the object this is.
    pub(crate) incarnation: Incarnation,
    /// How far the stored making has come; `Creating` for a create.
    pub(crate) phase: Phase,
    /// Whether fields that others manage are taken over.
    pub(crate) conflicts: Conflicts,
    /// Whether what is stored was left with something to mend.
    pub(crate) mends: bool,
    /// What a removal does about clusters out of reach.
    pub(crate) on_unreachable: OnUnreachable,
}

impl Work {
    /// The same work for the look that follows a change.
    pub(crate) fn afterwards(&self) -> Self {
        Self { limits: self.limits.afterwards(), ..self.clone() }
    }

    /// The mark of an object of this work.
    pub(crate) fn mark(&self, kind: &str, name: &str) -> Mark {
        Mark {
            kind: kind.to_owned(),
            name: name.to_owned(),
            owner: self.context.owner.clone(),
            incarnation: self.incarnation.clone(),
            phase: self.phase,
        }
    }
}

/// What came of a change. After a failure part of the world exists, so this is not a `Result`.
pub(crate) struct Outcome<M> {
    /// What exists now; none for nothing, or nothing changed if there is an error.
    pub(crate) state: Option<M>,
    /// What is left to mend after a failure, a sentence each.
    pub(crate) drift: Vec<String>,
    /// After a failed create: the making that the object bears now, where that is known.
    pub(crate) bears: Option<Incarnation>,
    /// Messages.
    pub(crate) diagnostics: Diagnostics,
}

impl<M> Outcome<M> {
    pub(crate) fn done(state: M, diagnostics: Diagnostics) -> Self {
        Self { state: Some(state), drift: Vec::new(), bears: None, diagnostics }
    }

    pub(crate) fn gone(diagnostics: Diagnostics) -> Self {
        Self { state: None, drift: Vec::new(), bears: None, diagnostics }
    }

    /// The same with something more to tell.
    #[must_use]
    pub(crate) fn and(mut self, more: impl IntoIterator<Item = Diagnostic>) -> Self {
        self.diagnostics.extend(more);
        self
    }

    /// The same for a create that found `before` in its place. A making that is neither this one nor that one is somebody
    /// else's, who came in between: this state must not learn of it, or its destroy would remove what they made.
    #[must_use]
    pub(crate) fn without_others(mut self, before: Option<&Incarnation>, work: &Work) -> Self {
        self.bears = self.bears.filter(|bears| *bears == work.incarnation || Some(bears) == before);
        self
    }

    /// Nothing was made or changed.
    pub(crate) fn refused(diagnostics: impl Into<Diagnostics>) -> Self {
        Self { state: None, drift: Vec::new(), bears: None, diagnostics: diagnostics.into() }
    }
}

/// What a look at an object saw.
pub(crate) enum Sighting<M> {
    /// It is there.
    There {
        /// As it is.
        object: M,
        /// What is missing or different and has no attribute of its own.
        drift: Vec<String>,
        /// What a destroy would leave behind or remove on the user's behalf.
        leftovers: Vec<String>,
        /// Warnings.
        diagnostics: Diagnostics,
    },
    /// It is proven not to be there any more.
    Gone,
    /// Nothing is known: state stays as it is.
    OutOfReach(Diagnostics),
}

/// An object that was found for an import.
pub(crate) struct Imported<M> {
    /// Its own attributes.
    pub(crate) object: M,
    /// Its mark; none if its kind bears none.
    pub(crate) mark: Option<Mark>,
}

//! Server-side apply: what we say of an object, in the name of which manager.

use engines::error::EngineError;
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cluster::KubeCluster;
use crate::collection::Collection;
use crate::labels::REQUESTED_AT;

/// In whose name a field is set.
///
/// An apply takes away every field that its manager once set and no longer names. So what is written apart is
/// managed apart: a member's record is written without its kubeconfig, which must stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    /// What the user's configuration says.
    Provider,
    /// A member's kubeconfig.
    Access,
    /// What was done, noted on an object that is applied without the note too.
    Note,
    /// Passing wishes to a controller, which are nobody's drift.
    Request,
}

impl Manager {
    /// The field manager's name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "terraform-provider-kurator",
            Self::Access => "terraform-provider-kurator-access",
            Self::Note => "terraform-provider-kurator-note",
            Self::Request => "terraform-provider-kurator-request",
        }
    }
}

impl KubeCluster {
    /// Applies `body`, which names neither `apiVersion` nor `kind`, and gives the object as it is then.
    ///
    /// # Errors
    ///
    /// [`engines::error::Kind::Conflict`] if somebody else manages a field and `conflicts` refuses.
    pub(crate) async fn apply<T: DeserializeOwned + Send + 'static>(
        &self,
        collection: &Collection,
        name: &str,
        body: &Value,
        manager: Manager,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<T, EngineError> {
        let request = collection.apply(name, body, manager, conflicts == Conflicts::Force);
        let applied = self.caller.write("applying", &collection.object(name), request, limits).await;
        self.shared.drop_all();
        applied
    }

    /// Merges `body` into an object, in the name of `manager`.
    ///
    /// # Errors
    ///
    /// Whatever the API server answers.
    pub(crate) async fn merge<T: DeserializeOwned + Send + 'static>(
        &self,
        collection: &Collection,
        name: &str,
        body: &Value,
        manager: Manager,
        limits: &Limits,
    ) -> Result<T, EngineError> {
        let request = collection.merge(name, body, manager);
        let merged = self.caller.write("changing", &collection.object(name), request, limits).await;
        self.shared.drop_all();
        merged
    }

    /// Asks Flux to look at an object at once. `token` is new at every request: the resource version of the
    /// object as it was just before.
    ///
    /// # Errors
    ///
    /// Whatever the API server answers.
    pub(crate) async fn ask_flux_to_look(
        &self,
        collection: &Collection,
        name: &str,
        token: &str,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let body = json!({ "metadata": { "annotations": { REQUESTED_AT: format!("kurator-{token}") } } });
        self.merge::<Value>(collection, name, &body, Manager::Request, limits).await.map(drop)
    }
}

//! Deleting one object, and no successor of it, and waiting until it is gone.

use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::wait::{Pace, Seen, until};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::found;
use crate::cluster::KubeCluster;
use crate::collection::{Collection, Dependents, Extent};
use crate::metadata::{AnyObject, Metadata};

impl KubeCluster {
    /// Deletes the object that has `uid`; another one of that name is left alone. Does not wait.
    ///
    /// # Errors
    ///
    /// Anything but "not found" and "it is another one by now".
    pub(crate) async fn delete_one(
        &self,
        collection: &Collection,
        name: &str,
        uid: &str,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.delete_with(collection, name, uid, Dependents::Afterwards, limits).await
    }

    async fn delete_with(
        &self,
        collection: &Collection,
        name: &str,
        uid: &str,
        dependents: Dependents,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let request = collection.delete(name, uid, dependents);
        let deleted = self.caller.write::<Value>("deleting", &collection.object(name), request, limits).await;
        self.shared.drop_all();
        match deleted {
            // The uid is the only precondition we send, so a conflict says that the name is another object's now.
            Err(error) if error.kind == Kind::Conflict => Ok(()),
            other => found(other).map(drop),
        }
    }

    /// Waits until the object that has `uid` is gone. `describe` says what it waits for, from the object as it is.
    ///
    /// # Errors
    ///
    /// [`Kind::TimedOut`] with the last description.
    pub(crate) async fn wait_gone<T: DeserializeOwned>(
        &self,
        collection: &Collection,
        name: &str,
        uid: &str,
        extent: Extent,
        limits: &Limits,
        describe: impl Fn(&T) -> (Metadata, String) + Sync,
    ) -> Result<(), EngineError> {
        let target = collection.object(name);
        until("waiting for the end of", &target, Pace::CONTROLLER, limits, || async {
            let request = collection.get(name, extent);
            Ok(match found(self.caller.read::<T>("reading", &target, request, limits).await)? {
                None => Seen::Ready(()),
                Some(object) => {
                    let (metadata, words) = describe(&object);
                    if metadata.uid == uid { Seen::Pending(words) } else { Seen::Ready(()) }
                }
            })
        })
        .await
    }

    /// Deletes the object that has `uid` and waits until it is gone.
    ///
    /// # Errors
    ///
    /// [`Kind::TimedOut`] with the finalizers that hold it.
    pub(crate) async fn delete_and_wait(
        &self,
        collection: &Collection,
        name: &str,
        uid: &str,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.delete_one(collection, name, uid, limits).await?;
        self.wait_deleted(collection, name, uid, limits).await
    }

    /// Deletes what depends on the object that has `uid`, then it, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// [`Kind::TimedOut`] with the finalizers that hold it.
    pub(crate) async fn delete_with_dependents(
        &self,
        collection: &Collection,
        name: &str,
        uid: &str,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.delete_with(collection, name, uid, Dependents::First, limits).await?;
        self.wait_deleted(collection, name, uid, limits).await
    }

    async fn wait_deleted(
        &self,
        collection: &Collection,
        name: &str,
        uid: &str,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.wait_gone(collection, name, uid, Extent::Metadata, limits, |object: &AnyObject| {
            (object.metadata.clone(), held_by(&object.metadata))
        })
        .await
    }
}

/// What holds an object back, from its finalizers.
pub(crate) fn held_by(metadata: &Metadata) -> String {
    if !metadata.is_deleting() {
        "it is not being deleted yet".to_owned()
    } else if metadata.finalizers.is_empty() {
        "it is being deleted".to_owned()
    } else {
        format!("it waits for {}", metadata.finalizers.join(", "))
    }
}

//! Whether Flux's controllers live, shown by probe objects.
//!
//! A probe is suspended, so it fetches and applies nothing. A living controller puts its finalizer on it before it
//! looks at anything else and takes the finalizer off again when the probe is deleted (source-controller 1.9 and
//! kustomize-controller 1.9, `Reconcile`). Conditions on existing objects prove nothing: they stay when a controller
//! dies.

use std::collections::BTreeMap;
use std::time::Duration;

use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use engines::wait::{Pace, Seen, until};
use serde_json::{Value, json};

use crate::apply::Manager;
use crate::call::found;
use crate::cluster::KubeCluster;
use crate::collection::{Collection, Extent};
use crate::flux_object::FluxObject as _;
use crate::git_repository;
use crate::kustomization::Kustomization;
use crate::metadata::{AnyObject, wanted};

/// The one name of all probes, so that one left behind by a cut-off run is found by the next.
const NAME: &str = "kurator-probe";

/// How long a controller may take to answer (lab, 2026-11-21: 0.3 s idle; workers are up 2 s after a start; hung
/// members kept all workers busy for longer than this, and then Flux does not work for anybody).
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Another run may delete our probe while we look at it; this often we put it back.
const TRIES: u32 = 3;

/// What became of a probe.
enum Probed {
    /// A controller put its finalizer on it.
    Answered { uid: String },
    /// Somebody else deleted it.
    Vanished,
}

impl KubeCluster {
    /// Whether both controllers answer within [`ANSWER_WITHIN`], by probes in `namespace`. They do not where the
    /// namespace or their kinds go in the meantime.
    ///
    /// # Errors
    ///
    /// Anything the cluster answers.
    pub(crate) async fn do_controllers_answer(
        &self,
        namespace: &str,
        limits: &Limits,
    ) -> Result<bool, EngineError> {
        let source = (
            git_repository::collection(Some(namespace)),
            // Port 9 is "discard"; it is never asked while the probe is suspended.
            json!({ "url": "http://127.0.0.1:9/probe.git", "interval": "24h", "suspend": true }),
        );
        let kustomization = (
            Kustomization::collection(Some(namespace)),
            json!({
                "path": "./", "prune": false, "interval": "24h", "suspend": true,
                "sourceRef": { "kind": "GitRepository", "name": NAME },
            }),
        );
        let (sources, kustomizations) = futures::future::try_join(
            self.does_answer(&source.0, &source.1, limits),
            self.does_answer(&kustomization.0, &kustomization.1, limits),
        )
        .await?;
        Ok(sources && kustomizations)
    }

    async fn does_answer(
        &self,
        collection: &Collection,
        spec: &Value,
        limits: &Limits,
    ) -> Result<bool, EngineError> {
        let soon = limits.at_most(ANSWER_WITHIN);
        // One that was left behind may bear a finalizer from when the controller lived. Its end is proof as well.
        if let Some(old) = self.find::<AnyObject>(collection, NAME, Extent::Metadata, limits).await? {
            let ended = self.delete_and_wait(collection, NAME, &old.metadata.uid, &soon).await;
            if !in_time(ended, limits)? {
                return Ok(false);
            }
        }
        for _ in 0..TRIES {
            let body = json!({
                "metadata": wanted(NAME, collection.namespace.as_deref(), &[], &BTreeMap::new()),
                "spec": spec,
            });
            let probe = self
                .apply::<AnyObject>(collection, NAME, &body, Manager::Provider, Conflicts::Force, limits)
                .await;
            let Some(probe) = found(probe)? else { return Ok(false) };
            let uid = probe.metadata.uid;
            match self.wait_for_finalizer(collection, &uid, &soon).await {
                Ok(Probed::Answered { uid }) => {
                    let ended = self.delete_and_wait(collection, NAME, &uid, &soon).await;
                    return in_time(ended, limits);
                }
                Ok(Probed::Vanished) => {}
                Err(error) => {
                    // Nothing holds it, so it goes at once; what we met on the way says more than this delete.
                    let _ = self.delete_one(collection, NAME, &uid, limits).await;
                    return in_time(Err(error), limits);
                }
            }
        }
        Ok(false)
    }

    async fn wait_for_finalizer(
        &self,
        collection: &Collection,
        uid: &str,
        limits: &Limits,
    ) -> Result<Probed, EngineError> {
        let target = collection.object(NAME);
        until("waiting for Flux to answer", &target, Pace::CONTROLLER, limits, || async {
            let found = self.find::<AnyObject>(collection, NAME, Extent::Metadata, limits).await?;
            Ok(match found {
                Some(found) if found.metadata.uid == uid => {
                    if found.metadata.finalizers.is_empty() {
                        Seen::Pending("no controller has touched it".to_owned())
                    } else {
                        Seen::Ready(Probed::Answered { uid: uid.to_owned() })
                    }
                }
                _ => Seen::Ready(Probed::Vanished),
            })
        })
        .await
    }
}

/// Whether it came in the probe's own time. The caller's deadline is an error.
fn in_time(result: Result<(), EngineError>, limits: &Limits) -> Result<bool, EngineError> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind == Kind::TimedOut && tokio::time::Instant::now() < limits.deadline => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

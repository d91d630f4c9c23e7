//! Putting and taking away the Flux objects that carry policies, whichever their kind.

use domain::fleet::FleetNames;
use domain::name::Name;
use engines::distribution::{PutPlacement, Removal};
use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use serde_json::Value;

use crate::apply::Manager;
use crate::cluster::KubeCluster;
use crate::collection::{Collection, Extent};
use crate::delete::held_by;
use crate::errors::said;
use crate::flux_object::{FluxObject, KubeConfig, resume};
use crate::labels::FLEET;
use crate::metadata::AnyObject;
use crate::progress::{is_judged, last_word};

impl KubeCluster {
    /// Makes an object or updates it, and asks Flux to look.
    ///
    /// # Errors
    ///
    /// - [`Kind::AlreadyExists`] if one of this name is somebody else's or applies to another member.
    /// - [`Kind::Conflict`] if somebody else manages a field and `conflicts` refuses.
    pub(crate) async fn put_carrier<O: FluxObject>(
        &self,
        fleet: &Name,
        wanted: PutPlacement<'_>,
        body: &Value,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let namespace = FleetNames::of(fleet).namespace;
        let collection = O::collection(Some(&namespace));
        let found = self.make_way::<O>(&collection, fleet, wanted, limits).await?;
        if found.is_some_and(|found| found.is_suspended()) {
            // Nothing that we apply says `suspend`, so an apply alone would leave it.
            self.merge::<Value>(&collection, wanted.name, &resume(), Manager::Request, limits).await?;
        }
        let applied: O =
            self.apply(&collection, wanted.name, body, Manager::Provider, conflicts, limits).await?;
        let judged = is_judged(applied.metadata(), &applied.judgement());
        self.ask_unless_due(&collection, applied.metadata(), judged, limits).await
    }

    /// Sees to it that an object of this name may be applied: none is there, or one of this fleet for the same
    /// member. One that is being deleted is waited for, or it would take what is applied now along. Gives the one that
    /// stays.
    async fn make_way<O: FluxObject>(
        &self,
        collection: &Collection,
        fleet: &Name,
        wanted: PutPlacement<'_>,
        limits: &Limits,
    ) -> Result<Option<O>, EngineError> {
        let name = wanted.name;
        let Some(found) = self.find::<O>(collection, name, Extent::Whole, limits).await? else {
            return Ok(None);
        };
        let target = collection.object(name);
        if found.metadata().label(FLEET) != Some(fleet.as_str()) {
            let text = format!("it does not bear the label {FLEET}={fleet}, so somebody else made it");
            return Err(said("applying", target, Kind::AlreadyExists, text));
        }
        if found.metadata().is_deleting() {
            let uid = &found.metadata().uid;
            self.wait_gone(collection, name, uid, Extent::Whole, limits, |object: &O| {
                (object.metadata().clone(), held_by(object.metadata()))
            })
            .await?;
            return Ok(None);
        }
        let secret = FleetNames::secret(&wanted.placement.member);
        match found.kube_config().map(KubeConfig::secret) {
            Some(other) if other != secret => {
                let text = format!(
                    "it applies to another cluster, with the kubeconfig in Secret {other}; Flux would not clean that one up"
                );
                Err(said("applying", target, Kind::AlreadyExists, text))
            }
            _ => Ok(Some(found)),
        }
    }

    /// Takes an object away and waits until it is gone. What a fleet did not make is not its to remove.
    ///
    /// # Errors
    ///
    /// [`Kind::TimedOut`] with Flux's last word.
    pub(crate) async fn remove_carrier<O: FluxObject>(
        &self,
        fleet: &Name,
        name: &str,
        removal: Removal,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let namespace = FleetNames::of(fleet).namespace;
        let collection = O::collection(Some(&namespace));
        let Some(found) = self.find::<O>(&collection, name, Extent::Whole, limits).await? else {
            return Ok(());
        };
        if found.metadata().label(FLEET) != Some(fleet.as_str()) {
            return Ok(());
        }
        let change = match removal {
            Removal::Release => Some(O::release()),
            Removal::Prune if found.is_suspended() => Some(resume()),
            Removal::Prune => None,
        };
        if let Some(change) = change {
            match self.merge::<Value>(&collection, name, &change, Manager::Request, limits).await {
                Err(error) if error.kind == Kind::NotFound => return Ok(()),
                other => other.map(drop)?,
            }
        }
        let made = O::made_for(&namespace, name);
        // First, because a run that is cut off finds it by the object alone.
        if let (Removal::Release, Some((collection, name))) = (removal, &made) {
            self.remove_made(collection, fleet, name, limits).await?;
        }
        let uid = &found.metadata().uid;
        self.delete_one(&collection, name, uid, limits).await?;
        self.wait_gone(&collection, name, uid, Extent::Whole, limits, |object: &O| {
            let words = format!("{}; {}", held_by(object.metadata()), last_word(&object.judgement()));
            (object.metadata().clone(), words)
        })
        .await?;
        // Flux has deleted it by now, but nobody has waited for its end.
        match &made {
            Some((collection, name)) => self.remove_made(collection, fleet, name, limits).await,
            None => Ok(()),
        }
    }

    async fn remove_made(
        &self,
        collection: &Collection,
        fleet: &Name,
        name: &str,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        match self.find::<AnyObject>(collection, name, Extent::Metadata, limits).await? {
            Some(found) if found.metadata.label(FLEET) == Some(fleet.as_str()) => {
                self.delete_and_wait(collection, name, &found.metadata.uid, limits).await
            }
            _ => Ok(()),
        }
    }
}

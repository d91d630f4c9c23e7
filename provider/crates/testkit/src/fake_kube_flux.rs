//! Flux on the fake clusters, and what it distributes.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use domain::application::{ApplicationFacts, PlacementFacts, PlacementId, Progress, SourceFacts};
use domain::fleet::{FluxFacts, FluxSpec};
use domain::mark::Incarnation;
use domain::name::Name;
use engines::distribution::{Distribution, Freshness, PutPlacement, PutSource, Removal, Whose};
use engines::error::{EngineError, Kind};
use engines::fleet_host::Conflicts;
use engines::flux::Flux;
use engines::limits::Limits;

use crate::fake_kube::FakeCluster;
use crate::fake_kube_fleet::check;
use crate::fake_kube_state::World;

#[async_trait]
impl Flux for FakeCluster {
    async fn look_at_flux(&self, limits: &Limits) -> Result<FluxFacts, EngineError> {
        self.look("look_at_flux", "", limits, |world, uid| match world.cluster(uid).flux.clone() {
            FluxFacts::Working { installed_by } | FluxFacts::Silent { installed_by } => {
                FluxFacts::Served { installed_by }
            }
            other => other,
        })
    }

    async fn observe_flux(&self, namespaces: &[&str], limits: &Limits) -> Result<FluxFacts, EngineError> {
        self.look("observe_flux", &namespaces.join(" "), limits, |world, uid| world.cluster(uid).flux.clone())
    }

    async fn install_flux(&self, spec: &FluxSpec, fleet: &Name, limits: &Limits) -> Result<(), EngineError> {
        self.change("install_flux", &spec.version, limits, |world, uid| {
            let flux = &mut world.cluster(uid).flux;
            let installed_by = Some(flux.installed_by().unwrap_or(fleet.as_str()).to_owned());
            *flux = FluxFacts::Working { installed_by };
            Ok(())
        })
    }

    async fn remove_flux(&self, fleet: &Name, limits: &Limits) -> Result<(), EngineError> {
        self.change("remove_flux", fleet.as_str(), limits, |world, uid| {
            let state = world.cluster(uid);
            let in_use =
                state.fleets.values().any(|held| !held.sources.is_empty() || !held.placements.is_empty());
            if state.flux.installed_by() == Some(fleet.as_str()) && !in_use {
                state.flux = FluxFacts::Absent;
            }
            Ok(())
        })
    }
}

#[async_trait]
impl Distribution for FakeCluster {
    async fn observe_application(
        &self,
        of: Whose<'_>,
        _freshness: Freshness,
        limits: &Limits,
    ) -> Result<Arc<ApplicationFacts>, EngineError> {
        let Whose { fleet, application } = of;
        let target = format!("{fleet}/{application}");
        self.look("observe_application", &target, limits, |world, uid| {
            world.reconcile(uid);
            let Some(held) = world.cluster(uid).fleets.get(fleet) else {
                return Arc::new(ApplicationFacts::default());
            };
            let is_its = |facts: &&PlacementFacts| facts.application == *application;
            let placements = held.placements.iter().filter(|(_, facts)| is_its(facts));
            Arc::new(ApplicationFacts {
                source: held.sources.get(application).cloned(),
                placements: placements.map(|(id, facts)| (id.clone(), facts.clone())).collect(),
            })
        })
    }

    async fn observe_placements(
        &self,
        fleet: &Name,
        member: &Name,
        limits: &Limits,
    ) -> Result<BTreeMap<PlacementId, PlacementFacts>, EngineError> {
        self.look("observe_placements", fleet.as_str(), limits, |world, uid| {
            world.reconcile(uid);
            let held = world.cluster(uid).fleets.get(fleet);
            let mut placements = held.map(|held| held.placements.clone()).unwrap_or_default();
            placements.retain(|_, facts| facts.member == *member);
            placements
        })
    }

    async fn put_source(
        &self,
        of: Whose<'_>,
        wanted: PutSource<'_>,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let Whose { fleet, application } = of;
        let target = format!("{fleet}/{application}");
        self.change("put_source", &target, limits, |world, uid| {
            flux_must_be_served(world, uid)?;
            let state = world.cluster(uid);
            check(state, &target, conflicts)?;
            let sources = &mut state.fleet(fleet)?.sources;
            let revision = sources.get(application).and_then(|source| source.revision.clone());
            sources.insert(
                application.clone(),
                SourceFacts {
                    spec: Some(wanted.source.clone()),
                    mark: Some(wanted.mark.clone()),
                    deleting: false,
                    progress: Progress::Pending { message: String::new() },
                    revision,
                    note: Some(wanted.note.to_owned()),
                },
            );
            Ok(())
        })
    }

    async fn put_placement(
        &self,
        of: Whose<'_>,
        wanted: PutPlacement<'_>,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let Whose { fleet, application } = of;
        let placement = wanted.placement;
        let id = PlacementId { name: wanted.name.to_owned(), carrier: placement.content.carrier() };
        let target = format!("{fleet}/{}", id.name);
        self.change("put_placement", &target, limits, |world, uid| {
            flux_must_be_served(world, uid)?;
            let state = world.cluster(uid);
            check(state, &target, conflicts)?;
            let placements = &mut state.fleet(fleet)?.placements;
            let old = placements.get(&id);
            if old.is_some_and(|old| old.member != placement.member) {
                return Err(Kind::AlreadyExists);
            }
            let facts = PlacementFacts {
                policy: placement.policy.clone(),
                member: placement.member.clone(),
                content: Some(placement.content.clone()),
                application: application.clone(),
                deleting: false,
                suspended: false,
                progress: Progress::Pending { message: String::new() },
                applied_revision: old.and_then(|old| old.applied_revision.clone()),
                inventory: old.map(|old| old.inventory.clone()).unwrap_or_default(),
            };
            placements.insert(id, facts);
            Ok(())
        })
    }

    /// A prune of what is on a member that cannot be reached holds the object and times out, as with a real Flux.
    async fn remove_placement(
        &self,
        fleet: &Name,
        id: &PlacementId,
        removal: Removal,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            let (now, most) = world.removing;
            world.removing = (now + 1, most.max(now + 1));
        }
        // A real one takes its time, in which others may begin.
        tokio::task::yield_now().await;
        self.world.lock().unwrap_or_else(PoisonError::into_inner).removing.0 -= 1;
        self.change("remove_placement", &format!("{fleet}/{}", id.name), limits, |world, uid| {
            let Some(held) = world.cluster(uid).fleets.get_mut(fleet) else { return Ok(()) };
            let Some(facts) = held.placements.get_mut(id) else { return Ok(()) };
            facts.deleting = true;
            let (member, inventory) = (facts.member.clone(), facts.inventory.clone());
            let prunes = facts.prunes();
            if !matches!(world.cluster(uid).flux, FluxFacts::Working { .. }) {
                return Err(Kind::TimedOut);
            }
            if removal == Removal::Prune && prunes && !inventory.is_empty() {
                let reached = world.member_of(uid, fleet, &member).ok_or(Kind::TimedOut)?;
                let state = world.cluster(&reached);
                let stuck = state.stuck.clone();
                state.objects.retain(|object| !inventory.contains(object) || stuck.contains(object));
            }
            if let Some(held) = world.cluster(uid).fleets.get_mut(fleet) {
                held.placements.remove(id);
            }
            Ok(())
        })
    }

    async fn remove_source(
        &self,
        of: Whose<'_>,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let Whose { fleet, application } = of;
        self.change("remove_source", &format!("{fleet}/{application}"), limits, |world, uid| {
            let Some(held) = world.cluster(uid).fleets.get_mut(fleet) else { return Ok(()) };
            let mark = held.sources.get(application).and_then(|source| source.mark.as_ref());
            if mark.is_some_and(|mark| mark.incarnation == *incarnation) {
                held.sources.remove(application);
            }
            Ok(())
        })
    }
}

/// Flux's kinds cannot be written where they are not served.
fn flux_must_be_served(world: &mut World, uid: &str) -> Result<(), Kind> {
    if world.cluster(uid).flux == FluxFacts::Absent { Err(Kind::NotFound) } else { Ok(()) }
}

//! The fake clusters as carriers and members of fleets.

use async_trait::async_trait;
use domain::fleet::{AccessSpec, FleetFacts, MemberRecord, NamespaceFacts};
use domain::mark::{Incarnation, Mark};
use domain::name::Name;
use domain::object_id::ObjectId;
use engines::error::{EngineError, Kind};
use engines::fleet_host::{Conflicts, FleetHost};
use engines::limits::Limits;
use engines::member::{Access, Member};
use engines::secret::SecretString;

use crate::fake_kube::FakeCluster;
use crate::fake_kube_state::{FakeMember, FakeState};

/// "Somebody else manages a field", if that is so and nobody forces.
pub(crate) fn check(state: &mut FakeState, target: &str, conflicts: Conflicts) -> Result<(), Kind> {
    match conflicts {
        Conflicts::Refuse if state.others_fields.contains(target) => Err(Kind::Conflict),
        Conflicts::Refuse => Ok(()),
        Conflicts::Force => {
            state.others_fields.remove(target);
            Ok(())
        }
    }
}

#[async_trait]
impl FleetHost for FakeCluster {
    async fn observe_fleet(&self, fleet: &Name, limits: &Limits) -> Result<FleetFacts, EngineError> {
        self.look("observe_fleet", fleet.as_str(), limits, |world, uid| world.cluster(uid).fleet_facts(fleet))
    }

    async fn put_namespace(
        &self,
        fleet: &Name,
        mark: &Mark,
        member_role: &str,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.change("put_namespace", fleet.as_str(), limits, |world, uid| {
            let state = world.cluster(uid);
            check(state, fleet.as_str(), conflicts)?;
            state.fleets.entry(fleet.clone()).or_default().namespace = Some(NamespaceFacts {
                mark: Some(mark.clone()),
                deleting: false,
                member_role: Some(member_role.to_owned()),
            });
            Ok(())
        })
    }

    async fn put_member(
        &self,
        fleet: &Name,
        member: &Name,
        record: &MemberRecord,
        access: Option<&Access>,
        conflicts: Conflicts,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let target = format!("{fleet}/{member}");
        self.change("put_member", &target, limits, |world, uid| {
            let state = world.cluster(uid);
            check(state, &target, conflicts)?;
            let members = &mut state.fleet(fleet)?.members;
            let kept = members.get(member).and_then(|member| member.endpoint.clone());
            let endpoint = access.map(|access| access.endpoint.clone()).or(kept);
            members.insert(member.clone(), FakeMember { record: record.clone(), endpoint, damaged: false });
            Ok(())
        })
    }

    async fn remove_member(&self, fleet: &Name, member: &Name, limits: &Limits) -> Result<(), EngineError> {
        self.change("remove_member", &format!("{fleet}/{member}"), limits, |world, uid| {
            if let Some(held) = world.cluster(uid).fleets.get_mut(fleet) {
                held.members.remove(member);
            }
            Ok(())
        })
    }

    /// Stricter than the real one: with Flux objects left inside it times out, as it does in the end when their
    /// members' kubeconfigs go with the namespace.
    async fn remove_namespace(
        &self,
        fleet: &Name,
        incarnation: &Incarnation,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        self.change("remove_namespace", fleet.as_str(), limits, |world, uid| {
            let state = world.cluster(uid);
            let Some(held) = state.fleets.get_mut(fleet) else { return Ok(()) };
            let Some(namespace) = &mut held.namespace else { return Ok(()) };
            if namespace.mark.as_ref().is_none_or(|mark| mark.incarnation != *incarnation) {
                return Ok(());
            }
            if !held.placements.is_empty() {
                namespace.deleting = true;
                return Err(Kind::TimedOut);
            }
            state.fleets.remove(fleet);
            Ok(())
        })
    }
}

#[async_trait]
impl Member for FakeCluster {
    async fn grant(&self, access: &AccessSpec, limits: &Limits) -> Result<Access, EngineError> {
        self.change("grant", &access.account, limits, |world, uid| {
            let state = world.cluster(uid);
            if state.strangers.contains(&access.namespace) {
                return Err(Kind::AlreadyExists);
            }
            state.accounts.insert(access.account.clone(), access.clone());
            Ok(Access {
                endpoint: self.facts.endpoint.clone(),
                certificate_authority: Some(format!("authority of {uid}")),
                token: SecretString::from(format!("token of {} on {uid}", access.account)),
            })
        })
    }

    async fn has_access(&self, access: &AccessSpec, limits: &Limits) -> Result<bool, EngineError> {
        self.look("has_access", &access.account, limits, |world, uid| {
            world.cluster(uid).accounts.get(&access.account) == Some(access)
        })
    }

    async fn revoke(&self, access: &AccessSpec, limits: &Limits) -> Result<(), EngineError> {
        self.change("revoke", &access.account, limits, |world, uid| {
            world.cluster(uid).accounts.remove(&access.account);
            Ok(())
        })
    }

    async fn remaining(&self, objects: &[ObjectId], limits: &Limits) -> Result<Vec<ObjectId>, EngineError> {
        self.look("remaining", "", limits, |world, uid| {
            let there = &world.cluster(uid).objects;
            objects.iter().filter(|object| there.contains(object)).cloned().collect()
        })
    }
}

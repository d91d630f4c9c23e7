//! A fleet: steps on its host and its members.

use std::collections::{BTreeMap, BTreeSet};

use domain::cluster_ref::ClusterRef;
use domain::fleet::{FleetFacts, FleetSpec, FluxFacts, FluxSpec, MemberFacts, MemberRecord, MemberSpec};
use domain::mark::{Incarnation, Mark, Phase};
use domain::name::Name;

use crate::last_change::{LastChange, count};
use crate::refusal::Refusal;

/// One change to a fleet, complete enough to carry out without deciding anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FleetStep {
    /// Put Flux onto the host.
    InstallFlux {
        /// From where.
        spec: FluxSpec,
    },
    /// Make the namespace on the host, or change what it bears.
    PutNamespace {
        /// Its mark.
        mark: Mark,
        /// The role, noted for import.
        member_role: String,
    },
    /// Give the fleet an account on a member, and the host a kubeconfig with it.
    Join {
        /// The member.
        member: Name,
        /// What the host records of it.
        record: MemberRecord,
        /// The role of the account.
        member_role: String,
        /// Whether the host has to record the member before the account is made: its record of it, if it has one,
        /// does not lead there.
        record_first: bool,
    },
    /// Change what the host records of a member that stays.
    Record {
        /// The member.
        member: Name,
        /// What the host records of it.
        record: MemberRecord,
    },
    /// Remove a member: what applications put there, the host's record, the account.
    Leave {
        /// The member.
        member: Name,
        /// Its cluster; none if the record does not say.
        cluster: Option<ClusterRef>,
    },
    /// Remove the namespace on the host.
    RemoveNamespace {
        /// The making it must bear.
        incarnation: Incarnation,
    },
    /// Take Flux from the host, if it was installed for this fleet.
    RemoveFlux,
}

/// Stages in their order; the steps of a stage do not depend on each other.
pub type FleetStages = Vec<Vec<FleetStep>>;

/// Whether the fleet's account on a member is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessFacts {
    /// Account, token and binding are there.
    Whole,
    /// Something of it is missing.
    Missing,
    /// The member could not be asked.
    Unknown,
}

/// What was found of a fleet, on its host and on its members.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// On the host.
    pub host: &'a FleetFacts,
    /// Flux on the host.
    pub flux: &'a FluxFacts,
    /// The fleet's accounts, by member.
    pub access: &'a BTreeMap<Name, AccessFacts>,
}

/// Returns the stages that turn what was found into `wanted`: the namespace, which bears the mark, then Flux, then
/// leaving, then joining, then the mark that says it is finished.
///
/// Given its own result as `found`, it returns no stages, except that a create always ends with its mark.
pub fn plan(wanted: &FleetSpec, found: &Found<'_>, mark: &Mark) -> FleetStages {
    let mut stages = Vec::new();
    let put =
        |mark: &Mark| FleetStep::PutNamespace { mark: mark.clone(), member_role: wanted.member_role.clone() };
    let namespace = found.host.namespace.as_ref();
    let role_changed = namespace.is_none_or(|it| it.member_role.as_deref() != Some(&wanted.member_role));
    let unfinished = mark.phase == Phase::Creating;
    if unfinished || role_changed || namespace.is_none_or(|it| it.mark.as_ref() != Some(mark)) {
        stages.push(vec![put(mark)]);
    }
    if flux_need(wanted, found.flux) == FluxNeed::Install {
        stages.push(vec![FleetStep::InstallFlux { spec: wanted.flux.clone() }]);
    }
    stages.push(leaving(wanted, found.host));
    stages.push(joining(wanted, found, role_changed));
    if unfinished {
        stages.push(vec![put(&mark.clone().ready())]);
    }
    stages.retain(|stage| !stage.is_empty());
    stages
}

/// What a fleet needs of Flux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FluxNeed {
    /// Nothing that we could do.
    Nothing,
    /// To be put onto the host. What is there of it, a fleet's installation left: it was cut off, or no controller
    /// answers, and doing it again is safe.
    Install,
    /// To be looked after by those who installed it: its controllers do not answer.
    Somebody,
}

/// What `wanted` needs, where Flux on the host is as found.
pub fn flux_need(wanted: &FleetSpec, found: &FluxFacts) -> FluxNeed {
    let may_install = wanted.flux.install || found.installed_by() == Some(wanted.name.as_str());
    match found {
        FluxFacts::Absent | FluxFacts::Unfinished { .. } | FluxFacts::Silent { installed_by: Some(_) }
            if may_install =>
        {
            FluxNeed::Install
        }
        FluxFacts::Unfinished { .. } | FluxFacts::Silent { .. } => FluxNeed::Somebody,
        FluxFacts::Absent | FluxFacts::Served { .. } | FluxFacts::Working { .. } => FluxNeed::Nothing,
    }
}

fn leaving(wanted: &FleetSpec, found: &FleetFacts) -> Vec<FleetStep> {
    let leaves = |(member, facts): (&Name, &MemberFacts)| {
        let stays =
            wanted.members.get(member).is_some_and(|spec| stays_in_place(spec, facts.cluster.as_ref()));
        (!stays).then(|| FleetStep::Leave { member: member.clone(), cluster: facts.cluster.clone() })
    };
    found.members.iter().filter_map(leaves).collect()
}

/// Whether the record of a member is of the cluster that is wanted under its name. A record without a readable
/// reference is rewritten in place: nothing is known that would have to leave first.
fn stays_in_place(wanted: &MemberSpec, recorded: Option<&ClusterRef>) -> bool {
    recorded.is_none_or(|recorded| recorded.is_same_cluster(&wanted.cluster))
}

fn joining(wanted: &FleetSpec, found: &Found<'_>, role_changed: bool) -> Vec<FleetStep> {
    wanted
        .members
        .iter()
        .filter_map(|(member, spec)| {
            let recorded = found.host.members.get(member);
            let record = record(spec, recorded);
            let leads_there = recorded
                .and_then(|facts| facts.cluster.as_ref())
                .is_some_and(|recorded| recorded.is_same_cluster(&spec.cluster));
            let join = || FleetStep::Join {
                member: member.clone(),
                record: record.clone(),
                member_role: wanted.member_role.clone(),
                record_first: !leads_there,
            };
            let Some(facts) = recorded else { return Some(join()) };
            let access = found.access.get(member).copied().unwrap_or(AccessFacts::Unknown);
            if !facts.has_kubeconfig
                || !leads_there
                || facts.api_server != spec.api_server
                || access == AccessFacts::Missing
                || role_changed
            {
                return Some(join());
            }
            differs(facts, &record).then(|| FleetStep::Record { member: member.clone(), record })
        })
        .collect()
}

/// What the host should record of a member. A reference that was written without a uid keeps the one that is
/// recorded: it was found when the member joined.
fn record(spec: &MemberSpec, recorded: Option<&MemberFacts>) -> MemberRecord {
    let known = recorded
        .and_then(|facts| facts.cluster.as_ref())
        .filter(|recorded| recorded.is_same_cluster(&spec.cluster))
        .and_then(|recorded| recorded.uid.clone());
    let mut cluster = spec.cluster.clone();
    cluster.uid = cluster.uid.or(known);
    MemberRecord { cluster, labels: spec.labels.clone(), api_server: spec.api_server.clone() }
}

fn differs(facts: &MemberFacts, record: &MemberRecord) -> bool {
    facts.cluster.as_ref() != Some(&record.cluster)
        || facts.labels != record.labels
        || facts.api_server != record.api_server
}

/// Returns the stages that remove `fleet`: every member leaves, then the namespace goes, then Flux if it was ours.
pub fn teardown(
    fleet: &Name,
    found: &FleetFacts,
    flux: &FluxFacts,
    incarnation: &Incarnation,
) -> FleetStages {
    let leaves = found
        .members
        .iter()
        .map(|(member, facts)| FleetStep::Leave { member: member.clone(), cluster: facts.cluster.clone() })
        .collect();
    let mut stages = vec![leaves];
    if found.namespace.is_some() {
        stages.push(vec![FleetStep::RemoveNamespace { incarnation: incarnation.clone() }]);
    }
    if flux.installed_by() == Some(fleet.as_str()) {
        stages.push(vec![FleetStep::RemoveFlux]);
    }
    stages.retain(|stage| !stage.is_empty());
    stages
}

/// Whether what was found may be made into, or kept as, what is stored.
///
/// # Errors
///
/// The [`Refusal`], if it may not.
pub fn admit_update(found: &FleetFacts, incarnation: &Incarnation) -> Result<(), Refusal> {
    let namespace = found.namespace.as_ref().ok_or(Refusal::Gone)?;
    crate::refusal::may_update(incarnation, namespace.mark.as_ref(), namespace.deleting)
}

/// Whether a create of what `mark` marks may go on from what was found.
///
/// # Errors
///
/// The [`Refusal`], if it may not.
pub fn admit_create(found: &FleetFacts, mark: &Mark) -> Result<(), Refusal> {
    match &found.namespace {
        None => Ok(()),
        Some(namespace) => crate::refusal::may_create(mark, namespace.mark.as_ref(), namespace.deleting),
    }
}

/// The drift of a fleet whose namespace was taken away: what it has on its members is still there.
pub const NAMESPACE_GONE: &str = "host: the fleet's namespace is gone";

/// What differs from `wanted` and no attribute shows, a sentence each.
pub fn drift(wanted: &FleetSpec, found: &Found<'_>) -> Vec<String> {
    let mut drift = Vec::new();
    if found.host.namespace.is_none() {
        drift.push(NAMESPACE_GONE.to_owned());
    }
    if flux_need(wanted, found.flux) == FluxNeed::Install {
        drift.push(match found.flux {
            FluxFacts::Absent => "flux: it is not on the host".to_owned(),
            FluxFacts::Unfinished { .. } => "flux: its installation is unfinished".to_owned(),
            FluxFacts::Served { .. } | FluxFacts::Working { .. } | FluxFacts::Silent { .. } => {
                "flux: its controllers do not answer".to_owned()
            }
        });
    }
    for (member, spec) in &wanted.members {
        match found.host.members.get(member) {
            None => drift.push(format!("{member}: the host has no record of it")),
            Some(facts) => {
                if !facts.has_kubeconfig {
                    drift.push(format!("{member}: the host has no kubeconfig for it"));
                }
                if differs(facts, &record(spec, Some(facts))) {
                    drift.push(format!("{member}: the host's record of it differs"));
                }
            }
        }
        if found.access.get(member) == Some(&AccessFacts::Missing) {
            drift.push(format!("{member}: the fleet's account there is not whole"));
        }
    }
    for member in found.host.members.keys().filter(|member| !wanted.members.contains_key(*member)) {
        drift.push(format!("{member}: the host has a record of it, and it is not a member"));
    }
    drift
}

/// A fleet as configuration has it: what the words of a change are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetShape {
    /// Labels by member.
    pub members: BTreeMap<String, BTreeMap<String, String>>,
    /// Reference by member; none for a create, whose words do not need them.
    pub references: BTreeMap<String, String>,
}

/// The change from `prior` (none for a create) to `planned` in words.
pub fn last_change(prior: Option<&FleetShape>, planned: &FleetShape) -> LastChange {
    let empty = FleetShape::default();
    let before = prior.unwrap_or(&empty);
    let names: BTreeSet<&String> = before.members.keys().chain(planned.members.keys()).collect();
    let (mut leave, mut join, mut change) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match (before.members.get(name), planned.members.get(name)) {
            (Some(_), None) => leave.push(format!("{name}: leave")),
            (None, Some(_)) => join.push(format!("{name}: join")),
            (Some(old), Some(new)) => {
                if before.references.get(name) != planned.references.get(name) {
                    change.push(format!("{name}: compare with its new reference"));
                }
                if old != new {
                    change.push(format!("{name}: relabel"));
                }
            }
            (None, None) => {}
        }
    }
    let steps: Vec<String> = leave.into_iter().chain(join).chain(change).collect();
    let from = prior.map(|prior| count(prior.members.len(), "cluster")).unwrap_or_default();
    LastChange::new(from, count(planned.members.len(), "cluster"), steps)
}

#[cfg(test)]
mod tests;

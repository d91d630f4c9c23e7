//! An application: steps on its host.

use std::collections::{BTreeMap, BTreeSet};

use domain::application::{
    ApplicationFacts, ApplicationSpec, GitSourceSpec, Placement, PlacementFacts, PlacementId, Progress,
    TargetMember,
};
use domain::cluster_ref::ClusterRef;
use domain::mark::{Incarnation, Mark, Phase};
use domain::name::Name;

use crate::last_change::{LastChange, count};
use crate::refusal::Refusal;

/// One change to an application, complete enough to carry out without deciding anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationStep {
    /// Make the source, or change it or what it bears.
    PutSource {
        /// What it asks for.
        source: GitSourceSpec,
        /// Its mark.
        mark: Mark,
        /// What the user asked for and no API stores.
        note: String,
    },
    /// Take a policy from a member, with what it put there if it prunes.
    RemovePlacement {
        /// The Flux object.
        id: PlacementId,
        /// The policy.
        policy: Name,
        /// The member.
        member: Name,
        /// The member's cluster, where the fleet still has it.
        cluster: Option<ClusterRef>,
    },
    /// Put a policy onto a member, or change it there.
    PutPlacement {
        /// The Flux object.
        id: PlacementId,
        /// What goes where.
        placement: Placement,
        /// The making it belongs to.
        incarnation: Incarnation,
    },
    /// Wait until the source is there and every placement reports its revision applied.
    AwaitApplied {
        /// The Flux objects.
        placements: BTreeSet<PlacementId>,
    },
    /// Say on the source that it is finished: the last call of a create.
    Finish {
        /// What it asks for.
        source: GitSourceSpec,
        /// Its mark.
        mark: Mark,
        /// What the user asked for and no API stores.
        note: String,
    },
    /// Remove the source.
    RemoveSource {
        /// The making it must bear.
        incarnation: Incarnation,
    },
}

/// Stages in their order; the steps of a stage do not depend on each other.
pub type ApplicationStages = Vec<Vec<ApplicationStep>>;

/// Whether something was asked for that is not known to have arrived on the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The user asks for something else than what is stored, or a change was cut off before it was waited for.
    Anew,
    /// It is what was waited for before: how the members are now holds nobody up.
    Before,
}

/// Returns the stages that turn `found` into `wanted`: the source, then what leaves, then what comes, then the wait,
/// then the mark that says it is finished.
///
/// Given its own result as `found`, it returns no stages, except that a create always ends with its mark.
pub fn plan(
    wanted: &ApplicationSpec,
    found: &ApplicationFacts,
    mark: &Mark,
    note: &str,
    asked: Asked,
) -> ApplicationStages {
    let unfinished = mark.phase == Phase::Creating;
    let source_is_right = found.source.as_ref().is_some_and(|source| {
        source.spec.as_ref() == Some(&wanted.source)
            && source.mark.as_ref() == Some(mark)
            && source.note.as_deref() == Some(note)
    });
    let placements = wanted.placements();
    let mut stages = Vec::new();
    if unfinished || !source_is_right {
        stages.push(vec![ApplicationStep::PutSource {
            source: wanted.source.clone(),
            mark: mark.clone(),
            note: note.to_owned(),
        }]);
    }
    stages.push(leaving(wanted, &placements, found));
    let comes: Vec<ApplicationStep> = placements
        .iter()
        .filter(|(id, placement)| !found.placements.get(*id).is_some_and(|facts| is_right(placement, facts)))
        .map(|(id, placement)| ApplicationStep::PutPlacement {
            id: id.clone(),
            placement: placement.clone(),
            incarnation: mark.incarnation.clone(),
        })
        .collect();
    let works = unfinished || !stages.concat().is_empty() || !comes.is_empty();
    stages.push(comes);
    // What a run put that was cut off before its wait is waited for now, though there is nothing left to put.
    let placements: BTreeSet<PlacementId> = placements.into_keys().collect();
    let is_open = || asked == Asked::Anew && judge(found, &placements) != Verdict::default();
    if wanted.wait && (works || is_open()) {
        stages.push(vec![ApplicationStep::AwaitApplied { placements }]);
    }
    if unfinished {
        stages.push(vec![ApplicationStep::Finish {
            source: wanted.source.clone(),
            mark: mark.clone().ready(),
            note: note.to_owned(),
        }]);
    }
    stages.retain(|stage| !stage.is_empty());
    stages
}

fn is_right(wanted: &Placement, found: &PlacementFacts) -> bool {
    found.content.as_ref() == Some(&wanted.content) && !found.deleting && !found.suspended
}

fn leaving(
    wanted: &ApplicationSpec,
    placements: &BTreeMap<PlacementId, Placement>,
    found: &ApplicationFacts,
) -> Vec<ApplicationStep> {
    found
        .placements
        .iter()
        .filter(|(id, _)| !placements.contains_key(*id))
        .map(|(id, facts)| removal(id, facts, &wanted.target.members))
        .collect()
}

fn removal(
    id: &PlacementId,
    facts: &PlacementFacts,
    members: &BTreeMap<Name, TargetMember>,
) -> ApplicationStep {
    ApplicationStep::RemovePlacement {
        id: id.clone(),
        policy: facts.policy.clone(),
        member: facts.member.clone(),
        cluster: members.get(&facts.member).map(|member| member.cluster.clone()),
    }
}

/// Returns the stages that remove an application: every placement, then the source.
pub fn teardown(
    members: &BTreeMap<Name, TargetMember>,
    found: &ApplicationFacts,
    incarnation: &Incarnation,
) -> ApplicationStages {
    let mut stages =
        vec![found.placements.iter().map(|(id, facts)| removal(id, facts, members)).collect::<Vec<_>>()];
    if found.source.is_some() {
        stages.push(vec![ApplicationStep::RemoveSource { incarnation: incarnation.clone() }]);
    }
    stages.retain(|stage| !stage.is_empty());
    stages
}

/// Whether a create of what `mark` marks may go on from what was found.
///
/// # Errors
///
/// The [`Refusal`], if it may not.
pub fn admit_create(found: &ApplicationFacts, mark: &Mark) -> Result<(), Refusal> {
    match &found.source {
        None => Ok(()),
        Some(source) => crate::refusal::may_create(mark, source.mark.as_ref(), source.deleting),
    }
}

/// Whether what was found is what is stored. A source that is gone is made anew by the update.
///
/// # Errors
///
/// The [`Refusal`], if it is not.
pub fn admit_update(found: &ApplicationFacts, incarnation: &Incarnation) -> Result<(), Refusal> {
    match &found.source {
        None => Ok(()),
        Some(source) => crate::refusal::may_update(incarnation, source.mark.as_ref(), source.deleting),
    }
}

/// What differs from `wanted` and no attribute shows, a sentence each.
pub fn drift(wanted: &ApplicationSpec, found: &ApplicationFacts) -> Vec<String> {
    let mut drift = Vec::new();
    match &found.source {
        None => drift.push("source: it is gone".to_owned()),
        Some(source) if source.spec.as_ref() != Some(&wanted.source) => {
            drift.push("source: it was changed".to_owned());
        }
        Some(_) => {}
    }
    let mut chosen: Vec<_> = wanted.chosen().collect();
    chosen.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    for (id, policy, member, content) in &chosen {
        let what = match found.placements.get(id) {
            None => "is gone",
            Some(facts) if facts.deleting => "is being deleted",
            Some(facts) if facts.suspended => "is suspended",
            Some(facts) if facts.content.as_ref() != Some(*content) => "was changed",
            Some(_) => continue,
        };
        drift.push(format!("{policy} on {member}: it {what}"));
    }
    for (id, facts) in &found.placements {
        if chosen.binary_search_by(|(chosen, ..)| chosen.cmp(id)).is_err() {
            drift.push(format!("{} on {}: it is there and should not be", facts.policy, facts.member));
        }
    }
    drift
}

/// What Flux says of the placements that are awaited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Failures: where, Flux's reason and message. In the order of the placements.
    pub failed: Vec<Failing>,
    /// What is still under way, a line each.
    pub pending: Vec<String>,
}

/// One failure as Flux reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The policy; none for the source itself.
    pub policy: Option<Name>,
    /// The member; none for the source itself.
    pub member: Option<Name>,
    /// Flux's reason.
    pub reason: String,
    /// Flux's message.
    pub message: String,
    /// Whether Flux has given up until something changes.
    pub stalled: bool,
}

/// Judges whether the source's revision is applied by all of `placements`: Ready for the object's present shape, and
/// last applied exactly the revision that the source holds now.
pub fn judge(found: &ApplicationFacts, placements: &BTreeSet<PlacementId>) -> Verdict {
    let mut verdict = Verdict::default();
    let Some(source) = &found.source else {
        verdict.pending.push("source: not there".to_owned());
        return verdict;
    };
    match &source.progress {
        Progress::Ready => {}
        Progress::Pending { message } => verdict.pending.push(format!("source: {message}")),
        Progress::Failed { reason, message, stalled } => verdict.failed.push(Failing {
            policy: None,
            member: None,
            reason: reason.clone(),
            message: message.clone(),
            stalled: *stalled,
        }),
    }
    for id in placements {
        let Some(facts) = found.placements.get(id) else {
            verdict.pending.push(format!("{id}: not there"));
            continue;
        };
        let at = format!("{} on {}", facts.policy, facts.member);
        match &facts.progress {
            Progress::Ready
                if facts.applied_revision.is_some() && facts.applied_revision == source.revision => {}
            Progress::Ready => verdict.pending.push(format!("{at}: not at the source's revision yet")),
            Progress::Pending { message } => verdict.pending.push(format!("{at}: {message}")),
            Progress::Failed { reason, message, stalled } => verdict.failed.push(Failing {
                policy: Some(facts.policy.clone()),
                member: Some(facts.member.clone()),
                reason: reason.clone(),
                message: message.clone(),
                stalled: *stalled,
            }),
        }
    }
    verdict
}

/// An application as configuration has it, references aside: what the words of a change are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationShape {
    /// Policies by member.
    pub placements: BTreeMap<String, BTreeSet<String>>,
    /// The source in words.
    pub source: String,
    /// The content of each policy, in a form that can be compared.
    pub policies: BTreeMap<String, String>,
}

/// The change from `prior` (none for a create) to `planned` in words.
pub fn last_change(prior: Option<&ApplicationShape>, planned: &ApplicationShape) -> LastChange {
    let empty = ApplicationShape::default();
    let before = prior.unwrap_or(&empty);
    let pairs = |shape: &ApplicationShape| -> BTreeSet<(String, String)> {
        shape
            .placements
            .iter()
            .flat_map(|(member, policies)| policies.iter().map(|policy| (member.clone(), policy.clone())))
            .collect()
    };
    let (old, new) = (pairs(before), pairs(planned));
    let mut steps = Vec::new();
    if prior.is_some() && before.source != planned.source {
        steps.push(format!("source: {}", planned.source));
    }
    steps.extend(old.difference(&new).map(|(member, policy)| format!("{member}: remove {policy}")));
    steps.extend(new.difference(&old).map(|(member, policy)| format!("{member}: deploy {policy}")));
    steps.extend(
        new.intersection(&old)
            .filter(|(_, policy)| before.policies.get(policy) != planned.policies.get(policy))
            .map(|(member, policy)| format!("{member}: change {policy}")),
    );
    let short = |shape: &ApplicationShape| {
        format!(
            "{} on {}",
            shape.source,
            count(shape.placements.values().filter(|p| !p.is_empty()).count(), "cluster")
        )
    };
    let from = prior.map(short).unwrap_or_default();
    LastChange::new(from, short(planned), steps)
}

#[cfg(test)]
mod tests;

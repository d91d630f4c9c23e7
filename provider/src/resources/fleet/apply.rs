//! Creating, updating and deleting a fleet.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use apply::dispatch::fleet::FleetHands;
use apply::journal::Journal;
use domain::cluster_ref::ClusterRef;
use domain::fleet::{FleetFacts, FleetSpec, MemberFacts, MemberSpec};
use domain::name::Name;
use engines::clusters::Cluster;
use planning::fleet::{FleetStages, FleetStep, admit_create, admit_update, drift, plan, teardown};
use planning::refusal::Refusal;
use schemas::resources::fleet::FleetModel;
use tf_value::diagnostic::{Diagnostic, Diagnostics, Severity};
use tf_value::path::Path;

use super::observe::{Flux, Observed, observe};
use super::read::{assumed, references, unreachable, with_status};
use super::validate::one_cluster_twice;
use super::{convert, flux};
use crate::lifecycle::managed::{Outcome, Work};
use crate::report;

pub(super) async fn create(wanted: FleetModel, work: &Work) -> Outcome<FleetModel> {
    let (spec, host, observed) = match prepare(&wanted, work).await {
        Ok(prepared) => prepared,
        Err(problems) => return Outcome::refused(problems),
    };
    let mark = work.mark(super::TYPE, spec.name.as_str());
    if let Err(refused) = admit_create(&observed.host, &mark) {
        return Outcome::refused(refusal(&refused, &spec));
    }
    let silent = flux::silent(&spec, &observed);
    // It stops what is not begun. A fleet that is begun has to be finished, or it would be forgotten; and members that
    // hang, and must be able to leave for that, may be what keeps the controllers busy.
    if observed.host.namespace.is_none()
        && let Some(mut told) = silent
    {
        told.severity = Severity::Error;
        return Outcome::refused(told);
    }
    let stages = plan(&spec, &observed.found(), &mark);
    let journal = hands(&spec.name, &host, work).carry_out(stages, &work.limits).await;
    if journal.done.is_empty() && journal.failed.is_empty() {
        // Nothing was begun: there is nothing to remember.
        return Outcome::refused(told(spec.host.place.called(), &journal, Diagnostics::none()));
    }
    let before = observed.host.namespace.and_then(|namespace| namespace.mark).map(|mark| mark.incarnation);
    settle(wanted, &spec, &host, &journal, work).await.without_others(before.as_ref(), work).and(silent)
}

pub(super) async fn update(prior: FleetModel, wanted: FleetModel, work: &Work) -> Outcome<FleetModel> {
    let before = convert::host(&prior);
    // As configuration has it, before anybody is asked, and then as it is found.
    if let Some(refused) = refused_move(before.as_ref(), convert::host(&wanted).as_ref()) {
        return Outcome::refused(refused);
    }
    let (spec, host, mut observed) = match prepare(&wanted, work).await {
        Ok(prepared) => prepared,
        Err(problems) => return Outcome::refused(problems),
    };
    if let Some(refused) = refused_move(before.as_ref(), Some(&spec.host)) {
        return Outcome::refused(refused);
    }
    match admit_update(&observed.host, &work.incarnation) {
        Ok(()) => {}
        // A read found it gone, and the plan said that what is wrong will be mended.
        Err(Refusal::Gone) if work.mends => {}
        Err(refused) => return Outcome::refused(refusal(&refused, &spec)),
    }
    if let Ok(stored) = convert::spec(&prior) {
        remember(&mut observed.host, stored, &spec.members);
    }
    let silent = flux::silent(&spec, &observed);
    let mark = work.mark(super::TYPE, spec.name.as_str());
    let stages = plan(&spec, &observed.found(), &mark);
    let journal = hands(&spec.name, &host, work).carry_out(stages, &work.limits).await;
    // What configuration asks for keeps its prior value until it is done.
    let model = if journal.is_complete() { wanted } else { prior };
    settle(model, &spec, &host, &journal, work).await.and(silent)
}

fn refused_move(before: Option<&ClusterRef>, after: Option<&ClusterRef>) -> Option<Diagnostic> {
    let (before, after) = (before?, after?);
    (!before.is_same_cluster(after)).then(|| {
        Diagnostic::error(
            "Fleet cannot move to another host",
            format!(
                "The fleet is on `{before}`, and `{after}` is another cluster. Nothing was changed.\n\nPlan again: the \
                 plan names the ways out."
            ),
        )
        .at(Path::to("host"))
    })
}

pub(super) async fn delete(stored: FleetModel, work: &Work) -> Outcome<FleetModel> {
    let spec = match convert::spec(&stored) {
        Ok(spec) => spec,
        Err(problems) => return Outcome::refused(problems),
    };
    let host = match work.context.clusters.connect(&spec.host, &work.limits).await {
        Ok(host) => host,
        Err(error)
            if error.kind.is_out_of_reach()
                && work.on_unreachable == apply::members::OnUnreachable::Forget =>
        {
            return Outcome::gone(
                Diagnostic::warning(
                    "Fleet was given up with its host",
                    format!(
                        "{}.\n\nAs `on_unreachable = \"forget\"` asks, its namespace on the host and its accounts on \
                         members were left. If the host comes back, remove them by hand.",
                        error.chain()
                    ),
                )
                .into(),
            );
        }
        Err(error) => {
            return Outcome::refused(report::trouble(&error, spec.host.place.called(), Path::to("host")));
        }
    };
    let mut observed =
        match observe(&spec.name, &host, &BTreeMap::new(), &spec.member_role, Flux::Look, work).await {
            Ok(observed) => observed,
            Err(error) => {
                return Outcome::refused(report::trouble(&error, spec.host.place.called(), Path::to("host")));
            }
        };
    match admit_update(&observed.host, &work.incarnation) {
        // Where the namespace is gone, the accounts on the members are not, and Flux may not be.
        Ok(()) | Err(Refusal::BeingDeleted | Refusal::Gone) => {}
        // Whoever made it anew, it is not ours: nothing of what is stored is left.
        Err(refused) => {
            let mut told = refusal(&refused, &spec);
            told.severity = Severity::Warning;
            return Outcome::gone(told.into());
        }
    }
    let host_called = spec.host.place.called().to_owned();
    let fleet = spec.name.clone();
    remember(&mut observed.host, spec, &BTreeMap::new());
    let stages = teardown(&fleet, &observed.host, &observed.flux, &work.incarnation);
    let journal = hands(&fleet, &host, work).carry_out(stages, &work.limits).await;
    let told = told(&host_called, &journal, Diagnostics::none());
    if journal.is_complete() {
        Outcome::gone(told)
    } else {
        Outcome { state: None, drift: left(&journal), bears: None, diagnostics: told }
    }
}

pub(super) async fn reopen(stored: &FleetModel, work: &Work) -> Result<(), Diagnostics> {
    let spec = convert::spec(stored)?;
    let trouble = |error| report::trouble(&error, spec.host.place.called(), Path::to("host"));
    let host = work.context.clusters.connect(&spec.host, &work.limits).await.map_err(trouble)?;
    let found = host.fleet_host().observe_fleet(&spec.name, &work.limits).await.map_err(trouble)?;
    let Some(namespace) = found.namespace else { return Ok(()) };
    let Some(mark) = namespace.mark.filter(|mark| mark.is_finished(&work.incarnation)) else { return Ok(()) };
    let role = namespace.member_role.unwrap_or(spec.member_role.clone());
    host.fleet_host()
        .put_namespace(&spec.name, &mark.creating(), &role, work.conflicts, &work.limits)
        .await
        .map_err(|error| trouble(error).into())
}

/// Adds the members that are stored and that the host lost its record of, and to which cluster a record leads that
/// cannot be read any more: what the fleet has on them would be forgotten with it.
///
/// The record of a member that stays in `wanted` is left unreadable, so that it is written anew.
fn remember(found: &mut FleetFacts, stored: FleetSpec, wanted: &BTreeMap<Name, MemberSpec>) {
    for (name, member) in stored.members {
        let stays = wanted.get(&name).is_some_and(|wanted| wanted.cluster.is_same_cluster(&member.cluster));
        match found.members.entry(name) {
            Entry::Vacant(lost) => {
                lost.insert(MemberFacts {
                    cluster: Some(member.cluster),
                    labels: member.labels,
                    api_server: member.api_server,
                    has_kubeconfig: false,
                });
            }
            Entry::Occupied(mut kept) => {
                if kept.get().cluster.is_none() && !stays {
                    kept.get_mut().cluster = Some(member.cluster);
                }
            }
        }
    }
}

/// Looks before anything is touched: the host, all members at once, and what is there.
async fn prepare(
    wanted: &FleetModel,
    work: &Work,
) -> Result<(FleetSpec, Arc<dyn Cluster>, Observed), Diagnostics> {
    let mut spec = convert::spec(wanted)?;
    let host = work
        .context
        .clusters
        .connect(&spec.host, &work.limits)
        .await
        .map_err(|error| report::trouble(&error, spec.host.place.called(), Path::to("host")))?;
    let observed = observe(&spec.name, &host, &references(&spec), &spec.member_role, Flux::Probe, work)
        .await
        .map_err(|error| report::trouble(&error, spec.host.place.called(), Path::to("host")))?;
    let mut problems = unreachable_newcomers(&spec, &observed);
    let mut seen = BTreeMap::new();
    for (name, member) in &mut spec.members {
        // A reference written by hand may lack the uid; from here on it is known.
        if let Some(Ok(cluster)) = observed.members.get(name).map(|met| met.cluster.as_ref()) {
            member.cluster.uid = Some(cluster.facts().uid.clone());
        }
        if let Some(uid) = &member.cluster.uid
            && let Some(first) = seen.insert(uid.clone(), name.clone())
        {
            let path = Path::to("clusters").key(name.to_string()).attribute("ref");
            problems.push(one_cluster_twice(first.as_str(), name.as_str(), uid).at(path));
        }
    }
    spec.host.uid = Some(host.facts().uid.clone());
    if problems.has_error() { Err(problems) } else { Ok((spec, host, observed)) }
}

/// A member that has to be worked on must answer; one that is in order need not.
fn unreachable_newcomers(spec: &FleetSpec, observed: &Observed) -> Diagnostics {
    let mut problems = Diagnostics::none();
    for (name, met) in &observed.members {
        let Err(error) = &met.cluster else { continue };
        let recorded = observed.host.members.get(name).and_then(|member| member.cluster.as_ref());
        let in_order = recorded.is_some_and(|recorded| recorded.is_same_cluster(&spec.members[name].cluster));
        if !in_order {
            let path = Path::to("clusters").key(name.to_string());
            problems.push(report::trouble(error, name.as_str(), path));
        }
    }
    problems
}

fn hands<'a>(fleet: &'a Name, host: &'a Arc<dyn Cluster>, work: &'a Work) -> FleetHands<'a> {
    FleetHands {
        clusters: &*work.context.clusters,
        host,
        fleet,
        conflicts: work.conflicts,
        on_unreachable: work.on_unreachable,
        at_a_time: work.context.at_a_time,
    }
}

/// Looks again and says what exists now.
async fn settle(
    model: FleetModel,
    spec: &FleetSpec,
    host: &Arc<dyn Cluster>,
    journal: &Journal<FleetStep>,
    work: &Work,
) -> Outcome<FleetModel> {
    let after =
        observe(&spec.name, host, &references(spec), &spec.member_role, Flux::Look, &work.afterwards()).await;
    let model = FleetModel { r#ref: convert::fleet_ref(&model), target: convert::target(&model), ..model };
    match after {
        Ok(observed) => {
            let diagnostics = told(spec.host.place.called(), journal, unreachable(&observed));
            let drift = if journal.is_complete() {
                Vec::new()
            } else {
                mending(drift(spec, &observed.found()), journal)
            };
            let mark = observed.host.namespace.as_ref().and_then(|namespace| namespace.mark.as_ref());
            let bears = mark.map(|mark| mark.incarnation.clone());
            Outcome { state: Some(with_status(model, &observed)), drift, bears, diagnostics }
        }
        Err(error) => {
            let mut diagnostics = told(spec.host.place.called(), journal, Diagnostics::none());
            let (called, at) = (spec.host.place.called(), Path::to("host"));
            if journal.is_complete() {
                // All was done and nothing of it is in doubt; only what it looks like now is not known.
                diagnostics.push(report::trouble_in_read(&error, called, at));
                return Outcome::done(assumed(model, spec), diagnostics);
            }
            diagnostics.push(report::trouble(&error, called, at));
            let is_marked = journal.done.iter().any(|step| matches!(step, FleetStep::PutNamespace { .. }));
            let bears = is_marked.then(|| work.incarnation.clone());
            Outcome { state: Some(model), drift: left(journal), bears, diagnostics }
        }
    }
}

fn mending(found: Vec<String>, journal: &Journal<FleetStep>) -> Vec<String> {
    if found.is_empty() { left(journal) } else { found }
}

/// What was not done, a line each.
fn left(journal: &Journal<FleetStep>) -> Vec<String> {
    let undone: FleetStages =
        vec![journal.failed.iter().map(|(step, _)| step).chain(&journal.not_begun).cloned().collect()];
    undone.iter().flatten().map(words).collect()
}

fn words(step: &FleetStep) -> String {
    match step {
        FleetStep::InstallFlux { .. } => "flux: install".to_owned(),
        FleetStep::RemoveFlux => "flux: remove".to_owned(),
        FleetStep::PutNamespace { .. } => "host: mark the namespace".to_owned(),
        FleetStep::RemoveNamespace { .. } => "host: remove the namespace".to_owned(),
        FleetStep::Join { member, .. } => format!("{member}: join"),
        FleetStep::Record { member, .. } => format!("{member}: record"),
        FleetStep::Leave { member, .. } => format!("{member}: leave"),
    }
}

fn told(host: &str, journal: &Journal<FleetStep>, mut diagnostics: Diagnostics) -> Diagnostics {
    let place = |member: Option<&str>, _: Option<&str>| match member {
        Some(member) => Path::to("clusters").key(member),
        None => Path::to("host"),
    };
    diagnostics.extend(journal.notes.iter().map(report::note));
    for (_, failure) in &journal.failed {
        diagnostics.extend(report::failure(failure, host, &place));
    }
    if journal.failed.is_empty() && !journal.not_begun.is_empty() {
        diagnostics.push(report::interrupted(journal.not_begun.len()));
    }
    diagnostics
}

fn refusal(refused: &Refusal, spec: &FleetSpec) -> Diagnostic {
    let what = format!("Fleet `{}`", spec.name);
    let place = format!("host `{}`", spec.host);
    report::refusal(refused, &what, &place, &report::import_block(super::TYPE, &spec.reference().to_string()))
}

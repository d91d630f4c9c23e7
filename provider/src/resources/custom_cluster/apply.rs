//! Creating, updating and deleting a custom cluster.

use std::collections::BTreeMap;

use apply::cluster_lock::{ClusterLock, NoLock};
use apply::custom_cluster::{Api, Observed, reference, running};
use apply::dispatch::custom_cluster::CustomClusterHands;
use apply::journal::Journal;
use apply::lanes::MachineStep;
use apply::members::OnUnreachable;
use domain::custom_cluster::{MachineFound, MachineId};
use domain::machine_address::MachineAddress;
use domain::mark::Mark;
use engines::machines::RemoteFile;
use planning::custom_cluster::{CustomClusterStages, CustomClusterStep, plan, teardown};
use planning::refusal::{Refusal, may_create, may_update};
use schemas::resources::custom_cluster::CustomClusterModel;
use tf_value::diagnostic::{Diagnostic, Diagnostics, Severity};
use tf_value::path::Path;

use super::observe::{addresses, observe, observe_for_a_change, setup};
use super::preflight::preflight;
use super::read::{as_found, drift_of, with_running};
use super::validate::validate;
use super::{note, problem, told};
use crate::holder::holder;
use crate::lifecycle::managed::{Outcome, Work};
use crate::report;

pub(super) async fn create(wanted: CustomClusterModel, work: &Work) -> Outcome<CustomClusterModel> {
    let prepared = prepare(&wanted, None, &BTreeMap::new(), work).await;
    let Prepared { observed, mark, told } = match prepared {
        Ok(prepared) => prepared,
        Err(problems) => return Outcome::refused(problems),
    };
    let before = mark_of(&observed);
    if let Some(found) = &before
        && let Err(refused) = may_create(&mark, Some(found), false)
    {
        return Outcome::refused(refusal(&refused, &observed));
    }
    let before = before.map(|mark| mark.incarnation);
    change(wanted, observed, mark, work).await.without_others(before.as_ref(), work).and(told)
}

pub(super) async fn update(
    prior: CustomClusterModel,
    wanted: CustomClusterModel,
    work: &Work,
) -> Outcome<CustomClusterModel> {
    // Of a machine that left, only what is stored says how it is reached. Files may have gone since.
    let stored = match setup(&prior, Some(&prior), work).await {
        Ok(stored) => addresses(&stored),
        Err(_) => BTreeMap::new(),
    };
    let prepared = prepare(&wanted, Some(&prior), &stored, work).await;
    let Prepared { observed, mark, told } = match prepared {
        Ok(prepared) => prepared,
        Err(problems) => return Outcome::refused(problems),
    };
    match may_update(&work.incarnation, mark_of(&observed).as_ref(), false) {
        Ok(()) => {}
        // A read found it gone, and the plan said that what is wrong will be mended.
        Err(Refusal::Unmarked) if work.mends => {}
        Err(refused) => return Outcome::refused(refusal(&refused, &observed)),
    }
    let outcome = change(wanted, observed, mark, work).await.and(told);
    if outcome.diagnostics.has_error() {
        // What configuration asks for keeps its prior value until it is done.
        let state = outcome.state.map(|_| prior);
        return Outcome { state, ..outcome };
    }
    outcome
}

struct Prepared {
    observed: Observed,
    mark: Mark,
    /// Warnings.
    told: Diagnostics,
}

/// Looks before anything is touched.
async fn prepare(
    wanted: &CustomClusterModel,
    prior: Option<&CustomClusterModel>,
    stored: &BTreeMap<MachineId, MachineAddress>,
    work: &Work,
) -> Result<Prepared, Diagnostics> {
    // What was unknown when it was checked is known now.
    let problems = validate(wanted);
    if problems.has_error() {
        return Err(problems);
    }
    let asked = setup(wanted, prior, work).await?;
    let mark = work.mark(super::TYPE, asked.nodes.cluster.as_str());
    let observed = observe_for_a_change(&asked, stored, work).await?;
    let told = preflight(&observed, &mark, work).await?;
    if told.has_error() {
        return Err(told);
    }
    if let Api::OutOfReach(error) = &observed.api {
        let mut problems = told;
        problems.push(report::trouble(
            error,
            mark.name.as_str(),
            told::at_machine(observed.carrier.name.as_str()),
        ));
        return Err(problems);
    }
    Ok(Prepared { observed, mark, told })
}

/// The mark on the control plane.
fn mark_of(observed: &Observed) -> Option<Mark> {
    let met = observed.met.get(&observed.carrier)?.as_ref().ok()?;
    met.facts.mark.as_ref().map(|found| found.mark.clone())
}

fn refusal(refused: &Refusal, observed: &Observed) -> Diagnostic {
    let what = format!("Custom cluster `{}`", observed.setup.nodes.cluster);
    let place = format!("machine `{}`", observed.carrier.name);
    let id = observed
        .met
        .get(&observed.carrier)
        .and_then(|met| met.as_ref().ok())
        .and_then(|met| reference(&observed.setup, &*met.machine))
        .map(|reference| reference.to_string())
        .unwrap_or_default();
    report::refusal(refused, &what, &place, &report::import_block(super::TYPE, &id))
}

/// Carries out what is to be done, as the only one who does, and looks at what came of it.
async fn change(
    wanted: CustomClusterModel,
    observed: Observed,
    mark: Mark,
    work: &Work,
) -> Outcome<CustomClusterModel> {
    let spec = match observed.wanted() {
        Ok(spec) => spec,
        Err(unusable) => return Outcome::refused(problem::told(&unusable)),
    };
    let stages = plan(&spec, &observed.found(), &mark);
    let noted = RemoteFile::secret(note::PATH, note::write(&wanted));
    let done = match carry_out(stages, &observed, Some(noted), work).await {
        Ok(done) => done,
        Err(problems) => return Outcome::refused(problems),
    };
    if done.journal.done.is_empty() && done.journal.failed.is_empty() && !done.journal.not_begun.is_empty() {
        // Nothing was begun: there is nothing to remember.
        return Outcome::refused(told::journal(&done.journal, mark.name.as_str()));
    }
    settle(wanted, &observed, done, &mark, work).await
}

/// What came of carrying out.
pub(super) struct Carried {
    journal: Journal<MachineStep>,
    /// Beside the journal.
    told: Diagnostics,
    /// What the API says now, if everything was done.
    api: Option<Api>,
}

/// Carries `stages` out while nobody else changes the cluster.
///
/// # Errors
///
/// Diagnostics, if nothing was begun.
async fn carry_out(
    stages: CustomClusterStages,
    observed: &Observed,
    noted: Option<RemoteFile>,
    work: &Work,
) -> Result<Carried, Diagnostics> {
    let carrier = observed.carrier.name.as_str();
    let machine = match observed.met.get(&observed.carrier) {
        Some(Ok(met)) => &met.machine,
        Some(Err(error)) => return Err(told::trouble(error, carrier).into()),
        None => return Err(told::no_control_plane().into()),
    };
    let lock = ClusterLock::take(machine, holder(&work.context.owner), &work.limits).await;
    let lock = match lock {
        Ok(lock) => lock,
        Err(NoLock::Held(holder)) => return Err(told::held(&holder).into()),
        Err(NoLock::Engine(error)) => return Err(told::trouble(&error, carrier).into()),
    };
    let (clusters, machines) = (&*work.context.clusters, &*work.context.machines);
    let hands = CustomClusterHands::new(machines, clusters, observed, noted, work.context.at_a_time);
    let work_on = |limits| {
        let hands = &hands;
        async move { hands.carry_out(stages, &limits).await }
    };
    let (journal, overtaken) = lock.while_held(&work.limits, work_on).await;
    let is_over = journal
        .done
        .iter()
        .any(|(id, step)| *id == observed.carrier && matches!(step, CustomClusterStep::Reset));
    lock.give_back(is_over, &work.limits).await;
    let told = overtaken.iter().map(told::overtaken).collect();
    let api = match hands.connected() {
        Some(cluster) if journal.is_complete() => {
            let limits = work.limits.afterwards();
            Some(match running(&**cluster, &limits).await {
                Ok(running) => Api::There(cluster.clone(), running),
                Err(error) => Api::OutOfReach(error),
            })
        }
        _ => None,
    };
    Ok(Carried { journal, told, api })
}

/// Says what exists now.
async fn settle(
    model: CustomClusterModel,
    before: &Observed,
    done: Carried,
    mark: &Mark,
    work: &Work,
) -> Outcome<CustomClusterModel> {
    let Carried { journal, told, api } = done;
    let mut diagnostics = told::journal(&journal, mark.name.as_str());
    diagnostics.extend(told);
    let is_complete = journal.is_complete() && !diagnostics.has_error();
    if is_complete {
        let model = with_running(model, before, api.as_ref());
        if let Some(Api::OutOfReach(error)) = &api {
            // All was done and nothing of it is in doubt; only what it looks like now is not known.
            diagnostics.push(report::trouble_in_read(error, mark.name.as_str(), Path::to("name")));
        }
        return Outcome::done(model, diagnostics);
    }
    let left = left(&journal);
    match observe(&before.setup, &before.addresses, &work.afterwards()).await {
        Ok(observed) => {
            let bears = mark_of(&observed).map(|mark| mark.incarnation);
            let drift = drift_of(&observed);
            let drift = if drift.is_empty() { left } else { drift };
            Outcome { state: Some(as_found(model, &observed)), drift, bears, diagnostics }
        }
        Err(_) => {
            let bears = claimed(&journal, before).then(|| work.incarnation.clone());
            Outcome { state: Some(with_running(model, before, None)), drift: left, bears, diagnostics }
        }
    }
}

/// Whether the control plane was marked in this run.
fn claimed(journal: &Journal<MachineStep>, before: &Observed) -> bool {
    journal
        .done
        .iter()
        .any(|(id, step)| *id == before.carrier && matches!(step, CustomClusterStep::Claim { .. }))
}

/// What was not done, a line each.
fn left(journal: &Journal<MachineStep>) -> Vec<String> {
    let undone = journal.failed.iter().map(|(step, _)| step).chain(&journal.not_begun);
    undone.map(|(id, step)| format!("{}: {}", id.name, step.word())).collect()
}

pub(super) async fn delete(stored: CustomClusterModel, work: &Work) -> Outcome<CustomClusterModel> {
    let asked = match setup(&stored, Some(&stored), work).await {
        Ok(asked) => asked,
        Err(problems) => return Outcome::refused(problems),
    };
    let observed = match observe(&asked, &BTreeMap::new(), work).await {
        Ok(observed) => observed,
        Err(problems) => return Outcome::refused(problems),
    };
    let forgets = work.on_unreachable == OnUnreachable::Forget;
    let mut told = Diagnostics::none();
    for (id, met) in &observed.met {
        let Err(error) = met else { continue };
        if forgets && error.kind.is_out_of_reach() {
            told.push(told::given_up(error, id.name.as_str()));
        } else {
            told.push(told::trouble(error, id.name.as_str()));
        }
    }
    let own = work.mark(super::TYPE, asked.nodes.cluster.as_str());
    if let Some(found) = mark_of(&observed)
        && (!found.is_same_owner(&own) || found.incarnation != work.incarnation)
    {
        // Whoever made it anew, it is not ours: nothing of what is stored is left.
        let refused = Refusal::AnotherIncarnation { mark: found };
        let mut refused = refusal(&refused, &observed);
        refused.severity = Severity::Warning;
        return Outcome::gone(refused.into());
    }
    let stages = teardown(&ours(&observed, &own), &observed.carrier);
    if told.has_error() && !is_there(&observed, &observed.carrier) {
        // Without the control plane's record nobody knows all machines. One that answers and cannot be looked at is not
        // given up, and its workers are left until it can be.
        return Outcome::refused(told);
    }
    if stages.is_empty() {
        return if told.has_error() { Outcome::refused(told) } else { Outcome::gone(told) };
    }
    let stages = if told.has_error() { without(stages, &observed.carrier) } else { stages };
    let done = match finish_off(stages, &observed, work).await {
        Ok(done) => done,
        Err(problems) => return Outcome::refused(problems),
    };
    told.extend(told::journal(&done.journal, own.name.as_str()));
    told.extend(done.told);
    if told.has_error() {
        return Outcome { state: None, drift: left(&done.journal), bears: None, diagnostics: told };
    }
    Outcome::gone(told)
}

/// Takes machines back while nobody else changes the cluster. A control plane that is given up has no lock to take.
async fn finish_off(
    stages: CustomClusterStages,
    observed: &Observed,
    work: &Work,
) -> Result<Carried, Diagnostics> {
    if is_there(observed, &observed.carrier) {
        return carry_out(stages, observed, None, work).await;
    }
    let (clusters, machines) = (&*work.context.clusters, &*work.context.machines);
    let hands = CustomClusterHands::new(machines, clusters, observed, None, work.context.at_a_time);
    let journal = hands.carry_out(stages, &work.limits).await;
    Ok(Carried { journal, told: Diagnostics::none(), api: None })
}

fn is_there(observed: &Observed, id: &MachineId) -> bool {
    matches!(observed.met.get(id), Some(Ok(_)))
}

/// What was found, without machines that bear somebody else's mark.
fn ours(observed: &Observed, own: &Mark) -> domain::custom_cluster::CustomClusterFacts {
    let mut found = observed.found();
    for machine in found.machines.values_mut() {
        if let MachineFound::There(host) = machine {
            host.mark = host.mark.take().filter(|mark| mark.is_same_owner(own));
        }
    }
    found
}

/// The stages without those of the control plane: as long as a machine could not be taken back, its record has to stay.
fn without(stages: CustomClusterStages, carrier: &MachineId) -> CustomClusterStages {
    stages
        .into_iter()
        .map(|stage| stage.into_iter().filter(|lane| lane.machine != *carrier).collect())
        .collect()
}

pub(super) async fn reopen(stored: &CustomClusterModel, work: &Work) -> Result<(), Diagnostics> {
    let asked = setup(stored, Some(stored), work).await?;
    let observed = observe(&asked, &BTreeMap::new(), work).await?;
    if let Some(Err(error)) = observed.met.get(&observed.carrier) {
        return Err(told::trouble(error, observed.carrier.name.as_str()).into());
    }
    let Some(mark) = mark_of(&observed).filter(|mark| mark.is_finished(&work.incarnation)) else {
        return Ok(());
    };
    let (clusters, machines) = (&*work.context.clusters, &*work.context.machines);
    let hands = CustomClusterHands::new(machines, clusters, &observed, None, 1);
    let carrier = observed.carrier.clone();
    hands
        .claim(&carrier, mark.creating(), &work.limits)
        .await
        .map_err(|trouble| told::failed(&trouble, carrier.name.as_str(), asked.nodes.cluster.as_str()).into())
}

//! Creating, updating and deleting an application.

use std::sync::Arc;

use apply::dispatch::application::ApplicationHands;
use apply::journal::Journal;
use apply::members::OnUnreachable;
use domain::application::{ApplicationFacts, ApplicationSpec};
use domain::cluster_ref::{ApplicationRef, ClusterRef};
use engines::clusters::Cluster;
use engines::distribution::{Freshness, Look, PutSource, Whose};
use planning::application::{ApplicationStep, Asked, admit_create, admit_update, drift, plan, teardown};
use planning::refusal::Refusal;
use schemas::resources::application::ApplicationModel;
use tf_value::diagnostic::{Diagnostic, Diagnostics, Severity};
use tf_value::path::Path;
use tokio::sync::{Mutex, OnceCell};

use super::read::{assumed, refreshed, with_status};
use super::{convert, note};
use crate::lifecycle::managed::{Outcome, Work};
use crate::report;

pub(super) async fn create(wanted: ApplicationModel, work: &Work) -> Outcome<ApplicationModel> {
    let (spec, host, found) = match prepare(&wanted, work).await {
        Ok(prepared) => prepared,
        Err(problems) => return Outcome::refused(problems),
    };
    let mark = work.mark(super::TYPE, spec.name.as_str());
    if let Err(refused) = admit_create(&found, &mark) {
        return Outcome::refused(refusal(&refused, &spec));
    }
    let stages = plan(&spec, &found, &mark, &note::write(&wanted), Asked::Anew);
    let mut hands = hands(&spec, &host, work);
    let journal = hands.carry_out(stages, &work.limits).await;
    if journal.done.is_empty() && journal.failed.is_empty() {
        return Outcome::refused(told(spec.target.fleet.host.place.called(), &journal));
    }
    let seen = hands.seen.get_mut().take();
    let before = found.source.and_then(|source| source.mark).map(|mark| mark.incarnation);
    settle(wanted, &spec, &host, (&journal, seen), work).await.without_others(before.as_ref(), work)
}

pub(super) async fn update(
    prior: ApplicationModel,
    wanted: ApplicationModel,
    work: &Work,
) -> Outcome<ApplicationModel> {
    let before = convert::reference(&prior);
    // As configuration has it, before anybody is asked, and then as it is found.
    let after = convert::reference(&wanted).map(|reference| reference.fleet.host);
    if let Some(refused) = refused_move(before.as_ref(), after.as_ref()) {
        return Outcome::refused(refused);
    }
    let (spec, host, found) = match prepare(&wanted, work).await {
        Ok(prepared) => prepared,
        Err(problems) => return Outcome::refused(problems),
    };
    if let Some(refused) = refused_move(before.as_ref(), Some(&spec.target.fleet.host)) {
        return Outcome::refused(refused);
    }
    if let Err(refused) = admit_update(&found, &work.incarnation) {
        return Outcome::refused(refusal(&refused, &spec));
    }
    let mark = work.mark(super::TYPE, spec.name.as_str());
    let is_stored = convert::spec(&prior).is_ok_and(|stored| stored == spec);
    let asked = if is_stored && !work.mends { Asked::Before } else { Asked::Anew };
    let stages = plan(&spec, &found, &mark, &note::write(&wanted), asked);
    let mut hands = hands(&spec, &host, work);
    let journal = hands.carry_out(stages, &work.limits).await;
    // What configuration asks for keeps its prior value until it is done.
    let model = if journal.is_complete() { wanted } else { prior };
    let seen = hands.seen.get_mut().take();
    settle(model, &spec, &host, (&journal, seen), work).await
}

fn refused_move(before: Option<&ApplicationRef>, host: Option<&ClusterRef>) -> Option<Diagnostic> {
    let fleet = &before?.fleet;
    (!fleet.host.is_same_cluster(host?)).then(|| {
        Diagnostic::error(
            "Application cannot move to another fleet",
            format!(
                "The application is in `{fleet}`. Nothing was changed.\n\nPlan again: the plan names the ways out."
            ),
        )
        .at(Path::to("fleet"))
    })
}

pub(super) async fn delete(stored: ApplicationModel, work: &Work) -> Outcome<ApplicationModel> {
    let spec = match convert::spec(&stored) {
        Ok(spec) => spec,
        Err(problems) => return Outcome::refused(problems),
    };
    let host = match work.context.clusters.connect(&spec.target.fleet.host, &work.limits).await {
        Ok(host) => host,
        Err(error) if error.kind.is_out_of_reach() && work.on_unreachable == OnUnreachable::Forget => {
            return Outcome::gone(
                Diagnostic::warning(
                    "Application was given up with its host",
                    format!(
                        "{}.\n\nAs `on_unreachable = \"forget\"` asks, its objects on the host and what they put on \
                         members were left. If the host comes back, remove them by hand.",
                        error.chain()
                    ),
                )
                .into(),
            );
        }
        Err(error) => {
            return Outcome::refused(report::trouble(
                &error,
                spec.target.fleet.host.place.called(),
                Path::to("fleet"),
            ));
        }
    };
    let found = match observe(&spec, &host, work).await {
        Ok(found) => found,
        Err(problem) => return Outcome::refused(problem),
    };
    match admit_update(&found, &work.incarnation) {
        Ok(()) | Err(Refusal::BeingDeleted) => {}
        // Whoever made it anew, it is not ours: nothing of what is stored is left.
        Err(refused) => {
            let mut told = refusal(&refused, &spec);
            told.severity = Severity::Warning;
            return Outcome::gone(told.into());
        }
    }
    let stages = teardown(&spec.target.members, &found, &work.incarnation);
    let journal = hands(&spec, &host, work).carry_out(stages, &work.limits).await;
    let diagnostics = told(spec.target.fleet.host.place.called(), &journal);
    if journal.is_complete() {
        Outcome::gone(diagnostics)
    } else {
        Outcome { state: None, drift: left(&journal), bears: None, diagnostics }
    }
}

pub(super) async fn reopen(stored: &ApplicationModel, work: &Work) -> Result<(), Diagnostics> {
    let spec = convert::spec(stored)?;
    let trouble = |error| report::trouble(&error, spec.target.fleet.host.place.called(), Path::to("fleet"));
    let host = work.context.clusters.connect(&spec.target.fleet.host, &work.limits).await.map_err(trouble)?;
    let Some(source) = observe(&spec, &host, work).await?.source else { return Ok(()) };
    let Some(mark) = source.mark.filter(|mark| mark.is_finished(&work.incarnation)) else { return Ok(()) };
    let asked = source.spec.unwrap_or_else(|| spec.source.clone());
    let note = source.note.unwrap_or_else(|| note::write(stored));
    let wanted = PutSource { source: &asked, mark: &mark.creating(), note: &note, look: Look::InItsTime };
    host.distribution()
        .put_source(of(&spec), wanted, work.conflicts, &work.limits)
        .await
        .map_err(|error| trouble(error).into())
}

async fn prepare(
    wanted: &ApplicationModel,
    work: &Work,
) -> Result<(ApplicationSpec, Arc<dyn Cluster>, ApplicationFacts), Diagnostics> {
    let spec = convert::spec(wanted)?;
    let host =
        work.context.clusters.connect(&spec.target.fleet.host, &work.limits).await.map_err(|error| {
            report::trouble(&error, spec.target.fleet.host.place.called(), Path::to("fleet"))
        })?;
    let at = |error| report::trouble(&error, spec.target.fleet.host.place.called(), Path::to("fleet"));
    let (fleet, found) = futures::join!(
        host.fleet_host().observe_fleet(&spec.target.fleet.name, &work.limits),
        observe(&spec, &host, work),
    );
    let fleet = fleet.map_err(at)?;
    if fleet.namespace.is_none_or(|namespace| namespace.deleting) {
        return Err(Diagnostic::error(
            "Fleet is gone",
            format!(
                "Fleet `{}` is not on its host `{}`.\n\nPlan again: the plan will show what makes it anew.",
                spec.target.fleet.name, spec.target.fleet.host
            ),
        )
        .at(Path::to("fleet"))
        .into());
    }
    let found = found?;
    Ok((spec, host, found))
}

async fn observe(
    spec: &ApplicationSpec,
    host: &Arc<dyn Cluster>,
    work: &Work,
) -> Result<ApplicationFacts, Diagnostic> {
    host.distribution()
        .observe_application(of(spec), Freshness::Now, &work.limits)
        .await
        .map(|found| ApplicationFacts::clone(&found))
        .map_err(|error| report::trouble(&error, spec.target.fleet.host.place.called(), Path::to("fleet")))
}

fn of(spec: &ApplicationSpec) -> Whose<'_> {
    Whose { fleet: &spec.target.fleet.name, application: &spec.name }
}

fn hands<'a>(spec: &'a ApplicationSpec, host: &'a Arc<dyn Cluster>, work: &'a Work) -> ApplicationHands<'a> {
    ApplicationHands {
        clusters: &*work.context.clusters,
        host,
        fleet: &spec.target.fleet.name,
        application: &spec.name,
        conflicts: work.conflicts,
        on_unreachable: work.on_unreachable,
        at_a_time: work.context.at_a_time,
        recorded: OnceCell::new(),
        seen: Mutex::new(None),
    }
}

/// Says what exists now: what the wait saw last, if all was done after it, or else what another look sees.
async fn settle(
    model: ApplicationModel,
    spec: &ApplicationSpec,
    host: &Arc<dyn Cluster>,
    (journal, seen): (&Journal<ApplicationStep>, Option<Arc<ApplicationFacts>>),
    work: &Work,
) -> Outcome<ApplicationModel> {
    let mut diagnostics = told(spec.target.fleet.host.place.called(), journal);
    if let Some(found) = seen.filter(|_| journal.is_complete()) {
        let (model, _) = with_status(model, spec, &found, work).await;
        return Outcome::done(model, diagnostics);
    }
    // After a failure the model is the stored one, and so is what its status is about.
    let shown = convert::spec(&model).unwrap_or_else(|_| spec.clone());
    let host_called = spec.target.fleet.host.place.called();
    match refreshed(model.clone(), &shown, &**host, &work.afterwards()).await {
        Ok((model, found)) => {
            let mut left = left(journal);
            if !journal.is_complete() {
                left.splice(..0, drift(spec, &found));
            }
            let mark = found.source.and_then(|source| source.mark);
            let bears = mark.map(|mark| mark.incarnation);
            Outcome { state: Some(model), drift: left, bears, diagnostics }
        }
        Err(error) if journal.is_complete() => {
            // All was done and nothing of it is in doubt; only what it looks like now is not known.
            diagnostics.push(report::trouble_in_read(&error, host_called, Path::to("fleet")));
            Outcome::done(assumed(model, &shown), diagnostics)
        }
        Err(error) => {
            diagnostics.push(report::trouble(&error, host_called, Path::to("fleet")));
            let is_marked = journal.done.iter().any(|step| matches!(step, ApplicationStep::PutSource { .. }));
            let bears = is_marked.then(|| work.incarnation.clone());
            Outcome { state: Some(model), drift: left(journal), bears, diagnostics }
        }
    }
}

/// What was not done, a line each.
fn left(journal: &Journal<ApplicationStep>) -> Vec<String> {
    let words = |step: &ApplicationStep| match step {
        ApplicationStep::PutSource { .. } => "source: put".to_owned(),
        ApplicationStep::PutPlacement { placement, .. } => {
            format!("{} on {}: deploy", placement.policy, placement.member)
        }
        ApplicationStep::RemovePlacement { policy, member, .. } => format!("{policy} on {member}: remove"),
        ApplicationStep::AwaitApplied { .. } => "not applied everywhere yet".to_owned(),
        ApplicationStep::Finish { .. } => "source: mark as finished".to_owned(),
        ApplicationStep::RemoveSource { .. } => "source: remove".to_owned(),
    };
    journal.failed.iter().map(|(step, _)| words(step)).chain(journal.not_begun.iter().map(words)).collect()
}

fn told(host: &str, journal: &Journal<ApplicationStep>) -> Diagnostics {
    let place = |_: Option<&str>, policy: Option<&str>| match policy {
        Some(policy) => Path::to("sync_policies").key(policy),
        None => Path::to("fleet"),
    };
    let mut diagnostics: Diagnostics = journal.notes.iter().map(report::note).collect();
    for (_, failure) in &journal.failed {
        diagnostics.extend(report::failure(failure, host, &place));
    }
    if journal.failed.is_empty() && !journal.not_begun.is_empty() {
        diagnostics.push(report::interrupted(journal.not_begun.len()));
    }
    diagnostics
}

fn refusal(refused: &Refusal, spec: &ApplicationSpec) -> Diagnostic {
    let reference = ApplicationRef { fleet: spec.target.fleet.clone(), name: spec.name.clone() };
    let what = format!("Application `{}`", spec.name);
    let place = format!("fleet `{}`", spec.target.fleet);
    report::refusal(refused, &what, &place, &report::import_block(super::TYPE, &reference.to_string()))
}

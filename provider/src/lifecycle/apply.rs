//! Creating, updating and deleting: what is the same for every resource.

use apply::members::OnUnreachable;
use domain::mark::{Incarnation, Phase};
use engines::fleet_host::Conflicts;
use engines::limits::Limits;
use schemas::lifecycle::LifecycleModel;
use tf_provider::call::Call;
use tf_provider::resource::{Done, Stored, Wanted};
use tf_value::diagnostic::Diagnostic;
use tf_value::value::Value;
use uuid::Uuid;

use super::Lifecycle;
use super::managed::{Managed, Outcome, Work};
use super::plan::{is_unfinished, needs_mending, prevented};
use super::private::{Hints, PlanKind, makes_way_for_the_same};
use super::read::list;
use super::timeouts::{self, Operation};
use super::whole::Whole;

impl<M: Managed> Lifecycle<M> {
    pub(super) fn work(
        &self,
        shared: &LifecycleModel,
        operation: Operation,
        call: &Call<Whole<M::Model>>,
    ) -> Work {
        let creating = matches!(operation, Operation::Create) || is_unfinished(shared);
        Work {
            context: self.handle.get(),
            limits: Limits::within(timeouts::of(shared, operation), call.stop().clone()),
            incarnation: Incarnation::new(shared.incarnation.known().cloned().unwrap_or_default()),
            phase: if creating { Phase::Creating } else { Phase::Ready },
            mends: false,
            conflicts: match shared.force_conflicts {
                Value::Known(true) => Conflicts::Force,
                Value::Known(false) | Value::Null | Value::Unknown => Conflicts::Refuse,
            },
            on_unreachable: match shared.on_unreachable.known().map(String::as_str) {
                Some("forget") => OnUnreachable::Forget,
                _ => OnUnreachable::Error,
            },
        }
    }

    /// A create always stamps a new incarnation, also on what an earlier one began: whoever still holds the earlier
    /// state then cannot remove what this one makes.
    pub(super) async fn apply_create(
        &self,
        wanted: Wanted<Whole<M::Model>>,
        call: &Call<Whole<M::Model>>,
    ) -> Done<Whole<M::Model>> {
        let Whole { own, mut shared } = wanted.planned;
        let incarnation = Uuid::new_v4().to_string();
        shared.incarnation = Value::Known(incarnation);
        let anchor = self.own.anchor(&own);
        let work = self.work(&shared, Operation::Create, call);
        let begun = anchor.as_ref().and_then(|anchor| self.kept.take(work.context.run, anchor));
        if anchor.is_some() {
            // Should the create panic, what it made is still to be found. If it made nothing, a refresh finds that out.
            call.save(&Whole { own: own.clone(), shared: unfinished(shared.clone()) });
        }
        let outcome = self.own.create(own, &work).await;
        if !outcome.diagnostics.has_error() {
            return self.finish(outcome, shared, PlanKind::Create);
        }
        match (outcome.bears.clone(), begun) {
            // The object has not come to bear the new making, and a delete removes only what bears the stored one.
            (None, Some(begun)) => Done {
                private: Hints::new(PlanKind::Create, self.own.anchor(&begun.own)).to_bytes(),
                state: Some(begun),
                diagnostics: outcome.diagnostics,
            },
            (bears, _) => {
                if let Some(bears) = bears {
                    shared.incarnation = Value::Known(bears.as_str().to_owned());
                }
                self.finish(outcome, shared, PlanKind::Create)
            }
        }
    }

    pub(super) async fn apply_update(
        &self,
        wanted: Wanted<Whole<M::Model>>,
        call: &Call<Whole<M::Model>>,
    ) -> Done<Whole<M::Model>> {
        let Some(prior) = wanted.prior else {
            return Done::refused(Diagnostic::error(
                "Update without a stored object",
                "Terraform asked for an update and gave no stored object. Nothing was changed.\n\nPlan again; if it \
                 stays, please report it.",
            ));
        };
        let Whole { own, mut shared } = wanted.planned;
        // An unfinished object stays unfinished to the one who works on it, until its last step.
        let mut work = self.work(&shared, Operation::Update, call);
        work.mends = needs_mending(&prior.shared);
        if is_unfinished(&prior.shared) {
            work.phase = Phase::Creating;
        }
        let outcome = self.own.update(prior.own, own, &work).await;
        if outcome.diagnostics.has_error() {
            // What every resource has keeps its prior values after a failure, above all the phase.
            shared = LifecycleModel { last_change: shared.last_change, ..prior.shared };
            return Done {
                state: outcome.state.map(|own| Whole {
                    own,
                    shared: LifecycleModel { drift: list(outcome.drift), ..shared },
                }),
                private: wanted.private,
                diagnostics: outcome.diagnostics,
            };
        }
        self.finish(outcome, shared, PlanKind::Update)
    }

    fn finish(
        &self,
        outcome: Outcome<M::Model>,
        mut shared: LifecycleModel,
        kind: PlanKind,
    ) -> Done<Whole<M::Model>> {
        let Outcome { state, drift, diagnostics, .. } = outcome;
        let Some(own) = state else { return Done { state: None, private: Vec::new(), diagnostics } };
        if diagnostics.has_error() && kind == PlanKind::Create {
            shared = unfinished(shared);
        }
        shared.drift = list(drift);
        let private = Hints::new(kind, self.own.anchor(&own)).to_bytes();
        Done { state: Some(Whole { own, shared }), private, diagnostics }
    }

    pub(super) async fn apply_delete(
        &self,
        stored: Stored<Whole<M::Model>>,
        call: &Call<Whole<M::Model>>,
    ) -> Done<Whole<M::Model>> {
        let Stored { state, private } = stored;
        if is_unfinished(&state.shared)
            && let Some(anchor) = self.own.anchor(&state.own)
            && makes_way_for_the_same(&private, Some(&anchor))
        {
            let work = self.work(&state.shared, Operation::Delete, call);
            return match self.own.reopen(&state.own, &work).await {
                Ok(()) => {
                    tracing::info!("an unfinished object is kept for the create that follows");
                    self.kept.put(work.context.run, &anchor, state);
                    Done::gone()
                }
                Err(diagnostics) => Done { state: Some(state), private, diagnostics },
            };
        }
        match state.shared.deletion_policy.known().map(String::as_str) {
            Some("prevent") => return Done::refused(prevented(M::TYPE)),
            Some("detach") => {
                return Done::gone().and(Diagnostic::warning(
                    "Object was forgotten, not removed",
                    format!(
                        "`deletion_policy` of this `{}` is `detach`: everything it made is still there.\n\nIf that was not \
                         meant, import it again.",
                        M::TYPE
                    ),
                ));
            }
            _ => {}
        }
        let work = self.work(&state.shared, Operation::Delete, call);
        let Outcome { state: left, drift, diagnostics, .. } = self.own.delete(state.own.clone(), &work).await;
        if !diagnostics.has_error() {
            return Done::gone().and(diagnostics);
        }
        let shared = LifecycleModel { drift: list(drift), ..state.shared };
        Done { state: Some(Whole { own: left.unwrap_or(state.own), shared }), private, diagnostics }
    }
}

/// The same, not finished.
fn unfinished(mut shared: LifecycleModel) -> LifecycleModel {
    shared.phase = Value::Known(Phase::Creating.as_str().to_owned());
    shared
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use schemas::resources::attached_cluster::AttachedClusterModel;
    use testkit::fake_kube::FakeClusters;
    use testkit::fake_machines::FakeMachines;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::context::{Handle, Reach};
    use crate::resources::attached_cluster::AttachedCluster;

    /// The framework never asks for one; another caller of the protocol might.
    #[tokio::test]
    async fn an_update_of_nothing_changes_nothing() {
        let clusters = FakeClusters::default();
        let world = clusters.clone();
        let handle = Handle::new(move |_| Reach {
            clusters: Arc::new(world.clone()),
            machines: Arc::new(FakeMachines::default()),
        });
        let resource = Lifecycle::of(AttachedCluster, handle);
        let model = || Whole { own: AttachedClusterModel::default(), shared: LifecycleModel::default() };
        let wanted = Wanted { config: model(), prior: None, planned: model(), private: Vec::new() };
        let done = resource.apply_update(wanted, &Call::new(CancellationToken::new())).await;
        let told: Vec<_> = done.diagnostics.iter().map(|told| told.summary.as_str()).collect();
        assert_eq!((done.state.is_none(), told), (true, vec!["Update without a stored object"]));
        assert!(clusters.calls().is_empty());
    }
}

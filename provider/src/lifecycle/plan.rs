//! Planning what every resource has.

use planning::last_change::LastChange;
use schemas::lifecycle::{LastChangeModel, LifecycleModel};
use tf_provider::resource::{Destruction, Plan};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::model::ToRaw as _;
use tf_value::path::Path;
use tf_value::value::Value;

use super::Lifecycle;
use super::managed::{Managed, OwnPlan};
use super::private::{Hints, PlanKind};
use super::whole::Whole;

impl<M: Managed> Lifecycle<M> {
    pub(super) fn plan_change(&self, plan: &mut Plan<Whole<M::Model>>) {
        if plan.prior.is_some() && !plan.changes {
            return;
        }
        let prior_shared = plan.prior.as_ref().map(|prior| &prior.shared);
        let mends = prior_shared.is_some_and(needs_mending);
        let mut own = OwnPlan {
            config: &plan.config.own,
            prior: plan.prior.as_ref().map(|prior| &prior.own),
            planned: &mut plan.planned.own,
            mends,
            allow_replacement: plan.config.shared.allow_replacement == Value::Known(true),
            last_change: Value::Unknown,
            replace: Vec::new(),
            diagnostics: Diagnostics::none(),
        };
        self.own.plan(&mut own);
        let OwnPlan { mut last_change, replace, diagnostics, .. } = own;
        // What is unknown may turn out to be what is stored. Then nothing changes, and the stored words stay.
        let may_change_nothing = prior_shared.is_some() && !mends && !plan.config.to_raw().is_wholly_known();
        if may_change_nothing && last_change.known().is_some_and(LastChange::only_mends) {
            last_change = Value::Unknown;
        }
        plan.replace.extend(replace);
        plan.diagnostics.extend(diagnostics);

        let shared = &mut plan.planned.shared;
        shared.phase = Value::Known("ready".to_owned());
        shared.drift = Value::Known(Vec::new());
        shared.last_change = last_change.map(|change| in_words(&change));
        let kind = if plan.prior.is_none() {
            shared.incarnation = Value::Unknown;
            shared.leftovers = Value::Known(Vec::new());
            PlanKind::Create
        } else {
            PlanKind::Update
        };
        plan.private = Hints::new(kind, self.own.anchor(&plan.planned.own)).to_bytes();
    }

    pub(super) fn plan_destruction(destruction: &mut Destruction<Whole<M::Model>>) {
        let shared = &destruction.prior.shared;
        if shared.deletion_policy == Value::Known("prevent".to_owned()) {
            destruction.diagnostics.push(prevented(M::TYPE));
        }
        for left in shared.leftovers.known().into_iter().flatten().filter_map(Value::known) {
            destruction.diagnostics.push(Diagnostic::warning(
                "Something will not be as before after the destroy",
                format!(
                    "{left}\n\nTo leave everything as it is, set `deletion_policy = \"detach\"`, apply, and destroy \
                     then."
                ),
            ));
        }
        destruction.private = Hints::new(PlanKind::Destroy, None).to_bytes();
    }
}

/// The refusal that `deletion_policy = "prevent"` asks for.
pub(super) fn prevented(kind: &str) -> Diagnostic {
    Diagnostic::error(
        "Destroy is prevented",
        format!(
            "`deletion_policy` of this `{kind}` is `prevent`.\n\nNothing was changed.\n\nTo destroy it, set \
             `deletion_policy = \"delete\"`, apply, and destroy then."
        ),
    )
    .at(Path::to("deletion_policy"))
}

pub(super) fn is_unfinished(shared: &LifecycleModel) -> bool {
    shared.phase == Value::Known("creating".to_owned())
}

/// Whether a change to it has something to mend: it is unfinished, or something is missing or different.
pub(super) fn needs_mending(shared: &LifecycleModel) -> bool {
    is_unfinished(shared) || shared.drift.known().is_some_and(|drift| !drift.is_empty())
}

pub(super) fn in_words(change: &LastChange) -> LastChangeModel {
    LastChangeModel {
        from: Value::Known(change.from.clone()),
        to: Value::Known(change.to.clone()),
        steps: Value::Known(change.steps.iter().cloned().map(Value::Known).collect()),
    }
}

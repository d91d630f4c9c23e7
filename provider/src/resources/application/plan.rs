//! What of an application is known at plan: selectors, fan-out and steps, without asking anybody.

use std::collections::BTreeMap;

use planning::application::{ApplicationShape, last_change};
use schemas::resources::application::{ApplicationModel, ApplicationStatusModel};
use tf_value::diagnostic::Diagnostic;
use tf_value::path::Path;
use tf_value::value::Value;

use super::{convert, target};
use crate::lifecycle::managed::OwnPlan;
use crate::report::refused_by_apply;

pub(super) fn plan(plan: &mut OwnPlan<'_, ApplicationModel>) {
    refuse_another_fleet(plan);
    warn_of_empty_selections(plan);
    let Some(shape) = convert::shape(plan.planned) else {
        plan.planned.status = Value::Unknown;
        plan.last_change = Value::Unknown;
        return;
    };
    let prior = plan.prior.and_then(convert::shape);
    plan.planned.status = Value::Known(status(plan, prior.as_ref(), &shape));
    plan.last_change = Value::Known(last_change(prior.as_ref(), &shape));
}

/// The keys are the chosen members'. A member that no step touches keeps what it was.
fn status(
    plan: &OwnPlan<'_, ApplicationModel>,
    prior: Option<&ApplicationShape>,
    shape: &ApplicationShape,
) -> BTreeMap<String, Value<ApplicationStatusModel>> {
    let references =
        |model: &ApplicationModel| target::parse(&model.fleet).ok().and_then(|target| target.members);
    let before = plan.prior.and_then(references);
    let after = references(plan.planned);
    let member = |members: &Option<BTreeMap<String, target::PartialMember>>, name: &str| {
        members.as_ref().and_then(|members| members.get(name)).and_then(|member| member.reference.clone())
    };
    shape
        .placements
        .iter()
        .map(|(name, policies)| {
            let untouched = !plan.mends
                && prior.is_some_and(|prior| {
                    prior.source == shape.source
                        && prior.placements.get(name) == Some(policies)
                        && policies
                            .iter()
                            .all(|policy| prior.policies.get(policy) == shape.policies.get(policy))
                })
                && member(&before, name) == member(&after, name);
            let stored = plan.prior.and_then(|prior| prior.status.known()?.get(name)?.known()?.ready.known());
            let ready = match stored {
                Some(ready) if untouched => Value::Known(*ready),
                _ => Value::Unknown,
            };
            let policies = Value::Known(policies.iter().cloned().map(Value::Known).collect());
            (name.clone(), Value::Known(ApplicationStatusModel { policies, ready }))
        })
        .collect()
}

fn warn_of_empty_selections(plan: &mut OwnPlan<'_, ApplicationModel>) {
    let Ok(target) = target::parse(&plan.config.fleet) else { return };
    let Some(members) = target.labels() else { return };
    for (name, policy) in plan.config.sync_policies.known().into_iter().flatten() {
        let Some(selector) = policy.known().and_then(convert::selector) else { continue };
        if members.values().any(|labels| selector.chooses(labels)) {
            continue;
        }
        let wanted: Vec<String> =
            selector.match_labels.iter().map(|(key, value)| format!("`{key} = {value}`")).collect();
        let saw = if members.is_empty() {
            "The fleet has no members.".to_owned()
        } else {
            let names: Vec<String> = members.keys().map(|name| format!("`{name}`")).collect();
            format!("No member has {}. The members are {}.", wanted.join(" and "), names.join(", "))
        };
        plan.diagnostics.push(
            Diagnostic::warning(
                "Policy chooses no cluster",
                format!(
                    "{saw}\n\nNothing of this policy is deployed. Correct the selector or the fleet's labels."
                ),
            )
            .at(Path::to("sync_policies").key(name.clone())),
        );
    }
}

fn refuse_another_fleet(plan: &mut OwnPlan<'_, ApplicationModel>) {
    let Some(before) = plan.prior.and_then(|prior| target::fleet_of(&prior.fleet)) else { return };
    let Some(after) = target::fleet_of(&plan.config.fleet) else { return };
    if before.name == after.name && before.host.is_same_cluster(&after.host) {
        return;
    }
    let path = Path::to("fleet");
    if plan.allow_replacement {
        plan.replace.push(path);
        return;
    }
    let refused = Diagnostic::error(
            "Application cannot move to another fleet",
            format!(
                "The application is in `{before}`, and `{after}` is another fleet.\n\nMake an application there \
                 beside this one and then remove this one, or set `allow_replacement = true` to remove it everywhere \
                 first."
            ),
        )
        .at(path);
    let is_replaced = before.name == after.name && before.host.place == after.host.place;
    plan.diagnostics.push(if is_replaced { refused_by_apply(refused) } else { refused });
}

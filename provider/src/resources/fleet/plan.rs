//! What of a fleet is known at plan: everything that configuration says, without asking anybody.

use planning::fleet::last_change;
use schemas::resources::fleet::{FleetModel, FleetStatusModel};
use tf_value::diagnostic::Diagnostic;
use tf_value::path::Path;
use tf_value::value::Value;

use super::convert::{self, References};
use crate::lifecycle::managed::OwnPlan;
use crate::report::refused_by_apply;

pub(super) fn plan(plan: &mut OwnPlan<'_, FleetModel>) {
    refuse_another_host(plan);
    let config = plan.config;
    plan.planned.r#ref = convert::fleet_ref(config);
    plan.planned.target = convert::target(config);
    plan.planned.status = status(plan);
    let references = if plan.prior.is_some() { References::Needed } else { References::Ignored };
    plan.last_change = match convert::shape(config, references) {
        None => Value::Unknown,
        Some(shape) => {
            let prior = plan.prior.and_then(|prior| convert::shape(prior, references));
            Value::Known(last_change(prior.as_ref(), &shape))
        }
    };
}

/// The keys are the members'. A member that no step touches keeps its status.
fn status(
    plan: &OwnPlan<'_, FleetModel>,
) -> Value<std::collections::BTreeMap<String, Value<FleetStatusModel>>> {
    plan.config.clusters.clone().map(|clusters| {
        clusters
            .into_iter()
            .map(|(name, cluster)| {
                let prior = plan.prior.filter(|_| !plan.mends).and_then(|prior| {
                    let before = prior.clusters.known()?.get(&name)?;
                    let same = *before == cluster && prior.member_role == plan.planned.member_role;
                    same.then(|| prior.status.known()?.get(&name).cloned()).flatten()
                });
                let touched =
                    || Value::Known(FleetStatusModel { ready: Value::Unknown, version: Value::Unknown });
                (name, prior.unwrap_or_else(touched))
            })
            .collect()
    })
}

fn refuse_another_host(plan: &mut OwnPlan<'_, FleetModel>) {
    let Some(before) = plan.prior.and_then(convert::host) else { return };
    let Some(after) = convert::host(plan.config) else { return };
    if before.is_same_cluster(&after) {
        return;
    }
    let path = Path::to("host");
    if plan.allow_replacement {
        plan.replace.push(path);
        return;
    }
    let refused = Diagnostic::error(
            "Fleet cannot move to another host",
            format!(
                "The fleet is on `{before}`, and `{after}` is another cluster.\n\nMake a fleet on the new host beside \
                 this one and move its applications, or set `allow_replacement = true` to destroy this fleet with \
                 all that its applications put on members, and make it anew."
            ),
        )
        .at(path);
    let is_replaced = before.place == after.place;
    plan.diagnostics.push(if is_replaced { refused_by_apply(refused) } else { refused });
}

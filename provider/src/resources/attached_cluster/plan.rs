//! What of an attached cluster is known at plan.

use domain::cluster_ref::{ClusterRef, Place};
use planning::last_change::LastChange;
use schemas::resources::attached_cluster::AttachedClusterModel;
use tf_value::value::Value;

use super::convert::place_of;
use crate::lifecycle::managed::OwnPlan;

/// Another kubeconfig may lead to another cluster, so everything the cluster says of itself is unknown then.
/// Otherwise it stays, unless a read has seen another cluster behind the old place.
pub(super) fn plan(plan: &mut OwnPlan<'_, AttachedClusterModel>) {
    let place = place_of(plan.config);
    if plan.planned.name.is_unknown()
        && let Some(place) = &place
    {
        plan.planned.name = Value::Known(place.called().to_owned());
    }
    let same_place =
        |prior: &&AttachedClusterModel| prior.kubeconfig == plan.config.kubeconfig && !plan.mends;
    if let Some(prior) = plan.prior.filter(same_place) {
        plan.planned.r#ref = prior.r#ref.clone();
        plan.planned.endpoint = prior.endpoint.clone();
        plan.planned.version = prior.version.clone();
        plan.planned.uid = prior.uid.clone();
    }
    plan.last_change = match place {
        None => Value::Unknown,
        Some(place) => Value::Known(last_change(plan, place)),
    };
}

fn last_change(plan: &OwnPlan<'_, AttachedClusterModel>, place: Place) -> LastChange {
    let before = plan.prior.and_then(place_of);
    let mut steps = Vec::new();
    if before.as_ref() != Some(&place) || plan.mends {
        steps.push("ask the cluster who it is".to_owned());
    }
    if let Some(prior) = plan.prior
        && let Value::Known(name) = &plan.planned.name
        && prior.name != plan.planned.name
    {
        steps.push(format!("call it {name}"));
    }
    let words = |place| ClusterRef { place, uid: None }.to_string();
    LastChange::new(before.map(words).unwrap_or_default(), words(place), steps)
}

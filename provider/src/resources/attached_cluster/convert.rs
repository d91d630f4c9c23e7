//! Model to reference and back.

use domain::cluster::ClusterFacts;
use domain::cluster_ref::{ClusterRef, Place};
use schemas::resources::attached_cluster::{AttachedClusterModel, KubeconfigModel};
use tf_value::value::Value;

/// Where the kubeconfig is; none while something of it is unknown, or if it names no place.
pub(super) fn place(kubeconfig: &KubeconfigModel) -> Option<Place> {
    let context = match &kubeconfig.context {
        Value::Known(context) => Some(context.clone()),
        Value::Null => None,
        Value::Unknown => return None,
    };
    match (&kubeconfig.path, &kubeconfig.env) {
        (Value::Known(path), Value::Null) => Some(Place::File { path: path.clone(), context }),
        (Value::Null, Value::Known(name)) => Some(Place::Env { name: name.clone(), context }),
        _ => None,
    }
}

/// The place of a whole model.
pub(super) fn place_of(model: &AttachedClusterModel) -> Option<Place> {
    place(model.kubeconfig.known()?)
}

/// The place as the user would have written it; none if it is one that attached clusters do not have.
pub(super) fn kubeconfig(place: &Place) -> Option<KubeconfigModel> {
    let model = match place {
        Place::File { path, context } => KubeconfigModel {
            path: Value::Known(path.clone()),
            env: Value::Null,
            context: context.clone().into(),
        },
        Place::Env { name, context } => KubeconfigModel {
            path: Value::Null,
            env: Value::Known(name.clone()),
            context: context.clone().into(),
        },
        Place::Ssh(_) => return None,
    };
    Some(model)
}

/// The model with what the cluster says of itself.
pub(super) fn with_facts(
    model: AttachedClusterModel,
    place: Place,
    facts: &ClusterFacts,
) -> AttachedClusterModel {
    let name = match model.name {
        Value::Known(name) => name,
        Value::Null | Value::Unknown => place.called().to_owned(),
    };
    AttachedClusterModel {
        name: Value::Known(name),
        kubeconfig: model.kubeconfig,
        r#ref: Value::Known(ClusterRef { place, uid: Some(facts.uid.clone()) }.to_string()),
        endpoint: Value::Known(facts.endpoint.clone()),
        version: Value::Known(facts.version.clone()),
        uid: Value::Known(facts.uid.as_str().to_owned()),
    }
}

//! The configurations of the kubelet and of the service proxy: ours, with the user's fields over them.

use domain::node_setup::{NodeSetup, SwapPolicy};
use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::yaml::{mapping, merge};

/// `KubeletConfiguration` of all nodes.
///
/// # Errors
///
/// [`Problem`] for fields of the user's that are no mapping.
pub fn kubelet(setup: &NodeSetup) -> Result<Value, Problem> {
    let mut fields = Map::new();
    fields.insert("cgroupDriver".into(), "systemd".into());
    if setup.allow_cgroup_v1 {
        fields.insert("failCgroupV1".into(), false.into());
    }
    if setup.swap == SwapPolicy::Keep {
        fields.insert("failSwapOn".into(), false.into());
    }
    gates(setup, &mut fields);
    merge(&mut fields, mapping(setup.kubelet.as_ref(), "kubelet")?);
    Ok(headed("kubelet.config.k8s.io/v1beta1", "KubeletConfiguration", fields))
}

/// `KubeProxyConfiguration`, if anything of it is ours or the user's to say.
///
/// # Errors
///
/// [`Problem`] for fields of the user's that are no mapping.
pub fn kube_proxy(setup: &NodeSetup) -> Result<Option<Value>, Problem> {
    if !setup.kube_proxy.enabled {
        return Ok(None);
    }
    let mut fields = Map::new();
    gates(setup, &mut fields);
    merge(&mut fields, mapping(setup.kube_proxy.config.as_ref(), "network.kube_proxy.config")?);
    Ok((!fields.is_empty())
        .then(|| headed("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration", fields)))
}

fn gates(setup: &NodeSetup, fields: &mut Map<String, Value>) {
    if !setup.feature_gates.is_empty() {
        fields.insert("featureGates".into(), json!(setup.feature_gates));
    }
}

/// What a document is, is not the user's to say.
fn headed(api_version: &str, kind: &str, mut fields: Map<String, Value>) -> Value {
    fields.insert("apiVersion".into(), api_version.into());
    fields.insert("kind".into(), kind.into());
    Value::Object(fields)
}

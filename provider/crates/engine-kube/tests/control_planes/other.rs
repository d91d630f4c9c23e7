//! Somebody else, who makes things behind our back.

use kube::api::{Api, DynamicObject, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::Value;

use crate::setup::told;

/// Their client on the cluster `edge`.
pub(crate) struct Other(kube::Client);

impl Other {
    pub(crate) async fn on_edge() -> Option<Self> {
        let kubeconfig = Kubeconfig::read_from(told("KURATOR_LAB_KUBECONFIG")?).unwrap();
        let options = KubeConfigOptions { context: Some("edge".into()), ..KubeConfigOptions::default() };
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        Some(Self(kube::Client::try_from(config).unwrap()))
    }

    pub(crate) fn api(
        &self,
        group: &str,
        version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Api<DynamicObject> {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        match namespace {
            Some(namespace) => Api::namespaced_with(self.0.clone(), namespace, &resource),
            None => Api::all_with(self.0.clone(), &resource),
        }
    }

    pub(crate) async fn make(&self, api: &Api<DynamicObject>, object: Value) -> DynamicObject {
        api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap()
    }
}

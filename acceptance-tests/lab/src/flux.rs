//! What Flux needs in the host cluster before its controllers start.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

use crate::tools::cache::Cache;
use crate::tools::recipe;
use crate::wait::{Look, until};

/// The namespace of the controllers.
pub(crate) const NAMESPACE: &str = "flux-system";

/// The controllers, by the names of their tools.
pub(crate) const CONTROLLERS: [&str; 3] = ["source-controller", "kustomize-controller", "helm-controller"];

/// Who applies.
const FIELD_MANAGER: &str = "lab";

/// Gives what changes when the definitions would.
pub(crate) fn key() -> String {
    CONTROLLERS
        .iter()
        .filter_map(|name| recipe::find(name))
        .map(recipe::Recipe::key)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads the custom resource definitions of all controllers.
pub(crate) fn definitions(tools: &Cache) -> anyhow::Result<Vec<Value>> {
    let mut found = Vec::new();
    for controller in CONTROLLERS {
        let bases = tools.config(controller)?.join("crd").join("bases");
        for path in crate::files::files_under(&bases)? {
            found.extend(read(&bases.join(path))?);
        }
    }
    Ok(found)
}

fn read(file: &Path) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    serde_saphyr::from_multiple(&text).with_context(|| format!("reading {}", file.display()))
}

/// Makes the namespace and the definitions, and waits until the API serves them.
///
/// # Errors
///
/// The cluster refuses, or does not serve a definition within 30 s.
pub(crate) async fn install(client: &Client, definitions: &[Value]) -> anyhow::Result<()> {
    let ours = PatchParams::apply(FIELD_MANAGER).force();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    namespaces
        .patch(NAMESPACE, &ours, &Patch::Apply(namespace))
        .await
        .with_context(|| format!("making namespace {NAMESPACE}"))?;
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    try_join_all(definitions.iter().map(|definition| establish(&api, &ours, definition))).await?;
    Ok(())
}

async fn establish(
    api: &Api<CustomResourceDefinition>,
    ours: &PatchParams,
    definition: &Value,
) -> anyhow::Result<()> {
    let Some(name) = definition["metadata"]["name"].as_str() else { bail!("a definition without a name") };
    api.patch(name, ours, &Patch::Apply(definition))
        .await
        .with_context(|| format!("applying definition {name}"))?;
    until(&format!("definition {name}"), Duration::from_secs(30), async || {
        let found = api.get(name).await.with_context(|| format!("reading definition {name}"))?;
        let conditions = found.status.and_then(|status| status.conditions).unwrap_or_default();
        let established = conditions.iter().any(|one| one.type_ == "Established" && one.status == "True");
        Ok(if established { Look::Ready(()) } else { Look::Pending("not established".to_owned()) })
    })
    .await
}

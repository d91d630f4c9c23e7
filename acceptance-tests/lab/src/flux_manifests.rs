//! Flux's own install manifests, from the modules of its controllers.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::files::{copy_folder, private_dir, write_private};
use crate::flux::{CONTROLLERS, NAMESPACE};
use crate::tools::cache::Cache;

/// The folders of a controller's `config` that make up its installation.
const PARTS: [&str; 3] = ["crd", "rbac", "manager"];

/// Gives one YAML that installs all controllers into `flux-system`: always the same for the same versions.
///
/// # Errors
///
/// `kubectl kustomize` refuses, with what it says.
pub(crate) fn render(tools: &Cache, scratch: &Path) -> anyhow::Result<String> {
    let folder = tempfile::tempdir_in(scratch).context("making a scratch folder")?;
    let mut resources = vec!["namespace.yaml".to_owned()];
    for controller in CONTROLLERS {
        let config = tools.config(controller)?;
        private_dir(&folder.path().join(controller))?;
        for part in PARTS {
            copy_folder(&config.join(part), &folder.path().join(controller).join(part))?;
            resources.push(format!("{controller}/{part}"));
        }
    }
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": NAMESPACE,
        "labels": {"app.kubernetes.io/instance": NAMESPACE, "app.kubernetes.io/part-of": "flux"},
    }});
    write_private(&folder.path().join("namespace.yaml"), serde_json::to_vec(&namespace)?)?;
    let root = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": NAMESPACE,
        "resources": resources,
        "labels": [{"pairs": {"app.kubernetes.io/part-of": "flux"}}],
    });
    write_private(&folder.path().join("kustomization.yaml"), serde_json::to_vec(&root)?)?;
    let output = Command::new(tools.binary("kubectl")?)
        .arg("kustomize")
        .arg(folder.path())
        .env("HOME", scratch)
        .env_remove("KUBECONFIG")
        .output()
        .context("running kubectl kustomize")?;
    if !output.status.success() {
        bail!("running kubectl kustomize: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("reading what kubectl kustomize prints")
}

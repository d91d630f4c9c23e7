//! Flux's manifests: out of a gzipped tar, and made ours. Pure.

use std::io::Read as _;

use domain::fleet::FluxSpec;
use domain::name::Name;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::labels::FLUX_INSTALLED_BY;

/// The most that manifests may unpack to, in bytes. Flux's own are under 1 MiB.
const UNPACKED_MOST: u64 = 64 << 20;

/// The kinds that Flux consists of, in the order in which they are made: api version, kind, plural. An artifact with
/// any other is refused, so that removing by this list leaves nothing behind.
pub(crate) const KINDS: [(&str, &str, &str); 14] = [
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions"),
    ("v1", "Namespace", "namespaces"),
    ("v1", "ResourceQuota", "resourcequotas"),
    ("v1", "LimitRange", "limitranges"),
    ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings"),
    ("rbac.authorization.k8s.io/v1", "Role", "roles"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
    ("v1", "ServiceAccount", "serviceaccounts"),
    ("v1", "ConfigMap", "configmaps"),
    ("v1", "Service", "services"),
    ("apps/v1", "Deployment", "deployments"),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
];

/// One object to apply.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manifest {
    /// Where it is applied.
    pub(crate) collection: Collection,
    /// Its name.
    pub(crate) name: String,
    /// The object.
    pub(crate) body: Value,
}

/// Reads the manifests in a gzipped tar and makes them ours: marked with the name of `fleet`, with the images and the
/// concurrency that `spec` asks for, in the order of [`KINDS`].
///
/// # Errors
///
/// What is wrong with the artifact, in words.
pub(crate) fn prepare(layer: &[u8], spec: &FluxSpec, fleet: &Name) -> Result<Vec<Manifest>, String> {
    let mut manifests = Vec::new();
    for text in unpack(layer)? {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text)
            .map_err(|error| format!("it holds YAML that is not readable: {error}"))?;
        for document in documents {
            if !document.is_null() {
                manifests.push(manifest(document, spec, fleet)?);
            }
        }
    }
    if !manifests.iter().any(|one| one.collection.kind == "CustomResourceDefinition") {
        return Err("it holds no custom resource definitions".to_owned());
    }
    if !manifests.iter().any(|one| one.collection.kind == "Deployment") {
        return Err("it holds no controllers".to_owned());
    }
    manifests.sort_by_key(|one| KINDS.iter().position(|(_, kind, _)| *kind == one.collection.kind));
    Ok(manifests)
}

fn unpack(layer: &[u8]) -> Result<Vec<String>, String> {
    let broken = |error: std::io::Error| format!("it is not a gzipped tar: {error}");
    let mut archive = tar::Archive::new(GzDecoder::new(layer).take(UNPACKED_MOST));
    let mut texts = Vec::new();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        let is_kustomize = path.file_stem().is_some_and(|stem| stem == "kustomization");
        if entry.header().entry_type().is_file() && is_yaml && !is_kustomize {
            let mut text = String::new();
            entry.read_to_string(&mut text).map_err(broken)?;
            texts.push(text);
        }
    }
    Ok(texts)
}

fn manifest(mut body: Value, spec: &FluxSpec, fleet: &Name) -> Result<Manifest, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (text(&body["apiVersion"]), text(&body["kind"]));
    let name = text(&body["metadata"]["name"]);
    let &(_, _, plural) =
        KINDS.iter().find(|(known, known_kind, _)| *known == api_version && *known_kind == kind).ok_or_else(
            || format!("it holds `{name}` of kind `{kind}` in `{api_version}`, which is no part of Flux"),
        )?;
    if name.is_empty() {
        return Err(format!("it holds a {kind} without a name"));
    }
    let namespace = body["metadata"]["namespace"].as_str().map(str::to_owned);
    for place in ["annotations", "labels"] {
        if !body["metadata"][place].is_object() {
            body["metadata"][place] = json!({});
        }
        body["metadata"][place][FLUX_INSTALLED_BY] = json!(fleet.as_str());
    }
    if let Some(fields) = body.as_object_mut() {
        fields.remove("status");
    }
    if kind == "Deployment"
        && let Some(containers) = body["spec"]["template"]["spec"]["containers"].as_array_mut()
    {
        for container in containers {
            adjust(container, spec);
        }
    }
    Ok(Manifest {
        collection: Collection::new(&api_version, &kind, plural, namespace.as_deref()),
        name,
        body,
    })
}

/// Gives a controller's container the wanted registry and concurrency.
fn adjust(container: &mut Value, spec: &FluxSpec) {
    if let Some(registry) = &spec.registry
        && let Some(image) = container["image"].as_str()
    {
        let base = image.rsplit('/').next().unwrap_or(image);
        container["image"] = json!(format!("{}/{base}", registry.trim_end_matches('/')));
    }
    if container["name"] == "manager" {
        let mut args = container["args"].as_array().cloned().unwrap_or_default();
        let is_set = args.iter().any(|arg| arg.as_str().is_some_and(|arg| arg.starts_with("--concurrent=")));
        if !is_set {
            args.push(json!(format!("--concurrent={}", spec.concurrency)));
        }
        container["args"] = Value::Array(args);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> FluxSpec {
        FluxSpec {
            install: true,
            source: "oci://ghcr.io/fluxcd/flux-manifests".into(),
            version: "v2.8.0".into(),
            digest: None,
            registry: Some("mirror.example/flux".into()),
            concurrency: 20,
        }
    }

    fn layer(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive =
            tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }

    const CONTROLLER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: source-controller, namespace: flux-system, labels: {app: source-controller}}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: manager, image: 'ghcr.io/fluxcd/source-controller:v1.9.5', args: [--log-level=info]}
---
apiVersion: v1
kind: Namespace
metadata: {name: flux-system}
";
    const DEFINITION: &str = "\
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gitrepositories.source.toolkit.fluxcd.io}
spec: {group: source.toolkit.fluxcd.io}
";

    #[test]
    fn manifests_are_marked_adjusted_and_ordered() {
        let layer =
            layer(&[("flux/source.yaml", CONTROLLER), ("crds.yaml", DEFINITION), ("README.md", "# hi")]);
        let manifests = prepare(&layer, &spec(), &Name::parse("demo").unwrap()).unwrap();
        let order: Vec<&str> = manifests.iter().map(|one| one.collection.kind.as_str()).collect();
        assert_eq!(order, ["CustomResourceDefinition", "Namespace", "Deployment"]);
        let controller = &manifests[2].body;
        assert_eq!(controller["spec"]["replicas"], json!(1));
        let container = &controller["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["image"], "mirror.example/flux/source-controller:v1.9.5");
        assert_eq!(container["args"], json!(["--log-level=info", "--concurrent=20"]));
        assert_eq!(
            controller["metadata"]["labels"],
            json!({ "app": "source-controller", FLUX_INSTALLED_BY: "demo" })
        );
        assert_eq!(controller["metadata"]["annotations"], json!({ FLUX_INSTALLED_BY: "demo" }));
    }

    #[test]
    fn what_is_not_flux_is_refused() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: miner}}";
        for (layer, words) in [
            (layer(&[("a.yaml", pod)]), "`miner` of kind `Pod`"),
            (layer(&[("a.yaml", CONTROLLER)]), "no custom resource definitions"),
            (layer(&[("a.yaml", DEFINITION)]), "no controllers"),
            (layer(&[]), "no custom resource definitions"),
            (b"not a tar".to_vec(), "not a gzipped tar"),
        ] {
            let problem = prepare(&layer, &spec(), &Name::parse("demo").unwrap()).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        }
    }
}

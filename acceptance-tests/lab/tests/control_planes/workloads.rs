//! What a client sees of the clusters.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::{Client, ResourceExt as _};
use lab::cluster;
use lab::lab::Lab;
use serde_json::{Value, json};

/// Runs async work to its end.
pub(crate) fn run<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Asks again and again until there is an answer, for at most half a minute.
pub(crate) async fn eventually<T>(
    what: &str,
    mut probe: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    while begun.elapsed() < Duration::from_secs(30) {
        ticks.tick().await;
        if let Some(found) = probe().await? {
            return Ok(found);
        }
    }
    bail!("{what}: not within 30 s")
}

pub(crate) async fn client(lab: &Lab, name: &str) -> anyhow::Result<Client> {
    cluster::client(&lab.kubeconfig(Some(name))?).await
}

pub(crate) async fn uid(client: &Client) -> anyhow::Result<String> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.get("kube-system").await?.uid().context("no uid")
}

pub(crate) fn clusters_differ(lab: &Lab) -> anyhow::Result<()> {
    run(async {
        let (hub, edge) = (client(lab, "hub").await?, client(lab, "edge").await?);
        ensure!(uid(&hub).await? != uid(&edge).await?, "one and the same cluster");
        let text = std::fs::read_to_string(lab.kubeconfig(Some("edge"))?)?;
        let swapped = text.replace(&lab.token("edge")?, &lab.token("hub")?);
        ensure!(swapped != text, "the kubeconfig does not hold the token");
        let file = lab.dir().join("tmp").join("swapped.kubeconfig");
        std::fs::write(&file, swapped)?;
        match uid(&cluster::probe_client(&file).await?).await.map_err(anyhow::Error::downcast::<kube::Error>)
        {
            Err(Ok(kube::Error::Api(status))) if status.code == 401 => Ok(()),
            other => bail!("edge let the token of hub in: {other:?}"),
        }
    })
}

fn deployment(name: &str, image: &str) -> Deployment {
    serde_json::from_value(json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": image}]},
            },
        },
    }))
    .expect("a deployment")
}

pub(crate) fn deployments(lab: &Lab) -> anyhow::Result<()> {
    run(async {
        let client = client(lab, "edge").await?;
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), "default");
        deployments.create(&PostParams::default(), &deployment("web", "nginx")).await?;
        deployments.create(&PostParams::default(), &deployment("bad", "broken")).await?;
        let available = async |name: &str| -> anyhow::Result<i32> {
            let status = deployments.get(name).await?.status.context("no status")?;
            Ok(status.available_replicas.unwrap_or(0))
        };
        eventually("web rolls out", async || Ok((available("web").await? == 2).then_some(()))).await?;
        let pods: Api<Pod> = Api::namespaced(client, "default");
        eventually("bad waits for its image", async || {
            let list = pods.list(&ListParams::default().labels("app=bad")).await?;
            let reason = |pod: &Pod| {
                let status = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
                status.state.as_ref()?.waiting.as_ref()?.reason.clone()
            };
            Ok(list.iter().any(|pod| reason(pod).as_deref() == Some("ImagePullBackOff")).then_some(()))
        })
        .await?;
        ensure!(available("bad").await? == 0, "a broken image is available");
        Ok(())
    })
}

pub(crate) fn namespaces(lab: &Lab) -> anyhow::Result<()> {
    run(async {
        let namespaces: Api<Namespace> = Api::all(client(lab, "edge").await?);
        let namespace = serde_json::from_value(json!({"metadata": {"name": "short-lived"}}))?;
        namespaces.create(&PostParams::default(), &namespace).await?;
        namespaces.delete("short-lived", &DeleteParams::default()).await?;
        eventually("the namespace goes", async || {
            Ok(namespaces.get_opt("short-lived").await?.is_none().then_some(()))
        })
        .await
    })
}

fn dynamic(client: &Client, api_version: &str, kind: &str) -> Api<DynamicObject> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    Api::namespaced_with(client.clone(), "default", &resource)
}

async fn apply(client: &Client, object: Value) -> anyhow::Result<()> {
    let text = |value: &Value| value.as_str().context("no text").map(str::to_owned);
    let api = dynamic(client, &text(&object["apiVersion"])?, &text(&object["kind"])?);
    let name = text(&object["metadata"]["name"])?;
    api.patch(&name, &PatchParams::apply("test").force(), &Patch::Apply(object)).await?;
    Ok(())
}

fn write(file: &Path, content: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(file.parent().context("no folder")?)?;
    Ok(std::fs::write(file, content)?)
}

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: default}}\n")
}

pub(crate) fn flux(lab: &Lab) -> anyhow::Result<()> {
    let work = lab.dir().join("tmp").join("sources");
    write(&work.join("git/x.yaml"), &config_map("from-git"))?;
    write(&work.join("oci/x.yaml"), &config_map("from-oci"))?;
    write(&work.join("chart/Chart.yaml"), "apiVersion: v2\nname: demo\nversion: 1.0.0\n")?;
    write(&work.join("chart/templates/x.yaml"), &config_map("from-chart"))?;
    let commit = lab.seed_git("apps", &work.join("git"))?;
    lab.push_oci("apps/oci", "v1", &work.join("oci"))?;
    lab.add_chart(&work.join("chart"), Some("1.2.3"))?;
    let environment = lab.environment()?;
    run(async {
        let client = client(lab, "hub").await?;
        let source = "source.toolkit.fluxcd.io/v1";
        let sources = [
            (
                "GitRepository",
                json!({"url": format!("{}/apps.git", environment.git_url), "interval": "1m", "ref": {"branch": "main"}}),
            ),
            (
                "OCIRepository",
                json!({"url": format!("oci://{}/apps/oci", environment.registry), "interval": "1m", "insecure": true, "ref": {"tag": "v1"}}),
            ),
            ("HelmRepository", json!({"url": environment.charts_url, "interval": "1m"})),
        ];
        for (kind, spec) in sources {
            apply(
                &client,
                json!({"apiVersion": source, "kind": kind, "metadata": {"name": "apps"}, "spec": spec}),
            )
            .await?;
        }
        for (name, kind) in [("git", "GitRepository"), ("oci", "OCIRepository")] {
            apply(&client, json!({
                "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
                "kind": "Kustomization",
                "metadata": {"name": name},
                "spec": {"interval": "1m", "path": "./", "prune": true, "sourceRef": {"kind": kind, "name": "apps"}},
            }))
            .await?;
        }
        apply(&client, json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2",
            "kind": "HelmRelease",
            "metadata": {"name": "demo"},
            "spec": {"interval": "1m", "chart": {"spec": {"chart": "demo", "version": "1.2.3", "sourceRef": {"kind": "HelmRepository", "name": "apps"}}}},
        }))
        .await?;
        let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
        for name in ["from-git", "from-oci", "from-chart"] {
            eventually(name, async || Ok(maps.get_opt(name).await?)).await?;
        }
        let kustomizations = dynamic(&client, "kustomize.toolkit.fluxcd.io/v1", "Kustomization");
        eventually("the revision is recorded", async || {
            let found = kustomizations.get("git").await?;
            let revision = format!("main@sha1:{commit}");
            Ok((found.data["status"]["lastAppliedRevision"] == json!(revision)).then_some(()))
        })
        .await
    })
}

pub(crate) fn flux_manifests(lab: &Lab) -> anyhow::Result<()> {
    let first = lab.flux_manifests()?;
    let second = lab.flux_manifests()?;
    ensure!(first.digest == second.digest, "{} and {}", first.digest, second.digest);
    let text = std::fs::read_to_string(&first.file)?;
    for wanted in ["kind: Deployment", "kind: CustomResourceDefinition", "name: helm-controller"] {
        ensure!(text.contains(wanted), "no {wanted}");
    }
    ensure!(!text.contains("namespace: system\n"), "an object is not in flux-system");
    Ok(())
}

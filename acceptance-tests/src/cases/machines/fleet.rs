//! The cluster that was made carries a fleet, with Flux in it as pods, and runs the quickstart's application.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use lab::up::UpOptions;

use crate::apps;
use crate::case::Case;
use crate::cluster::Cluster;
use crate::machines::ground::{CONTROL_PLANE, Ground, WORKERS, on_fresh_machines};
use crate::wait::until;

/// How long pods may take to run.
const PODS: std::time::Duration = std::time::Duration::from_mins(3);

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    on_fresh_machines(case, 3, |ground| {
        let planes = UpOptions {
            dir: Some(ground.lab.dir().to_owned()),
            clusters: 2,
            flux: false,
            progress: case.site.progress().clone(),
            ..UpOptions::default()
        };
        lab::lab::Lab::up(&planes).context("control planes beside the machines")?;
        let reach =
            ground.lab.machines()?.control_planes.context("machines do not reach the control planes")?;
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart/apps");
        apps::seed_in(&ground.lab, case.site.scratch(), &example, &case.name)?;

        ground.workspace.take_as("custom_fleet", "fleet.tf")?;
        let mut variables = ground.variables(&WORKERS)?;
        let flux = &ground.services()?.flux;
        variables["flux"] =
            serde_json::json!({"source": flux.source, "version": flux.version, "registry": flux.registry});
        variables["kubeconfig"] = serde_json::json!(reach.kubeconfig);
        variables["git_url"] = format!("{}/{}.git", reach.git_url, case.name).into();
        variables["api_server"] = format!("https://{}:6443", ground.address(CONTROL_PLANE.1)?).into();
        ground.workspace.variables(&variables)?;
        let applied = ground.workspace.apply()?;
        ground.took("cluster, Flux as pods, fleet and application made", applied.took);
        ground.is_in_order()?;
        flux_runs(ground)?;
        application_runs(ground)?;
        on_members(ground)?;
        ground.took("all of it destroyed", ground.workspace.destroy()?.took);
        Ok(())
    })
}

/// Flux's controllers are pods on the machines.
fn flux_runs(ground: &Ground<'_>) -> anyhow::Result<()> {
    let image = &ground.services()?.flux.registry;
    for name in ["source-controller", "kustomize-controller", "helm-controller"] {
        ground.kubectl(&format!("-n flux-system rollout status deployment/{name} --timeout=60s"))?;
        let images = ground.kubectl(&format!(
            "-n flux-system get pods -l app={name} -o jsonpath='{{.items[*].spec.containers[*].image}}'"
        ))?;
        ensure!(images.starts_with(image.as_str()), "{name} runs {images}");
    }
    Ok(())
}

/// The application's pods run, and its service answers on every node, whichever node the pods are on.
fn application_runs(ground: &Ground<'_>) -> anyhow::Result<()> {
    ground.kubectl("-n podinfo rollout status deployment/podinfo --timeout=180s")?;
    ground.kubectl("-n podinfo-edge rollout status deployment/podinfo-cache --timeout=180s")?;
    let address = ground.kubectl("-n podinfo get service podinfo -o jsonpath='{.spec.clusterIP}'")?;
    for (node, machine) in [CONTROL_PLANE].iter().chain(&WORKERS) {
        until("the application answers", PODS, || {
            Ok(ground.on(machine, &format!("curl -fsS -m 5 http://{address}:9898/")).ok())
        })
        .with_context(|| format!("asked from {node}"))?;
    }
    // By name, from a pod on every worker.
    ground.serves()?;
    for client in ground.kubectl("get pods -l app=client -o name")?.lines() {
        let said = ground.kubectl(&format!(
            "exec {client} -- curl -fsS -m 5 http://podinfo.podinfo.svc.cluster.local:9898/"
        ))?;
        ensure!(said.contains("podinfo"), "{client} was told {said}");
    }
    Ok(())
}

/// The application is on the lab's control planes, too: Flux in pods reaches them.
fn on_members(ground: &Ground<'_>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let runtime = Arc::new(runtime);
    for name in ["hub", "edge"] {
        let cluster = Cluster::of(&ground.lab, name, &runtime)?;
        cluster.get("/apis/apps/v1/namespaces/podinfo/deployments/podinfo")?;
        let elsewhere = cluster.find("/apis/apps/v1/namespaces/podinfo-edge/deployments/podinfo-cache")?;
        ensure!(elsewhere.is_none(), "what is for the machines alone is on {name}");
    }
    Ok(())
}

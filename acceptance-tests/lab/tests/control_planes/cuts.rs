//! What the provider asks is logged, and can be cut.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use lab::lab::Lab;
use lab::requests::{Cut, Fate, Way};
use serde_json::json;

use crate::workloads::{client, run};

/// How long what has to happen may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Config maps of `edge`, asked for by somebody who says it is the provider.
async fn provider(lab: &Lab) -> anyhow::Result<Api<ConfigMap>> {
    let kubeconfig = Kubeconfig::read_from(lab.kubeconfig(Some("edge"))?)?;
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.headers.push((http::header::USER_AGENT, "terraform-provider-kurator/0.0.0".parse()?));
    config.default_retry = false;
    Ok(Api::default_namespaced(kube::Client::try_from(config)?))
}

fn content(name: &str) -> Patch<serde_json::Value> {
    Patch::Apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}))
}

fn manager() -> PatchParams {
    PatchParams::apply("cuts")
}

pub(crate) fn log(lab: &Lab) -> anyhow::Result<()> {
    run(async {
        lab.watch("edge", "logged", None)?;
        let mine = provider(lab).await?;
        mine.patch("logged", &manager(), &content("logged")).await?;
        mine.patch("logged", &manager().dry_run(), &content("logged")).await?;
        let others: Api<ConfigMap> = Api::default_namespaced(client(lab, "edge").await?);
        others.delete("logged", &DeleteParams::default()).await?;
        ensure!(mine.get_opt("logged").await?.is_none());
        let lines: Vec<String> = lab.requests("edge", "logged")?.iter().map(ToString::to_string).collect();
        let path = "/api/v1/namespaces/default/configmaps/logged";
        let ends = [
            format!("* PATCH  {path}?fieldManager=cuts -> 201"),
            format!("  PATCH  {path}?dryRun=All&fieldManager=cuts -> 200"),
            format!("  GET    {path} -> 404"),
        ];
        ensure!(lines.len() == ends.len(), "{lines:#?}");
        for (line, end) in lines.iter().zip(ends) {
            ensure!(line.ends_with(&end), "{line} does not end in {end}");
        }
        Ok(())
    })
}

pub(crate) fn ways(lab: &Lab) -> anyhow::Result<()> {
    run(async {
        let mine = provider(lab).await?;
        for (way, name, fate) in
            [(Way::Before, "cut-before", Fate::NeverArrived), (Way::After, "cut-after", Fate::Unheard(201))]
        {
            lab.watch("edge", name, Some(Cut { nth: 1, way }))?;
            let outcome = mine.patch(name, &manager(), &content(name)).await;
            ensure!(outcome.is_err(), "{way:?}: it was not cut");
            let cut = lab.await_cut("edge", name, PATIENCE)?.context("nothing was cut")?;
            ensure!(cut.answer == fate, "{way:?}: {cut}");
            ensure!(
                mine.get_opt(name).await?.is_some() == (way == Way::After),
                "{way:?}: carried out or not"
            );
            // Only the first one is cut.
            mine.patch(name, &manager(), &content(name)).await?;
            mine.delete(name, &DeleteParams::default()).await?;
        }
        ensure!(lab.await_cut("edge", "nothing", Duration::from_millis(50))?.is_none());
        Ok(())
    })
}

pub(crate) fn hold(lab: &Lab) -> anyhow::Result<()> {
    held(lab, Way::Hold)?;
    held(lab, Way::Pause)
}

fn held(lab: &Lab, way: Way) -> anyhow::Result<()> {
    // Asking the lab blocks a thread, and the writer needs one too.
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let mine = provider(lab).await?;
        lab.watch("edge", "held", Some(Cut { nth: 1, way }))?;
        let writer = mine.clone();
        let mut held = tokio::spawn(async move { writer.patch("held", &manager(), &content("held")).await });
        let cut = lab.await_cut("edge", "held", PATIENCE)?.context("nothing was cut")?;
        ensure!(cut.answer == Fate::Unheard(201), "{cut}");
        ensure!(mine.get_opt("held").await?.is_some(), "it was not carried out");
        let waits = tokio::time::timeout(Duration::from_millis(200), &mut held).await;
        ensure!(waits.is_err(), "it was not held");
        lab.lift_cut("edge", "held")?;
        ensure!(held.await?.is_ok() == (way == Way::Pause), "{way:?}: answered or not");
        mine.delete("held", &DeleteParams::default()).await?;
        Ok(())
    })
}

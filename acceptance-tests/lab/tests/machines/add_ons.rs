//! What is installed on clusters of machines, and how the two tiers reach each other.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use lab::lab::Lab;
use lab::machines::addresses::Services;
use lab::progress::Progress;
use lab::tools::cache::Cache;
use lab::up::UpOptions;

/// What the provider tells the charts of networks that are told the range of pods.
const TOLD: [&str; 3] = [
    "installation.calicoNetwork.ipPools[0].cidr=10.9.0.0/16",
    "podCidr=10.9.0.0/16",
    "ipv4.POD_CIDR=10.9.0.0/16,ipv4.SVC_CIDR=10.8.0.0/16",
];

fn services(lab: &Lab) -> anyhow::Result<Services> {
    lab.machines()?.services.context("no services")
}

/// Runs helm on the chart, as somebody on this machine would, and gives what it renders.
fn rendered(lab: &Lab, values: &str) -> anyhow::Result<String> {
    let services = services(lab)?;
    let (_, path) = services.cni_chart.source.split_once(".internal/").context("another registry")?;
    // On loopback: through the door.
    let (_, port) = services.registry.split_once(':').context("no port")?;
    let output = Command::new(Cache::open(Progress::silent())?.binary("helm")?)
        .args(["template", "network", &format!("oci://127.0.0.1:{port}/{path}"), "--plain-http"])
        .args(["--version", &services.cni_chart.version, "--set", values])
        .env("HOME", lab.dir().join("home"))
        .output()
        .context("running helm")?;
    ensure!(output.status.success(), "helm: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub(crate) fn chart(lab: &Lab) -> anyhow::Result<()> {
    for told in TOLD {
        let text = rendered(lab, told)?;
        ensure!(text.contains("name: POD_CIDR, value: \"10.9.0.0/16\""), "told {told}: {text}");
        ensure!(text.contains("$(KUBERNETES_SERVICE_HOST)"), "{text}");
    }
    let told = "ipam.mode=kubernetes,podCidr=10.9.0.0/16,k8sServiceHost=api.x.internal,k8sServicePort=6443";
    let text = rendered(lab, told)?;
    ensure!(text.contains("value: \"https://api.x.internal:6443\""), "{text}");
    let error = rendered(lab, "ipam.mode=kubernetes").err().context("it takes no range at all")?.to_string();
    ensure!(error.contains("no range of pods is given"), "{error}");
    Ok(())
}

pub(crate) fn flux(lab: &Lab) -> anyhow::Result<()> {
    let (registry, images) = (services(lab)?.registry, services(lab)?.flux.registry);
    let (_, prefix) = images.split_once('/').context("no prefix")?;
    for name in ["source-controller", "kustomize-controller", "helm-controller"] {
        let tags = lab.on_machine(
            "m1",
            "admin",
            &format!("curl -fsS http://{registry}/v2/{prefix}/{name}/tags/list"),
        )?;
        ensure!(tags.contains("[\"v"), "{tags}");
    }
    let manifest = format!(
        "curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' http://{registry}/v2/flux/manifests/manifests/v1"
    );
    let manifest = lab.on_machine("m1", "admin", &manifest)?;
    ensure!(manifest.contains("vnd.cncf.flux.content.v1.tar+gzip"), "{manifest}");
    Ok(())
}

pub(crate) fn both_tiers(lab: &Lab) -> anyhow::Result<()> {
    ensure!(lab.machines()?.control_planes.is_none(), "there are control planes already");
    let options =
        UpOptions { dir: Some(lab.dir().to_owned()), clusters: 1, flux: false, ..UpOptions::default() };
    Lab::up(&options)?;
    let reach = lab.machines()?.control_planes.context("no way to the control planes")?;
    let kubeconfig: serde_json::Value = serde_json::from_slice(&fs::read(&reach.kubeconfig)?)?;
    let server = kubeconfig["clusters"][0]["cluster"]["server"].as_str().context("no server")?;
    let authority = fs::read_to_string(&lab.environment()?.clusters["hub"].certificate_authority)?;
    // The token is no secret of anybody but this lab's; it still goes through a file.
    let token = lab.token("hub")?;
    let ask = format!(
        "cd $(mktemp -d) && umask 077 && printf %s '{authority}' > ca && echo 'header = \"Authorization: Bearer {token}\"' > rc && \
         curl -fsS --cacert ca -K rc {server}/api/v1/namespaces/default"
    );
    let said = lab.on_machine("m1", "admin", &ask)?;
    ensure!(said.contains("\"name\": \"default\""), "{said}");

    lab.seed_git("reach", &Path::new(env!("CARGO_MANIFEST_DIR")).join("machines"))?;
    let refs =
        format!("curl -fsS '{}/reach.git/info/refs?service=git-upload-pack' | tr -d '\\0'", reach.git_url);
    let refs = lab.on_machine("m1", "admin", &refs)?;
    ensure!(refs.contains("refs/heads/main"), "{refs}");
    lab.on_machine("m1", "admin", &format!("curl -fsS http://{}/v2/", reach.registry)).map(drop)
}

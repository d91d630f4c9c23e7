//! What is installed on clusters of machines: the chart of the stand-in for a pod network, and Flux as pods.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use crate::flux::CONTROLLERS;
use crate::flux_manifests;
use crate::lab::FLUX_MANIFESTS;
use crate::machines::image::{Entry, Files, Layer, Process, Registry};
use crate::oci::{Kind, pack_files};
use crate::tools::cache::Cache;

/// The chart, file by file; its template is the manifest with two places filled in.
const CHART: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/machines/cni-stand-in-chart/Chart.yaml"));
const VALUES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/machines/cni-stand-in-chart/values.yaml"));
const HELPERS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/machines/cni-stand-in-chart/helpers.tpl"));

/// The stand-in for a pod network.
pub(crate) const CNI_STAND_IN: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/machines/cni-stand-in.yaml"));

/// Where the chart is in the registry.
pub(crate) const CHART_REPOSITORY: &str = "charts/cni-stand-in";

/// What the images of Flux's controllers are called in front of their names, as in Flux's own manifests.
pub(crate) const FLUX_IMAGES: &str = "fluxcd";

/// What changes when the add-ons do.
pub(crate) fn inputs() -> impl Iterator<Item = String> {
    let workloads = WORKLOADS.iter().flat_map(|(manifest, program)| [*manifest, *program]);
    [CHART, VALUES, HELPERS, CNI_STAND_IN].into_iter().chain(workloads).map(str::to_owned)
}

/// The workloads of the quickstart, and what stands in for the program in each: something that answers on its port.
const WORKLOADS: [(&str, &str); 2] = [
    (
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../examples/quickstart/apps/base/deployment.yaml"
        )),
        "mkdir -p /tmp/w; echo \"a stand-in for podinfo on $(hostname)\" > /tmp/w/index.html; exec httpd -f -p 9898 -h /tmp/w",
    ),
    (
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../examples/quickstart/apps/edge/deployment.yaml"
        )),
        "exec nc -ll -p 6379 -e echo +PONG",
    ),
];

/// The version of the chart.
///
/// # Errors
///
/// `Chart.yaml` has none.
pub(crate) fn chart_version() -> anyhow::Result<String> {
    let chart: Value = serde_saphyr::from_str(CHART).context("reading Chart.yaml")?;
    chart["version"].as_str().map(str::to_owned).context("Chart.yaml: no version")
}

/// Puts the chart into the registry.
pub(crate) fn chart(registry: &Registry) -> anyhow::Result<()> {
    let metadata: Value = serde_saphyr::from_str(CHART).context("reading Chart.yaml")?;
    let archive = pack_files(files()?)?;
    registry.artifact(CHART_REPOSITORY, &chart_version()?, Kind::Chart, &metadata, &archive)
}

/// The chart's files with their paths in the archive.
fn files() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut template = CNI_STAND_IN.to_owned();
    for (placeholder, call) in [("@POD_CIDR@", "pods"), ("@API@", "api")] {
        anyhow::ensure!(template.contains(placeholder), "no {placeholder} in the stand-in's manifest");
        template = template.replace(placeholder, &format!("{{{{ include \"{call}\" . }}}}"));
    }
    let file = |path: &str, text: &str| (format!("cni-stand-in/{path}"), text.as_bytes().to_vec());
    Ok(vec![
        file("Chart.yaml", CHART),
        file("values.yaml", VALUES),
        file("templates/_helpers.tpl", HELPERS),
        file("templates/cni-stand-in.yaml", &template),
    ])
}

/// Puts Flux into the registry: its manifests, and an image of each controller around the binary that also runs as a
/// process of the lab.
pub(crate) fn flux(
    registry: &Registry,
    tools: &Cache,
    authorities: &Layer,
    scratch: &Path,
) -> anyhow::Result<()> {
    let manifests = flux_manifests::render(tools, scratch)?;
    let tmp = registry.layer(&Files::from([("tmp/.keep".to_owned(), Entry::Text(String::new()))]))?;
    for name in CONTROLLERS {
        let tag =
            tag(&manifests, name).with_context(|| format!("Flux's manifests have no image of {name}"))?;
        let program = tools.built(name)?.join(name);
        let program =
            registry.layer(&Files::from([(format!("usr/local/bin/{name}"), Entry::Program(program))]))?;
        // The manifests want another user than root, and leave it to the image to say which.
        let process = Process { entrypoint: &[name], user: "65534:65534", ..Process::default() };
        let repository = format!("{FLUX_IMAGES}/{name}");
        registry.image(&repository, tag, &[authorities.clone(), tmp.clone(), program], process)?;
    }
    let (repository, tag) = FLUX_MANIFESTS;
    let archive = pack_files(vec![("install.yaml", manifests.into_bytes())])?;
    registry.artifact(repository, tag, Kind::Flux, &serde_json::json!({}), &archive)
}

/// Puts stand-ins for the quickstart's workloads into the registry, under the names that its manifests have.
pub(crate) fn workloads(registry: &Registry, shell: &Layer) -> anyhow::Result<()> {
    for (manifest, program) in WORKLOADS {
        let (repository, tag) = image(manifest).context("the quickstart's manifest names no image")?;
        let process = Process { command: &["sh", "-c", program], ..Process::default() };
        registry.image(repository, tag, std::slice::from_ref(shell), process)?;
    }
    Ok(())
}

/// The image of a manifest with one, without its registry: repository and tag.
fn image(manifest: &str) -> Option<(&str, &str)> {
    let image = manifest.lines().find_map(|line| line.trim_start().strip_prefix("image: "))?;
    image.split_once('/')?.1.rsplit_once(':')
}

/// The tag that manifests want of a controller's image.
fn tag<'a>(manifests: &'a str, controller: &str) -> Option<&'a str> {
    let image = format!("image: {FLUX_IMAGES}/{controller}:");
    manifests.lines().find_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix(image.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the charts of the networks that the provider knows take what they are told.
    const PATHS: [&str; 8] = [
        "/ipam/mode",
        "/kubeProxyReplacement",
        "/k8sServiceHost",
        "/k8sServicePort",
        "/installation/calicoNetwork/ipPools",
        "/podCidr",
        "/ipv4/POD_CIDR",
        "/ipv4/SVC_CIDR",
    ];

    #[test]
    fn the_chart_takes_the_values_of_every_network_and_calls_itself_a_stand_in() {
        let values: Value = serde_saphyr::from_str(VALUES).unwrap();
        for path in PATHS {
            assert!(values.pointer(path).is_some(), "no {path}");
        }
        let chart: Value = serde_saphyr::from_str(CHART).unwrap();
        assert!(chart["name"].as_str().unwrap().contains("stand-in"));
        assert!(chart["description"].as_str().unwrap().contains("stand-in"));
    }

    #[test]
    fn the_template_is_the_manifest_with_its_places_filled_in() {
        let files = files().unwrap();
        let (_, template) = files.iter().find(|(path, _)| path.ends_with("cni-stand-in.yaml")).unwrap();
        let template = std::str::from_utf8(template).unwrap();
        assert!(
            template.contains(r#"value: "{{ include "pods" . }}""#) && !template.contains('@'),
            "{template}"
        );
    }

    #[test]
    fn the_quickstarts_images_are_known_by_their_own_names() {
        let names: Vec<_> = WORKLOADS.iter().map(|(manifest, _)| image(manifest).unwrap().0).collect();
        assert_eq!(names, ["stefanprodan/podinfo", "library/redis"]);
    }

    #[test]
    fn a_controllers_tag_is_taken_from_the_manifests() {
        let manifests = "      containers:\n      - image: fluxcd/x-controller:v1\n        image: fluxcd/source-controller:v1.9.5\n";
        assert_eq!(tag(manifests, "source-controller"), Some("v1.9.5"));
        assert_eq!(tag(manifests, "x-controller"), Some("v1"));
        assert_eq!(tag(manifests, "helm-controller"), None);
    }
}

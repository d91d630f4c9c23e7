//! What machines get from this machine: binaries from a mirror, images from a registry.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::files::{private_dir, write_private};
use crate::lab::FLUX_MANIFESTS;
use crate::layout::Layout;
use crate::machines::add_ons::{CHART_REPOSITORY, CNI_STAND_IN, FLUX_IMAGES, chart_version};
use crate::machines::addresses::{CniChart, FluxAsPods, Services};
use crate::machines::layout::{mirror, registry};
use crate::machines::{artifacts, base, image, images};
use crate::part::{Ending, PartSpec, Ready};
use crate::specs::registry_config;
use crate::state::State;
use crate::tools::cache::Cache;
use crate::tools::recipe;
use crate::up::Raising;

/// The parts, and the purposes that their ports are kept under.
const MIRROR: &str = "machines-mirror";
pub(crate) const REGISTRY: &str = "machines-registry";

/// The hosts whose paths the mirror has.
const HOSTS: &[&str] = &["dl.k8s.io", "github.com"];

/// The registries whose paths ours has: three of other people's, and a name for what is the lab's own.
const REGISTRIES: [&str; 4] = ["registry.k8s.io", "docker.io", "ghcr.io", OWN_REGISTRY];
const OWN_REGISTRY: &str = "registry.lab.internal";

impl Raising<'_> {
    /// Starts mirror and registry unless they run; what they serve is made the first time.
    ///
    /// # Errors
    ///
    /// A tool cannot be built, an image cannot be made, or one of the two does not come up.
    pub(crate) fn ensure_services(&mut self) -> anyhow::Result<()> {
        let tools = Cache::open(self.progress.clone())?;
        let base = base::ensure(&self.progress)?;
        let artifacts = artifacts::ensure(&tools, &self.progress)?;
        let images = images::ensure(&tools, &base, &self.progress)?;
        let (files, data) = (mirror(self.layout), registry(self.layout));
        artifacts::link(&artifacts, &files)?;
        private_dir(&data)?;
        image::copy_registry(&images, &data.join("blobs"))?;
        write_private(&data.join("cni-stand-in.yaml"), CNI_STAND_IN)?;

        let gateway = self.state.machines()?.network.gateway();
        let (mirror_port, registry_port) = (self.state.port(MIRROR)?, self.state.port(REGISTRY)?);
        let config = data.join("config.json");
        let content = registry_config(&data.join("blobs"), &format!("{gateway}:{registry_port}"));
        write_private(&config, serde_json::to_vec(&content)?)?;
        self.state.write(self.layout)?;
        let mirror = PartSpec {
            name: MIRROR.to_owned(),
            program: self.state.part_binary.clone(),
            args: vec![
                "part".to_owned(),
                "files".to_owned(),
                format!("--address={gateway}"),
                format!("--listen={mirror_port}"),
                format!("--root={}", files.display()),
            ],
            env: BTreeMap::new(),
            ports: vec![mirror_port],
            ready: Ready::Http { address: gateway, port: mirror_port, path: "/versions.json".to_owned() },
            ending: Ending::Asked,
        };
        let registry = PartSpec {
            name: REGISTRY.to_owned(),
            program: tools.binary("registry")?,
            args: vec!["serve".to_owned(), config.display().to_string()],
            env: BTreeMap::from([("OTEL_TRACES_EXPORTER".to_owned(), "none".to_owned())]),
            ports: vec![registry_port],
            ready: Ready::Http { address: gateway, port: registry_port, path: "/v2/".to_owned() },
            ending: Ending::Asked,
        };
        self.ensure_all(&[mirror, registry])
    }
}

/// Gives what a test needs to know of mirror and registry; none if the lab has none.
pub(crate) fn services(layout: &Layout, state: &State) -> anyhow::Result<Option<Services>> {
    let (Some(mirror_port), Some(registry_port)) = (state.ports.get(MIRROR), state.ports.get(REGISTRY))
    else {
        return Ok(None);
    };
    let gateway = state.machines()?.network.gateway();
    let helm = recipe::find("helm").and_then(recipe::Recipe::version).context("helm has no version")?;
    let stand_ins = [
        "pod network: an agent of our own with the bridge plugin and routes, and a chart that takes the values of real ones' charts and installs it",
        "etcd and CoreDNS: one version of each, under whatever tag kubeadm asks for",
        "pause: our own",
        "podinfo and redis, for the quickstart's application: a shell that answers on their ports",
        "runc: Debian's, under the version that it calls itself",
    ];
    let hosts = HOSTS.iter().map(|host| (*host, format!("http://{gateway}:{mirror_port}/{host}")));
    let registries = REGISTRIES.iter().map(|host| (*host, format!("http://{gateway}:{registry_port}")));
    let (manifests, tag) = FLUX_MANIFESTS;
    Ok(Some(Services {
        mirrors: hosts.chain(registries).map(|(host, url)| (host.to_owned(), url)).collect(),
        mirror_dir: mirror(layout),
        registry: format!("{gateway}:{registry_port}"),
        versions: artifacts::versions(&mirror(layout))?,
        helm_image: format!("docker.io/alpine/helm:{}", helm.trim_start_matches('v')),
        test_image: "docker.io/lab/test:1".to_owned(),
        cni_stand_in: registry(layout).join("cni-stand-in.yaml"),
        cni_chart: CniChart {
            source: format!("oci://{OWN_REGISTRY}/{CHART_REPOSITORY}"),
            version: chart_version()?,
        },
        flux: FluxAsPods {
            // A door leads there from loopback, where nobody asks for TLS.
            source: format!("oci://127.0.0.1:{registry_port}/{manifests}"),
            version: tag.to_owned(),
            registry: format!("{gateway}:{registry_port}/{FLUX_IMAGES}"),
        },
        stand_ins: stand_ins.map(str::to_owned).to_vec(),
    }))
}

//! What each part is started with.
//!
//! The flags and the reasons for them were measured; the sources are beside those that surprise.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;

use crate::layout::Layout;
use crate::part::{Ending, PartSpec, Ready};
use crate::pki;
use crate::state::State;
use crate::tools::cache::Cache;

/// The cluster that Flux runs against.
pub(crate) const HOST: &str = "hub";

/// The controllers of kube-controller-manager that run.
///
/// Without the first five, namespaces stay in deletion, owned objects are not collected and there are no
/// service accounts. The others make workloads roll out on the fake node and roles aggregate.
const CONTROLLERS: &[&str] = &[
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "deployment-controller",
    "replicaset-controller",
    "statefulset-controller",
    "daemonset-controller",
    "job-controller",
    "cronjob-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "clusterrole-aggregation-controller",
];

/// Gives the names of `count` clusters: `hub`, `edge`, `edge-2` and so on.
pub(crate) fn cluster_names(count: usize) -> Vec<String> {
    (0..count)
        .map(|index| match index {
            0 => HOST.to_owned(),
            1 => "edge".to_owned(),
            _ => format!("edge-{index}"),
        })
        .collect()
}

/// The part that is a cluster's API server.
pub(crate) fn api_server_name(cluster: &str) -> String {
    format!("{cluster}-apiserver")
}

/// The part that clients reach a cluster through.
pub(crate) fn proxy_name(cluster: &str) -> String {
    format!("{cluster}-proxy")
}

/// Writes the specs of parts, choosing ports and finding binaries on the way.
#[derive(Debug)]
pub(crate) struct Specs<'a> {
    /// The lab's folder.
    pub(crate) layout: &'a Layout,
    /// The lab's record: ports are chosen in it.
    pub(crate) state: &'a mut State,
    /// Where the real binaries are.
    pub(crate) tools: &'a Cache,
}

impl Specs<'_> {
    fn own(&self, name: String, args: Vec<String>, ports: Vec<u16>, ready: Ready) -> PartSpec {
        let program = self.state.part_binary.clone();
        let args = ["part".to_owned()].into_iter().chain(args).collect();
        PartSpec { name, program, args, env: BTreeMap::new(), ports, ready, ending: Ending::Asked }
    }

    /// etcd, one for all clusters. What it holds does not outlive the lab, so it need not reach the disk.
    pub(crate) fn etcd(&mut self) -> anyhow::Result<PartSpec> {
        let (client, peer) = (self.state.port("etcd")?, self.state.port("etcd-peer")?);
        let url = format!("http://127.0.0.1:{client}");
        Ok(PartSpec {
            name: "etcd".to_owned(),
            program: self.tools.binary("etcd")?,
            args: vec![
                format!("--data-dir={}", self.layout.data("etcd").display()),
                format!("--listen-client-urls={url}"),
                format!("--advertise-client-urls={url}"),
                format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
                "--unsafe-no-fsync".to_owned(),
                "--log-level=warn".to_owned(),
                "--quota-backend-bytes=8589934592".to_owned(),
                "--auto-compaction-retention=5m".to_owned(),
            ],
            env: BTreeMap::new(),
            ports: vec![client, peer],
            ready: Ready::Http { address: Ipv4Addr::LOCALHOST, port: client, path: "/health".to_owned() },
            ending: Ending::Killed,
        })
    }

    /// The API server of a cluster.
    ///
    /// Priority and fairness stay on: Flux looks for it and falls to 5 requests a second without.
    pub(crate) fn api_server(&mut self, cluster: &str) -> anyhow::Result<PartSpec> {
        let name = api_server_name(cluster);
        let (etcd, port) = (self.state.port("etcd")?, self.state.port(&name)?);
        let outer = self.state.port(&proxy_name(cluster))?;
        let pki = self.layout.pki(cluster);
        let file = |name: &str| pki.join(name).display().to_string();
        Ok(PartSpec {
            program: self.tools.binary("kube-apiserver")?,
            args: vec![
                format!("--etcd-servers=http://127.0.0.1:{etcd}"),
                format!("--etcd-prefix=/{cluster}"),
                "--bind-address=127.0.0.1".to_owned(),
                "--external-hostname=127.0.0.1".to_owned(),
                format!("--secure-port={port}"),
                "--endpoint-reconciler-type=none".to_owned(),
                format!("--tls-cert-file={}", file(pki::SERVER_CERTIFICATE)),
                format!("--tls-private-key-file={}", file(pki::SERVER_KEY)),
                format!("--client-ca-file={}", file(pki::CA_CERTIFICATE)),
                format!("--token-auth-file={}", file(pki::TOKENS)),
                "--authorization-mode=RBAC".to_owned(),
                format!("--service-account-issuer=https://127.0.0.1:{outer}"),
                format!("--service-account-key-file={}", file(pki::SERVICE_ACCOUNT_PUBLIC_KEY)),
                format!("--service-account-signing-key-file={}", file(pki::SERVICE_ACCOUNT_KEY)),
                "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
                "--allow-privileged=true".to_owned(),
                "--profiling=false".to_owned(),
            ],
            env: BTreeMap::new(),
            ports: vec![port],
            ready: Ready::ApiServer(cluster.to_owned()),
            ending: Ending::Killed,
            name,
        })
    }

    /// The way in for clients, which faults are put into.
    pub(crate) fn proxy(&mut self, cluster: &str) -> anyhow::Result<PartSpec> {
        let name = proxy_name(cluster);
        let (outer, inner) = (self.state.port(&name)?, self.state.port(&api_server_name(cluster))?);
        let args = vec![
            "proxy".to_owned(),
            format!("--listen={outer}"),
            format!("--upstream={inner}"),
            format!("--pki={}", self.layout.pki(cluster).display()),
            format!("--control={}", self.layout.proxy_control(cluster).display()),
        ];
        Ok(self.own(name, args, vec![outer], Ready::ProxyControl(cluster.to_owned())))
    }

    /// The controllers of a cluster.
    pub(crate) fn controllers(&mut self, cluster: &str) -> anyhow::Result<PartSpec> {
        let pki = self.layout.pki(cluster);
        Ok(PartSpec {
            name: format!("{cluster}-controllers"),
            program: self.tools.binary("kube-controller-manager")?,
            args: vec![
                format!("--kubeconfig={}", self.layout.inner_kubeconfig(cluster).display()),
                "--leader-elect=false".to_owned(),
                "--secure-port=0".to_owned(),
                format!("--controllers={}", CONTROLLERS.join(",")),
                format!(
                    "--service-account-private-key-file={}",
                    pki.join(pki::SERVICE_ACCOUNT_KEY).display()
                ),
                format!("--root-ca-file={}", pki.join(pki::CA_CERTIFICATE).display()),
                "--profiling=false".to_owned(),
                "--concurrent-gc-syncs=5".to_owned(),
                "--concurrent-namespace-syncs=5".to_owned(),
            ],
            env: BTreeMap::new(),
            ports: Vec::new(),
            ready: Ready::Object {
                cluster: cluster.to_owned(),
                path: "/api/v1/namespaces/default/serviceaccounts/default".to_owned(),
            },
            ending: Ending::Killed,
        })
    }

    /// The stand-in for a node of a cluster.
    pub(crate) fn node(&mut self, cluster: &str) -> PartSpec {
        let kubeconfig = self.layout.inner_kubeconfig(cluster);
        let args = vec!["node".to_owned(), format!("--kubeconfig={}", kubeconfig.display())];
        let path = format!("/api/v1/nodes/{}", crate::parts::fake_node::NAME);
        self.own(
            format!("{cluster}-node"),
            args,
            Vec::new(),
            Ready::Object { cluster: cluster.to_owned(), path },
        )
    }

    /// The git server.
    pub(crate) fn git(&mut self) -> anyhow::Result<PartSpec> {
        let port = self.state.port("git")?;
        let root = self.layout.git();
        let args = vec!["git".to_owned(), format!("--listen={port}"), format!("--root={}", root.display())];
        Ok(self.own("git".to_owned(), args, vec![port], Ready::Port(port)))
    }

    /// The chart server: files.
    pub(crate) fn charts(&mut self) -> anyhow::Result<PartSpec> {
        let port = self.state.port("charts")?;
        let root = self.layout.charts();
        let args = vec!["files".to_owned(), format!("--listen={port}"), format!("--root={}", root.display())];
        Ok(self.own("charts".to_owned(), args, vec![port], Ready::Port(port)))
    }

    /// The OCI registry, plain HTTP. Its configuration is the file that [`registry_config`] writes.
    pub(crate) fn registry(&mut self) -> anyhow::Result<PartSpec> {
        let port = self.state.port("registry")?;
        let config = self.layout.data("registry").join("config.json");
        Ok(PartSpec {
            name: "registry".to_owned(),
            program: self.tools.binary("registry")?,
            args: vec!["serve".to_owned(), config.display().to_string()],
            env: BTreeMap::from([("OTEL_TRACES_EXPORTER".to_owned(), "none".to_owned())]),
            ports: vec![port],
            ready: Ready::Http { address: Ipv4Addr::LOCALHOST, port, path: "/v2/".to_owned() },
            ending: Ending::Asked,
        })
    }

    /// The three Flux controllers.
    pub(crate) fn flux(&mut self) -> anyhow::Result<Vec<PartSpec>> {
        let storage = self.state.port("flux-source-storage")?;
        let source = vec![
            format!("--storage-path={}", self.layout.data("flux-source").display()),
            format!("--storage-addr=127.0.0.1:{storage}"),
            format!("--storage-adv-addr=127.0.0.1:{storage}"),
        ];
        // A dead member holds a worker for up to 110 s: there must be more workers than objects of dead members.
        let workers = || vec!["--concurrent=20".to_owned(), "--requeue-dependency=5s".to_owned()];
        let helm = workers().into_iter().chain(["--graceful-shutdown-timeout=5s".to_owned()]).collect();
        Ok(vec![
            self.flux_controller("flux-source", "source-controller", source, &[storage])?,
            self.flux_controller("flux-kustomize", "kustomize-controller", workers(), &[])?,
            self.flux_controller("flux-helm", "helm-controller", helm, &[])?,
        ])
    }

    fn flux_controller(
        &mut self,
        name: &str,
        binary: &str,
        further: Vec<String>,
        ports: &[u16],
    ) -> anyhow::Result<PartSpec> {
        let health = self.state.port(&format!("{name}-health"))?;
        let metrics = self.state.port(&format!("{name}-metrics"))?;
        let storage = self.state.port("flux-source-storage")?;
        let mut args = vec![
            format!("--health-addr=127.0.0.1:{health}"),
            format!("--metrics-addr=127.0.0.1:{metrics}"),
            "--events-addr=".to_owned(),
            "--watch-all-namespaces=true".to_owned(),
            "--enable-leader-election=false".to_owned(),
            "--log-encoding=json".to_owned(),
        ];
        args.extend(further);
        let env = [
            ("KUBECONFIG", self.layout.inner_kubeconfig(HOST).display().to_string()),
            ("RUNTIME_NAMESPACE", crate::flux::NAMESPACE.to_owned()),
            ("SOURCE_CONTROLLER_LOCALHOST", format!("127.0.0.1:{storage}")),
            ("TUF_ROOT", self.layout.data("tuf").display().to_string()),
        ];
        Ok(PartSpec {
            name: name.to_owned(),
            program: self.tools.binary(binary)?,
            args,
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ports: ports.iter().copied().chain([health, metrics]).collect(),
            ready: Ready::Http { address: Ipv4Addr::LOCALHOST, port: health, path: "/readyz".to_owned() },
            ending: Ending::Asked,
        })
    }
}

/// Gives the configuration of a registry with its data in `root`, at `address`.
pub(crate) fn registry_config(root: &Path, address: &str) -> serde_json::Value {
    serde_json::json!({
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": root},
            "delete": {"enabled": true},
        },
        "http": {"addr": address},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_comes_first_and_members_are_numbered_from_the_second() {
        assert_eq!(cluster_names(4), ["hub", "edge", "edge-2", "edge-3"]);
    }
}

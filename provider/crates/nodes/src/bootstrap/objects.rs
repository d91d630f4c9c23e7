//! The objects of the bootstrap Job.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::charts::ChartSource;
use crate::digest;
use crate::problem::Problem;
use crate::yaml::{Plain, write};

/// Namespace of the Job, its account and its values: ours alone.
pub const NAMESPACE: &str = "kurator-bootstrap";

/// The account that the Job runs as, and the name of its binding.
pub const ACCOUNT: &str = "kurator-bootstrap";

/// The image that has helm as its entry point. Why this one: decision record 15.
pub const HELM_IMAGE: &str = "docker.io/alpine/helm:3.22.0";

/// The release that a Job makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Name of the release.
    pub name: String,
    /// Namespace of the release; made with it.
    pub namespace: String,
    /// Its chart.
    pub chart: ChartSource,
    /// Its values.
    pub values: Value,
}

/// What is done before the release is installed or upgraded.
///
/// A helm that was killed leaves the release pending, and every later run refuses it. Whoever knows that no pod of the
/// Job lives reads the release's status from its newest Secret and chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Nothing: there is none, or it is deployed or failed.
    Nothing,
    /// Its first revision is pending: it goes.
    Uninstall,
    /// A later revision is pending: back to the last good one.
    Rollback,
}

impl First {
    /// The choice for a release whose newest Secret has the labels `status` and `version` (its revision).
    pub fn choose(status: &str, revision: u32) -> Self {
        match (status, revision) {
            // The last is one that was cut off while it went.
            ("pending-install" | "uninstalling", _) | ("pending-upgrade" | "pending-rollback", ..=1) => {
                Self::Uninstall
            }
            ("pending-upgrade" | "pending-rollback", _) => Self::Rollback,
            _ => Self::Nothing,
        }
    }
}

/// Everything that one Job needs, in the order in which it is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    /// Name of the Job and of the Secret: it carries the digest of chart and values, so that running it again is no work.
    pub name: String,
    /// Namespace and account, which stay for the next Job.
    pub base: Vec<Value>,
    /// The account's rights over the cluster. They go as soon as the Job has ended.
    pub binding: Value,
    /// The values.
    pub secret: Value,
    /// The Job.
    pub job: Value,
}

/// The objects for `release`, run by `image`, where the API answers at `api` and `port`.
///
/// # Errors
///
/// [`Problem::Unwritable`] for values without a form in YAML.
pub fn objects(
    release: &Release,
    image: &str,
    api: IpAddr,
    port: u16,
    first: First,
) -> Result<Bootstrap, Problem> {
    let values = write(&Plain(&release.values), "network.cni.values")?;
    let name = name(release, &values);
    let base = vec![
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }),
        json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": { "name": ACCOUNT, "namespace": NAMESPACE },
        }),
    ];
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": { "name": ACCOUNT },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
        "subjects": [{ "kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE }],
    });
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "stringData": { "values.yaml": values },
    });
    let job = job(release, &name, image, api, port, first);
    Ok(Bootstrap { name, base, binding, secret, job })
}

fn name(release: &Release, values: &str) -> String {
    let mut parts = release.chart.arguments();
    parts.extend([release.namespace.clone(), values.to_owned()]);
    let digest = digest::of(parts.iter().map(String::as_str), 5);
    format!("{}-{digest}", release.name)
}

fn job(release: &Release, name: &str, image: &str, api: IpAddr, port: u16, first: First) -> Value {
    let container = |name: &str, arguments: Vec<String>| {
        json!({
            "name": name,
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "args": arguments,
            "env": [
                // Written out: no proxy serves the service's address yet, and only this address is in the certificate.
                { "name": "KUBERNETES_SERVICE_HOST", "value": api.to_string() },
                { "name": "KUBERNETES_SERVICE_PORT", "value": port.to_string() },
                { "name": "HOME", "value": "/tmp" },
                { "name": "HELM_CACHE_HOME", "value": "/tmp/cache" },
                { "name": "HELM_CONFIG_HOME", "value": "/tmp/config" },
                { "name": "HELM_DATA_HOME", "value": "/tmp/data" },
            ],
            "volumeMounts": [
                { "name": "values", "mountPath": "/values", "readOnly": true },
                { "name": "tmp", "mountPath": "/tmp" },
            ],
        })
    };
    let namespace = format!("--namespace={}", release.namespace);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let before = match first {
        First::Nothing => Vec::new(),
        First::Uninstall => {
            vec![container(
                "first",
                words(&["uninstall", &release.name, &namespace, "--ignore-not-found", "--no-hooks"]),
            )]
        }
        First::Rollback => vec![container("first", words(&["rollback", &release.name, &namespace]))],
    };
    let mut install = words(&["upgrade", &release.name]);
    install.extend(release.chart.arguments());
    install.extend(words(&[
        &namespace,
        "--install",
        "--create-namespace",
        "--values=/values/values.yaml",
        "--history-max=3",
    ]));
    let tolerate = |key: &str| json!({ "key": key, "operator": "Exists" });
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": {
            // A second try is whoever watches: it looks first at what the one before left.
            "backoffLimit": 0,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "serviceAccountName": ACCOUNT,
                    "hostNetwork": true,
                    "dnsPolicy": "Default",
                    "nodeSelector": { domain::node::CONTROL_PLANE: "" },
                    "tolerations": [
                        tolerate("node.kubernetes.io/not-ready"),
                        tolerate("node.kubernetes.io/network-unavailable"),
                        tolerate(domain::node::CONTROL_PLANE),
                        tolerate("node.cloudprovider.kubernetes.io/uninitialized"),
                    ],
                    "initContainers": before,
                    "containers": [container("helm", install)],
                    "volumes": [
                        { "name": "values", "secret": { "secretName": name } },
                        { "name": "tmp", "emptyDir": {} },
                    ],
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use domain::mirrors::Mirrors;

    use super::*;
    use crate::bootstrap::charts::Cni;
    use crate::testing;

    fn release(version: &str) -> Release {
        let setup = testing::setup();
        Release {
            name: "cilium".into(),
            namespace: "kube-system".into(),
            chart: ChartSource::new("https://helm.cilium.io", "cilium", version, None, &Mirrors::default()),
            values: Cni::Cilium.values(&setup, None).unwrap(),
        }
    }

    fn made(release: &Release, first: First) -> Bootstrap {
        objects(release, HELM_IMAGE, "10.77.0.11".parse().unwrap(), 6443, first).unwrap()
    }

    #[test]
    fn the_job_needs_no_pod_network() {
        let bootstrap = made(&release("1.20.2"), First::Nothing);
        insta::assert_snapshot!(serde_json::to_string_pretty(&bootstrap.job).unwrap());
        assert_eq!(bootstrap.secret["metadata"]["name"], bootstrap.job["metadata"]["name"]);
    }

    #[test]
    fn the_name_follows_chart_and_values_and_nothing_else() {
        let one = made(&release("1.20.2"), First::Nothing);
        assert_eq!(one.name, made(&release("1.20.2"), First::Rollback).name);
        assert_ne!(one.name, made(&release("1.20.1"), First::Nothing).name);
        let mut other = release("1.20.2");
        other.values["debug"] = true.into();
        assert_ne!(one.name, made(&other, First::Nothing).name);
    }

    #[test]
    fn a_killed_helm_is_cleared_up_after() {
        assert_eq!(First::choose("pending-install", 1), First::Uninstall);
        assert_eq!(First::choose("pending-upgrade", 3), First::Rollback);
        assert_eq!(First::choose("deployed", 1), First::Nothing);
        let job = made(&release("1.20.2"), First::Uninstall).job;
        assert_eq!(job["spec"]["template"]["spec"]["initContainers"][0]["args"][0], json!("uninstall"));
    }

    #[test]
    fn a_chart_in_a_registry_is_taken_by_digest_and_without_tls_where_its_mirror_has_none() {
        let mirrors = Mirrors([("quay.io".to_owned(), "http://10.77.0.1:5000".to_owned())].into());
        let chart = ChartSource::new(
            "oci://quay.io/cilium/charts/cilium",
            "cilium",
            "1.20.2",
            Some("sha256:aa"),
            &mirrors,
        );
        assert_eq!(
            chart.arguments(),
            ["oci://10.77.0.1:5000/cilium/charts/cilium@sha256:aa", "--plain-http", "--version=1.20.2"]
        );
    }
}

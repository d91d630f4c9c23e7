//! Where the charts of pod networks are, and what of the cluster they must be told.

use domain::mirrors::Mirrors;
use domain::node_setup::{NodeSetup, YamlText};
use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::yaml::{mapping, merge};

/// The pod networks whose charts are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cni {
    /// Cilium.
    Cilium,
    /// Calico, by its operator.
    Calico,
    /// Flannel.
    Flannel,
    /// Kube-OVN.
    KubeOvn,
    /// kube-router.
    KubeRouter,
}

impl Cni {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Cilium, Self::Calico, Self::Flannel, Self::KubeOvn, Self::KubeRouter];

    /// The word in configurations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cilium => "cilium",
            Self::Calico => "calico",
            Self::Flannel => "flannel",
            Self::KubeOvn => "kube-ovn",
            Self::KubeRouter => "kube-router",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    ///
    /// [`Problem::UnknownCni`] for any other.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Self::ALL
            .into_iter()
            .find(|cni| cni.as_str() == text)
            .ok_or_else(|| Problem::UnknownCni(text.to_owned()))
    }

    /// The version that is installed where the user names none; none where the user has to.
    ///
    /// Only what could be seen published when this was written has one.
    pub fn default_version(self) -> Option<&'static str> {
        match self {
            Self::Cilium => Some("1.20.2"),
            Self::Flannel => Some("v0.28.10"),
            Self::Calico | Self::KubeOvn | Self::KubeRouter => None,
        }
    }

    /// Where its project publishes the chart; none for kube-router, whose project publishes none.
    pub fn repository(self) -> Option<&'static str> {
        match self {
            Self::Cilium => Some("https://helm.cilium.io"),
            Self::Calico => Some("https://docs.tigera.io/calico/charts"),
            Self::Flannel => Some("https://flannel-io.github.io/flannel"),
            Self::KubeOvn => Some("https://kubeovn.github.io/kube-ovn"),
            Self::KubeRouter => None,
        }
    }

    /// Name of the chart.
    pub fn chart(self) -> &'static str {
        match self {
            Self::Calico => "tigera-operator",
            Self::Cilium | Self::Flannel | Self::KubeOvn | Self::KubeRouter => self.as_str(),
        }
    }

    /// Namespace of its release, as its project has it.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Calico => "tigera-operator",
            Self::Flannel => "kube-flannel",
            Self::Cilium | Self::KubeOvn | Self::KubeRouter => "kube-system",
        }
    }

    /// What of the cluster the chart must be told, with the user's values over it.
    ///
    /// # Errors
    ///
    /// [`Problem`] for values that are no mapping.
    pub fn values(self, setup: &NodeSetup, values: Option<&YamlText>) -> Result<Value, Problem> {
        let pods = setup.network.pod_cidrs.first().map(ToString::to_string).unwrap_or_default();
        let services = setup.network.service_cidrs.first().map(ToString::to_string).unwrap_or_default();
        let mut own = match self {
            // The controller manager gives each node its range; Cilium then need not have an opinion.
            Self::Cilium => {
                let mut own = json!({ "ipam": { "mode": "kubernetes" } });
                if !setup.kube_proxy.enabled {
                    own["kubeProxyReplacement"] = true.into();
                    own["k8sServiceHost"] = setup.endpoint.host.clone().into();
                    own["k8sServicePort"] = setup.endpoint.port.into();
                }
                own
            }
            Self::Calico => json!({ "installation": { "calicoNetwork": { "ipPools": [{ "cidr": pods }] } } }),
            Self::Flannel => json!({ "podCidr": pods }),
            Self::KubeOvn => json!({ "ipv4": { "POD_CIDR": pods, "SVC_CIDR": services } }),
            Self::KubeRouter => json!({}),
        };
        if let Value::Object(fields) = &mut own {
            let over: Map<String, Value> = mapping(values, "network.cni.values")?;
            merge(fields, over);
        }
        Ok(own)
    }
}

/// A chart, ready to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartSource {
    /// Address of the chart itself in a registry, or of a repository that has it; mirrors applied.
    pub url: String,
    /// Whether it is in a registry. A mirror may have put another scheme in the place of `oci`.
    pub in_registry: bool,
    /// Name of the chart.
    pub name: String,
    /// Version.
    pub version: String,
    /// Digest, `sha256:…`, of a chart in a registry.
    pub digest: Option<String>,
}

impl ChartSource {
    /// The chart at `repository`, which begins with `oci://`, `https://` or `http://`, through the mirrors.
    pub fn new(repository: &str, name: &str, version: &str, digest: Option<&str>, mirrors: &Mirrors) -> Self {
        Self {
            url: mirrors.rewrite(repository),
            in_registry: repository.starts_with("oci://"),
            name: name.to_owned(),
            version: version.to_owned(),
            digest: digest.map(str::to_owned),
        }
    }

    /// What helm takes as the chart, and the flags that go with it.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if self.in_registry {
            let place = self.url.split_once("://").map_or(self.url.as_str(), |(_, place)| place);
            match &self.digest {
                Some(digest) => arguments.push(format!("oci://{place}@{digest}")),
                None => arguments.push(format!("oci://{place}")),
            }
            if self.url.starts_with("http://") {
                arguments.push("--plain-http".to_owned());
            }
        } else {
            arguments.push(self.name.clone());
            arguments.push(format!("--repo={}", self.url));
        }
        arguments.push(format!("--version={}", self.version));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn networks_are_told_the_clusters_ranges_and_the_users_values_come_over_them() {
        let setup = testing::setup();
        let values = YamlText("podCidr: 10.9.0.0/16\nflannel: {backend: host-gw}".into());
        assert_eq!(
            Cni::Flannel.values(&setup, Some(&values)).unwrap(),
            json!({"podCidr": "10.9.0.0/16", "flannel": {"backend": "host-gw"}})
        );
        for cni in Cni::ALL {
            assert!(cni.values(&setup, None).is_ok());
            assert_eq!(Cni::parse(cni.as_str()).unwrap(), cni);
        }
        assert!(matches!(Cni::parse("weave"), Err(Problem::UnknownCni(_))));
    }

    #[test]
    fn cilium_without_kube_proxy_is_told_where_the_api_is() {
        let mut setup = testing::setup();
        setup.kube_proxy.enabled = false;
        let values = Cni::Cilium.values(&setup, None).unwrap();
        assert_eq!(values["k8sServiceHost"], json!("api.factory.internal"));
        assert_eq!(values["kubeProxyReplacement"], json!(true));
    }
}

//! What is built from which module. The versions stand in the modules' `go.mod`, nowhere else.

use crate::store;

/// A Go module under `tools/` and what is built from it.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// The name to ask for; the folder under `tools/` is called so too, unless several recipes share one.
    pub(crate) name: &'static str,
    /// The content of `go.mod`.
    pub(crate) go_mod: &'static str,
    /// The content of `go.sum`.
    pub(crate) go_sum: &'static str,
    /// The binaries, each a `tool` of the module.
    pub(crate) binaries: &'static [Binary],
    /// The module whose version the link flags name and whose `config` folder is kept.
    pub(crate) main_module: &'static str,
    /// Further link flags; `{version}`, `{major}` and `{minor}` are filled in.
    pub(crate) link_flags: &'static [&'static str],
    /// Whether the folder `config` of the main module is kept beside the binaries.
    pub(crate) config: Config,
}

/// One binary of a recipe.
#[derive(Debug)]
pub(crate) struct Binary {
    /// What the file is called.
    pub(crate) name: &'static str,
    /// The Go package it is built from.
    pub(crate) package: &'static str,
}

/// What becomes of the main module's folder `config`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Config {
    /// It is kept: it holds custom resource definitions and install manifests.
    Kept,
    /// It is not needed.
    Left,
}

/// Reads `go.mod` and `go.sum` of a tool at compile time, so that the binary is complete in itself.
macro_rules! recipe {
    ($name:literal, $main:literal, $config:expr, $flags:expr, [$($binary:literal = $package:literal),+]) => {
        recipe!($name in $name, $main, $config, $flags, [$($binary = $package),+])
    };
    ($name:literal in $folder:literal, $main:literal, $config:expr, $flags:expr, [$($binary:literal = $package:literal),+]) => {
        Recipe {
            name: $name,
            go_mod: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tools/", $folder, "/go.mod")),
            go_sum: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tools/", $folder, "/go.sum")),
            binaries: &[$(Binary { name: $binary, package: $package }),+],
            main_module: $main,
            link_flags: $flags,
            config: $config,
        }
    };
}

/// Kubernetes reports these to its clients; without them it calls itself `v0.0.0-master`.
const KUBERNETES_FLAGS: &[&str] = &[
    "-X k8s.io/component-base/version.gitVersion={version}",
    "-X k8s.io/component-base/version.gitMajor={major}",
    "-X k8s.io/component-base/version.gitMinor={minor}",
    "-X k8s.io/component-base/version.gitTreeState=clean",
    "-X k8s.io/client-go/pkg/version.gitVersion={version}",
    "-X k8s.io/client-go/pkg/version.gitMajor={major}",
    "-X k8s.io/client-go/pkg/version.gitMinor={minor}",
    "-X k8s.io/client-go/pkg/version.gitTreeState=clean",
];

/// Every tool of control planes.
pub(crate) const ALL: &[Recipe] = &[
    recipe!("etcd", "go.etcd.io/etcd/server/v3", Config::Left, &[], ["etcd" = "go.etcd.io/etcd/server/v3"]),
    recipe!(
        "kubernetes",
        "k8s.io/kubernetes",
        Config::Left,
        KUBERNETES_FLAGS,
        [
            "kube-apiserver" = "k8s.io/kubernetes/cmd/kube-apiserver",
            "kube-controller-manager" = "k8s.io/kubernetes/cmd/kube-controller-manager",
            "kubectl" = "k8s.io/kubernetes/cmd/kubectl"
        ]
    ),
    recipe!(
        "source-controller",
        "github.com/fluxcd/source-controller",
        Config::Kept,
        &[],
        ["source-controller" = "github.com/fluxcd/source-controller"]
    ),
    recipe!(
        "kustomize-controller",
        "github.com/fluxcd/kustomize-controller",
        Config::Kept,
        &[],
        ["kustomize-controller" = "github.com/fluxcd/kustomize-controller"]
    ),
    recipe!(
        "helm-controller",
        "github.com/fluxcd/helm-controller",
        Config::Kept,
        &[],
        ["helm-controller" = "github.com/fluxcd/helm-controller"]
    ),
    recipe!(
        "registry",
        "github.com/distribution/distribution/v3",
        Config::Left,
        &[],
        ["registry" = "github.com/distribution/distribution/v3/cmd/registry"]
    ),
    recipe!(
        "tofu",
        "github.com/opentofu/opentofu",
        Config::Left,
        // Without it OpenTofu calls itself a development build.
        &["-X github.com/opentofu/opentofu/version.dev=no"],
        ["tofu" = "github.com/opentofu/opentofu/cmd/tofu"]
    ),
    recipe!(
        "tfplugindocs",
        "github.com/hashicorp/terraform-plugin-docs",
        Config::Left,
        &[],
        ["tfplugindocs" = "github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs"]
    ),
];

/// Tools that machines and the clusters on them need.
const MACHINES: &[Recipe] = &[
    recipe!(
        "kubernetes-node" in "kubernetes",
        "k8s.io/kubernetes",
        Config::Left,
        KUBERNETES_FLAGS,
        [
            "kubeadm" = "k8s.io/kubernetes/cmd/kubeadm",
            "kubelet" = "k8s.io/kubernetes/cmd/kubelet",
            "kube-proxy" = "k8s.io/kubernetes/cmd/kube-proxy",
            "kube-scheduler" = "k8s.io/kubernetes/cmd/kube-scheduler"
        ]
    ),
    recipe!(
        "containerd",
        "github.com/containerd/containerd/v2",
        Config::Left,
        &["-X github.com/containerd/containerd/v2/version.Version={version}"],
        [
            "containerd" = "github.com/containerd/containerd/v2/cmd/containerd",
            "containerd-shim-runc-v2" = "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
            "ctr" = "github.com/containerd/containerd/v2/cmd/ctr"
        ]
    ),
    recipe!(
        "cni-plugins",
        "github.com/containernetworking/plugins",
        Config::Left,
        &["-X github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion={version}"],
        [
            "bridge" = "github.com/containernetworking/plugins/plugins/main/bridge",
            "dummy" = "github.com/containernetworking/plugins/plugins/main/dummy",
            "host-device" = "github.com/containernetworking/plugins/plugins/main/host-device",
            "ipvlan" = "github.com/containernetworking/plugins/plugins/main/ipvlan",
            "loopback" = "github.com/containernetworking/plugins/plugins/main/loopback",
            "macvlan" = "github.com/containernetworking/plugins/plugins/main/macvlan",
            "ptp" = "github.com/containernetworking/plugins/plugins/main/ptp",
            "tap" = "github.com/containernetworking/plugins/plugins/main/tap",
            "vlan" = "github.com/containernetworking/plugins/plugins/main/vlan",
            "dhcp" = "github.com/containernetworking/plugins/plugins/ipam/dhcp",
            "host-local" = "github.com/containernetworking/plugins/plugins/ipam/host-local",
            "static" = "github.com/containernetworking/plugins/plugins/ipam/static",
            "bandwidth" = "github.com/containernetworking/plugins/plugins/meta/bandwidth",
            "firewall" = "github.com/containernetworking/plugins/plugins/meta/firewall",
            "portmap" = "github.com/containernetworking/plugins/plugins/meta/portmap",
            "sbr" = "github.com/containernetworking/plugins/plugins/meta/sbr",
            "tuning" = "github.com/containernetworking/plugins/plugins/meta/tuning",
            "vrf" = "github.com/containernetworking/plugins/plugins/meta/vrf"
        ]
    ),
    recipe!(
        "etcdctl",
        "go.etcd.io/etcd/etcdctl/v3",
        Config::Left,
        &[],
        ["etcdctl" = "go.etcd.io/etcd/etcdctl/v3"]
    ),
    recipe!(
        "coredns",
        "github.com/coredns/coredns",
        Config::Left,
        &[],
        ["coredns" = "github.com/coredns/coredns"]
    ),
    recipe!(
        "helm",
        "helm.sh/helm/v3",
        Config::Left,
        &["-X helm.sh/helm/v3/internal/version.version={version}"],
        ["helm" = "helm.sh/helm/v3/cmd/helm"]
    ),
];

/// Tools that are built only by who asks for them by name: no lab needs them.
const ON_DEMAND: &[Recipe] = &[recipe!(
    "terraform-provider-kubernetes",
    "github.com/hashicorp/terraform-provider-kubernetes",
    Config::Left,
    &[],
    ["terraform-provider-kubernetes" = "github.com/hashicorp/terraform-provider-kubernetes"]
)];

/// Every tool there is.
pub(crate) fn every() -> impl Iterator<Item = &'static Recipe> {
    ALL.iter().chain(MACHINES).chain(ON_DEMAND)
}

/// Finds the recipe that is called `name`, or makes a binary called so.
pub(crate) fn find(name: &str) -> Option<&'static Recipe> {
    every().find(|recipe| recipe.name == name).or_else(|| making(name))
}

/// Gives the key of the recipe that is called `name`; what does not exist has the name alone.
pub(crate) fn key_of(name: &str) -> String {
    find(name).map_or_else(|| name.to_owned(), Recipe::key)
}

/// Finds the recipe that makes a binary called `name`.
pub(crate) fn making(name: &str) -> Option<&'static Recipe> {
    every().find(|recipe| recipe.binaries.iter().any(|binary| binary.name == name))
}

impl Recipe {
    /// Gives the version of the main module, as `go.mod` requires it.
    pub(crate) fn version(&self) -> Option<&'static str> {
        self.go_mod.lines().find_map(|line| {
            let line = line.trim();
            let mut words = line.strip_prefix("require ").unwrap_or(line).split_whitespace();
            (words.next() == Some(self.main_module))
                .then(|| words.next())?
                .filter(|word| word.starts_with('v'))
        })
    }

    /// Gives the whole `-ldflags` argument: no symbols, and the flags of the recipe with the version filled in.
    pub(crate) fn link_arguments(&self) -> String {
        let version = self.version().unwrap_or("v0.0.0");
        let mut numbers = version.trim_start_matches('v').split('.');
        let (major, minor) = (numbers.next().unwrap_or("0"), numbers.next().unwrap_or("0"));
        let mut flags = vec!["-s -w".to_owned()];
        flags.extend(self.link_flags.iter().map(|flag| {
            flag.replace("{version}", version).replace("{major}", major).replace("{minor}", minor)
        }));
        flags.join(" ")
    }

    /// Gives the arguments for `go`, without the output folder and the packages.
    pub(crate) fn build_arguments(&self) -> Vec<String> {
        ["build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags"]
            .into_iter()
            .map(str::to_owned)
            .chain([self.link_arguments()])
            .collect()
    }

    /// Gives the name of the folder that holds what is built.
    ///
    /// It changes with the content of `go.mod`, of `go.sum` and with how the build is done.
    pub(crate) fn key(&self) -> String {
        let how = format!("{:?} {:?} {:?}", self.build_arguments(), self.binaries, self.config);
        store::key(self.name, [self.go_mod.to_owned(), self.go_sum.to_owned(), how])
    }
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_binary_is_a_tool_of_its_module() {
        for recipe in every() {
            for binary in recipe.binaries {
                let listed = recipe.go_mod.lines().any(|line| {
                    let line = line.trim();
                    line.strip_prefix("tool ").unwrap_or(line) == binary.package
                });
                assert!(listed, "{} is no tool in {}/go.mod", binary.package, recipe.name);
            }
        }
    }

    #[test]
    fn every_main_module_has_a_version_in_its_module_file() {
        for recipe in every() {
            assert!(recipe.version().is_some(), "{}", recipe.name);
        }
    }

    #[test]
    fn kubernetes_is_told_its_own_version() {
        let recipe = find("kube-apiserver").unwrap();
        let version = recipe.version().unwrap();
        assert!(recipe.link_arguments().contains(&format!("gitVersion={version} ")));
    }

    #[test]
    fn the_key_changes_with_each_input_and_only_then() {
        let recipe = |go_mod, go_sum, link_flags| Recipe {
            name: "x",
            go_mod,
            go_sum,
            binaries: &[],
            main_module: "m",
            link_flags,
            config: Config::Left,
        };
        let key = recipe("a", "b", &[]).key();
        assert_eq!(key, recipe("a", "b", &[]).key());
        assert_ne!(key, recipe("ab", "", &[]).key());
        assert_ne!(key, recipe("a", "c", &[]).key());
        assert_ne!(key, recipe("a", "b", &["-X m.v=1"]).key());
    }
}

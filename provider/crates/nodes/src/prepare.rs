//! A machine is made fit to be a node: kernel, swap, the API's name, the container runtime, the kubelet's unit.

use std::net::IpAddr;

use domain::machine::{Arch, MachineFacts, OsFamily};
use domain::node_setup::{ArtifactName, NodeSetup, SwapPolicy};

use crate::containerd::Generation;
use crate::problem::Problem;
use crate::script::{File, Script, quote};
use crate::{artifacts, containerd, digest, paths, proxy, registries, units};

/// Prepares the machine; what is as it should be is left alone, and what an earlier version wrote too much is taken back.
///
/// `endpoint` is the address behind the API's name on this machine; none where DNS answers for the name.
///
/// Answers: `changed PATH` for every file that is new, then `prepared`.
///
/// # Errors
///
/// [`Problem`] for documents of the user's that cannot be read, and for versions without artifacts.
pub fn script(setup: &NodeSetup, facts: &MachineFacts, endpoint: Option<IpAddr>) -> Result<Script, Problem> {
    Ok(unmarked(setup, &Ground::of(facts), endpoint)?.set("DIGEST", &wanted(setup, endpoint)?))
}

/// What of a machine decides how it is prepared.
struct Ground<'a> {
    family: OsFamily,
    /// Version of a containerd of somebody else's.
    theirs: Option<&'a str>,
    /// Whether that containerd needs a line to read what we write.
    import: bool,
}

impl<'a> Ground<'a> {
    /// A machine without anything.
    const BARE: Self = Self { family: OsFamily::Debian, theirs: None, import: false };

    fn of(facts: &'a MachineFacts) -> Self {
        let runtime = &facts.runtime;
        let theirs = runtime.containerd.as_ref().filter(|containerd| !containerd.ours);
        // On a second look the line is ours, so it is not told of, and stays.
        let reads = runtime.imports.as_deref().is_some_and(|line| line.contains("/etc/containerd/conf.d/"));
        Self {
            family: facts.os.family(),
            theirs: theirs.map(|containerd| containerd.version.as_str()),
            import: theirs.is_some() && !reads,
        }
    }
}

/// The digest of everything that fetching and preparing put onto a machine, from configuration alone.
///
/// It is what a plan compares: equal configurations have equal digests, whatever the machine is. What the machine itself
/// decides (its family, its architecture, a runtime of its own) is as it is when the work is done.
///
/// # Errors
///
/// As in [`script`].
pub fn wanted(setup: &NodeSetup, endpoint: Option<IpAddr>) -> Result<String, Problem> {
    let mut parts = vec![unmarked(setup, &Ground::BARE, endpoint)?.definitions().to_owned()];
    for arch in [Arch::Amd64, Arch::Arm64] {
        for artifact in artifacts::list(setup, arch, false)? {
            parts.push(artifact.url);
            parts.push(artifact.sha256.unwrap_or_default());
        }
    }
    Ok(digest::of(parts.iter().map(String::as_str), 16))
}

/// The script but for its digest.
fn unmarked(setup: &NodeSetup, ground: &Ground<'_>, endpoint: Option<IpAddr>) -> Result<Script, Problem> {
    let generation = match ground.theirs {
        Some(version) => Generation::of(version),
        None => Generation::of(&artifacts::version(setup, ArtifactName::Containerd)?),
    }
    // One that is too old is a finding; what is newer than we know reads the newest configuration.
    .unwrap_or(Generation::Two);
    let runc = ground.theirs.is_none().then_some("/usr/local/sbin/runc");
    let config = match ground.theirs {
        Some(_) => "/etc/containerd/conf.d/50-kurator.toml",
        None => "/etc/containerd/config.toml",
    };
    let cidrs: Vec<_> = setup.network.pod_cidrs.iter().map(ToString::to_string).collect();
    Ok(Script::new("prepare", concat!(include_str!("sh/hosts.sh"), "\n", include_str!("sh/prepare.sh")))
        .set("CLUSTER", setup.cluster.as_str())
        .set("VERSION", &setup.version.with_v())
        .set("REPOSITORY", setup.image_repository.as_deref().unwrap_or_default())
        .set("MODULES", &paths::MODULES.join(" "))
        .set("POD_CIDRS", &cidrs.join(" "))
        .flag("SWAP_OFF", setup.swap == SwapPolicy::TurnOff)
        .set("ENDPOINT_HOST", &setup.endpoint.host)
        .set(
            "ENDPOINT_ADDRESS",
            &endpoint.filter(|_| !setup.endpoint.dns_managed).map(|ip| ip.to_string()).unwrap_or_default(),
        )
        .set("CONTAINERD_CONFIG", config)
        .set("CONTAINERD_CONFIG_VERSION", &generation.config_version().to_string())
        .flag("IMPORT", ground.import)
        .text("containerd_config", &containerd::config(setup, generation, runc)?)
        .files("write_files", &files(setup, ground.family, ground.theirs.is_some())))
}

fn files(setup: &NodeSetup, family: OsFamily, foreign_runtime: bool) -> Vec<File> {
    let mut files = vec![
        File::readable("/etc/modules-load.d/kurator.conf", format!("{}\n", paths::MODULES.join("\n"))),
        File::readable("/etc/sysctl.d/99-kurator.conf", SYSCTLS),
    ];
    if family == OsFamily::RedHat {
        // NetworkManager would take the interfaces of pods for its own.
        files.push(File::readable("/etc/NetworkManager/conf.d/99-kurator.conf", NETWORK_MANAGER));
    }
    files.extend(registries::files(&setup.mirrors));
    files.extend(units::kubelet(setup.swap == SwapPolicy::TurnOff));
    if !foreign_runtime {
        files.push(units::containerd());
    }
    let environment = proxy::environment(setup);
    if !environment.is_empty() {
        files.push(units::containerd_environment(&environment));
        // kubeadm hands it on to the static pods that it writes.
        let lines: Vec<_> =
            environment.iter().map(|(name, value)| format!("{name}={}\n", quote(value))).collect();
        files.push(File {
            path: format!("{}/proxy.env", paths::STATE),
            mode: 0o600,
            content: lines.concat(),
        });
    }
    files
}

/// Bridged packets pass the packet filter, and packets are passed on.
const SYSCTLS: &str = "net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.ipv4.ip_forward = 1
";

const NETWORK_MANAGER: &str = "[keyfile]
unmanaged-devices=interface-name:cali*;interface-name:tunl*;interface-name:vxlan.calico;interface-name:cilium*;interface-name:lxc*;interface-name:flannel*;interface-name:cni*;interface-name:kube-*;interface-name:ovn*
";

#[cfg(test)]
mod tests;

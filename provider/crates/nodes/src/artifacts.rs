//! What is installed on a machine, where it is fetched from, and by which digest it is known.

use domain::machine::{Arch, MachineFacts};
use domain::node_setup::{ArtifactName, NodeSetup};

use crate::problem::Problem;
use crate::proxy;
use crate::script::Script;

/// What is installed beside a minor version of Kubernetes unless the user says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Companions {
    /// Version of containerd.
    pub containerd: &'static str,
    /// Version of runc.
    pub runc: &'static str,
    /// Version of the CNI plugins.
    pub cni_plugins: &'static str,
}

/// The oldest and the newest minor version of Kubernetes that has companions.
const MINORS: (u64, u64) = (31, 36);

/// The companions of a minor version; none for one that is not known.
///
/// One set for all of them so far: containerd 2.4 serves the runtime interface of every kubelet from 1.31 on.
pub fn companions(minor: u64) -> Option<Companions> {
    (MINORS.0..=MINORS.1).contains(&minor).then_some(Companions {
        containerd: "2.4.2",
        runc: "1.5.2",
        cni_plugins: "1.9.1",
    })
}

/// How an artifact is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// One program.
    Program,
    /// A gzipped tar archive of programs.
    Archive,
}

/// One artifact, ready to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Which.
    pub name: ArtifactName,
    /// Version without a leading `v`.
    pub version: String,
    /// Where it is fetched from, mirrors applied.
    pub url: String,
    /// The digest that the user gave.
    pub sha256: Option<String>,
    /// Where its checksum is published, mirrors applied.
    pub sums_url: String,
    /// The upstream name of the file, by which a list of checksums knows it.
    pub published: String,
    /// How it is packed.
    pub packing: Packing,
    /// Where it goes: a file for a program, a directory for an archive.
    pub destination: &'static str,
    /// A file that is there once it is installed.
    pub witness: &'static str,
}

/// Everything that a machine of `arch` needs.
///
/// Where somebody else's containerd is found, it and its runc stay what they are and are not in the list.
///
/// # Errors
///
/// [`Problem::NoArtifacts`] for a version of Kubernetes without default companions, unless all of them are given.
pub fn list(setup: &NodeSetup, arch: Arch, foreign_runtime: bool) -> Result<Vec<Artifact>, Problem> {
    ArtifactName::ALL
        .into_iter()
        .filter(|name| !(foreign_runtime && matches!(name, ArtifactName::Containerd | ArtifactName::Runc)))
        .map(|name| artifact(setup, name, arch))
        .collect()
}

/// Whether the container runtime on a machine is somebody else's.
pub fn has_foreign_runtime(facts: &MachineFacts) -> bool {
    facts.runtime.containerd.as_ref().is_some_and(|containerd| !containerd.ours)
}

fn artifact(setup: &NodeSetup, name: ArtifactName, arch: Arch) -> Result<Artifact, Problem> {
    let version = version(setup, name)?;
    let Upstream { url, sums, published } = upstream(name, &version, arch);
    let (packing, destination, witness) = match name {
        ArtifactName::Containerd => (Packing::Archive, "/usr/local/bin", "/usr/local/bin/containerd"),
        ArtifactName::Runc => (Packing::Program, "/usr/local/sbin/runc", "/usr/local/sbin/runc"),
        ArtifactName::CniPlugins => (Packing::Archive, "/opt/cni/bin", "/opt/cni/bin/loopback"),
        ArtifactName::Kubeadm => (Packing::Program, "/usr/local/bin/kubeadm", "/usr/local/bin/kubeadm"),
        ArtifactName::Kubelet => (Packing::Program, "/usr/local/bin/kubelet", "/usr/local/bin/kubelet"),
        ArtifactName::Kubectl => (Packing::Program, "/usr/local/bin/kubectl", "/usr/local/bin/kubectl"),
    };
    Ok(Artifact {
        name,
        sha256: setup.artifacts.sha256.get(&(name, arch.as_str().to_owned())).cloned(),
        url: setup.mirrors.rewrite(&url),
        sums_url: setup.mirrors.rewrite(&sums),
        version,
        published,
        packing,
        destination,
        witness,
    })
}

/// The version of an artifact: the user's, else the companion's or Kubernetes' own.
///
/// # Errors
///
/// [`Problem::NoArtifacts`] where neither is known.
pub fn version(setup: &NodeSetup, name: ArtifactName) -> Result<String, Problem> {
    if let Some(version) = setup.artifacts.versions.get(&name) {
        return Ok(version.trim_start_matches('v').to_owned());
    }
    let known = companions(setup.version.minor()).ok_or_else(|| Problem::NoArtifacts {
        version: setup.version.to_string(),
        oldest: MINORS.0,
        newest: MINORS.1,
    });
    Ok(match name {
        ArtifactName::Containerd => known?.containerd.to_owned(),
        ArtifactName::Runc => known?.runc.to_owned(),
        ArtifactName::CniPlugins => known?.cni_plugins.to_owned(),
        ArtifactName::Kubeadm | ArtifactName::Kubelet | ArtifactName::Kubectl => setup.version.to_string(),
    })
}

struct Upstream {
    url: String,
    sums: String,
    published: String,
}

/// Where upstream publishes an artifact, and its checksum beside it.
fn upstream(name: ArtifactName, version: &str, arch: Arch) -> Upstream {
    let on_github = |repository: &str, published: String, sums: &str| {
        let base = format!("https://github.com/{repository}/releases/download/v{version}");
        Upstream { url: format!("{base}/{published}"), sums: format!("{base}/{sums}"), published }
    };
    match name {
        ArtifactName::Containerd => {
            let file = format!("containerd-{version}-linux-{arch}.tar.gz");
            let sums = format!("{file}.sha256sum");
            on_github("containerd/containerd", file, &sums)
        }
        ArtifactName::Runc => on_github("opencontainers/runc", format!("runc.{arch}"), "runc.sha256sum"),
        ArtifactName::CniPlugins => {
            let file = format!("cni-plugins-linux-{arch}-v{version}.tgz");
            let sums = format!("{file}.sha256");
            on_github("containernetworking/plugins", file, &sums)
        }
        ArtifactName::Kubeadm | ArtifactName::Kubelet | ArtifactName::Kubectl => {
            let url = format!("https://dl.k8s.io/release/v{version}/bin/linux/{arch}/{}", name.as_str());
            Upstream { sums: format!("{url}.sha256"), url, published: name.as_str().to_owned() }
        }
    }
}

/// Fetches what is missing of `artifacts`, all at a time, checks it and puts it in place.
///
/// Answers: `installed NAME URL SHA256` for each one that was not there, then `fetched`.
/// Failures: [`Fetch`](crate::answer::Failure::Fetch), [`Checksum`](crate::answer::Failure::Checksum),
/// [`Mismatch`](crate::answer::Failure::Mismatch), [`Tool`](crate::answer::Failure::Tool); what was good is kept.
pub fn script(setup: &NodeSetup, artifacts: &[Artifact]) -> Script {
    let calls: Vec<Vec<String>> = artifacts
        .iter()
        .map(|artifact| {
            let kind = match artifact.packing {
                Packing::Program => "program",
                Packing::Archive => "archive",
            };
            vec![
                artifact.name.as_str().to_owned(),
                artifact.url.clone(),
                artifact.sha256.clone().unwrap_or_default().to_lowercase(),
                artifact.sums_url.clone(),
                artifact.published.clone(),
                kind.to_owned(),
                artifact.destination.to_owned(),
                artifact.witness.to_owned(),
            ]
        })
        .collect();
    let script = Script::new("fetch", include_str!("sh/fetch.sh")).calls("start_all", "start", &calls).calls(
        "finish_all",
        "finish",
        &calls,
    );
    proxy::environment(setup).into_iter().fold(script, |script, (name, value)| script.export(&name, &value))
}

#[cfg(test)]
mod tests;

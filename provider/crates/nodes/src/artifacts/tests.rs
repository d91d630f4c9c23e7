use domain::version::KubernetesVersion;
use sha2::{Digest, Sha256};

use super::*;
use crate::answer::Failure;
use crate::testing::{self, Machine};

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn upstream_is_known_for_both_architectures() {
    let lines = |arch| {
        list(&testing::setup(), arch, false)
            .unwrap()
            .into_iter()
            .map(|artifact| format!("{} {}\n  {}\n", artifact.name.as_str(), artifact.url, artifact.sums_url))
            .collect::<Vec<_>>()
            .concat()
    };
    insta::assert_snapshot!("amd64", lines(Arch::Amd64));
    insta::assert_snapshot!("arm64", lines(Arch::Arm64));
}

#[test]
fn somebody_elses_runtime_is_left_alone() {
    let names: Vec<_> =
        list(&testing::setup(), testing::ARCH, true).unwrap().iter().map(|artifact| artifact.name).collect();
    assert!(!names.contains(&ArtifactName::Containerd) && !names.contains(&ArtifactName::Runc));
    let facts = testing::facts("10.0.0.1");
    assert!(!has_foreign_runtime(&facts));
    assert!(has_foreign_runtime(&testing::with_containerd(facts, "1.7.0")));
}

#[test]
fn a_version_without_artifacts_is_refused_unless_all_are_named() {
    let mut setup = testing::setup();
    setup.version = KubernetesVersion::parse("1.99.0").unwrap();
    let refused = list(&setup, testing::ARCH, false).unwrap_err().to_string();
    assert_eq!(refused, "no artifacts are known for Kubernetes 1.99.0: known are 1.31 to 1.36");
    for name in [ArtifactName::Containerd, ArtifactName::Runc, ArtifactName::CniPlugins] {
        setup.artifacts.versions.insert(name, "v9.9.9".into());
    }
    let all = list(&setup, testing::ARCH, false).unwrap();
    assert!(all[0].url.ends_with("/v9.9.9/containerd-9.9.9-linux-amd64.tar.gz"), "{}", all[0].url);
}

/// A machine with a mark, and a mirror of two programs and an archive, in directories.
fn mirrored() -> (Machine, NodeSetup) {
    let machine = Machine::new();
    machine.run(&crate::claim::script(&testing::mark("cp1"))).succeeded();
    let mut setup = testing::setup();
    let place = |what: &str| format!("file://{}/mirror/{what}", machine.root());
    setup.mirrors.0.insert("dl.k8s.io".into(), place("k8s"));
    setup.mirrors.0.insert("github.com".into(), place("github"));
    for name in ["kubeadm", "kubelet", "kubectl"] {
        let path = format!("/mirror/k8s/release/v1.34.4/bin/linux/amd64/{name}");
        machine.write(&path, name);
        machine.write(&format!("{path}.sha256"), &sha256(name));
    }
    let runc = "/mirror/github/opencontainers/runc/releases/download/v1.5.2";
    machine.write(&format!("{runc}/runc.amd64"), "runc");
    machine.write(
        &format!("{runc}/runc.sha256sum"),
        &format!("{} *runc.arm64\n{} *runc.amd64\n", sha256("other"), sha256("runc")),
    );
    archive(
        &machine,
        "containerd/containerd/releases/download/v2.4.2/containerd-2.4.2-linux-amd64.tar.gz",
        "sha256sum",
        &["bin/containerd", "bin/ctr"],
    );
    archive(
        &machine,
        "containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz",
        "sha256",
        &["loopback", "bridge"],
    );
    (machine, setup)
}

fn archive(machine: &Machine, path: &str, sums: &str, programs: &[&str]) {
    for program in programs {
        machine.write(&format!("/packed/{program}"), program);
    }
    let file = machine.path(&format!("/mirror/github/{path}"));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let pack = format!(
        "cd {root}/packed && chmod +x * */* 2>/dev/null; tar -czf {file} {programs} && cd {dir} && \
             sha256sum {name} >{name}.{sums}",
        root = machine.root(),
        file = file.display(),
        dir = file.parent().unwrap().display(),
        name = file.file_name().unwrap().to_str().unwrap(),
        programs = programs.join(" "),
    );
    let done = std::process::Command::new("/bin/sh").arg("-c").arg(pack).status().unwrap();
    assert!(done.success());
    std::fs::remove_dir_all(machine.path("/packed")).unwrap();
}

fn fetch(machine: &Machine, setup: &NodeSetup) -> testing::Run {
    machine.run(&script(setup, &list(setup, testing::ARCH, false).unwrap()))
}

#[test]
fn everything_is_fetched_once_checked_and_put_in_place() {
    let (machine, setup) = mirrored();
    let answer = fetch(&machine, &setup).succeeded();
    assert_eq!(answer.all("installed").count(), 6);
    for (path, content) in [
        ("/usr/local/bin/kubelet", "kubelet"),
        ("/usr/local/sbin/runc", "runc"),
        ("/usr/local/bin/containerd", "bin/containerd"),
        ("/usr/local/bin/ctr", "bin/ctr"),
        ("/opt/cni/bin/bridge", "bridge"),
    ] {
        assert_eq!((machine.read(path), machine.mode(path)), (content.to_owned(), 0o755), "{path}");
    }
    assert!(!machine.exists("/var/lib/kurator/download"));
    // The mirror may be gone: nothing is asked for again.
    std::fs::remove_dir_all(machine.path("/mirror")).unwrap();
    assert_eq!(fetch(&machine, &setup).succeeded().all("installed").count(), 0);
    // A program that somebody removed is.
    std::fs::remove_file(machine.path("/usr/local/bin/kubelet")).unwrap();
    let failure = fetch(&machine, &setup).failed().failure();
    assert!(matches!(failure, Some(Failure::Fetch { artifact, .. }) if artifact == "kubelet"));
}

#[test]
fn what_does_not_match_is_not_installed_and_what_does_is() {
    let (machine, mut setup) = mirrored();
    setup.artifacts.sha256.insert((ArtifactName::Kubelet, "amd64".into()), "0".repeat(64));
    let answer = fetch(&machine, &setup).failed();
    let Some(Failure::Mismatch { artifact, want, got, .. }) = answer.failure() else { panic!("{answer:?}") };
    assert_eq!((artifact.as_str(), want, got), ("kubelet", "0".repeat(64), sha256("kubelet")));
    assert!(!machine.exists("/usr/local/bin/kubelet"));
    assert!(machine.exists("/usr/local/bin/kubectl"));
    // Corrected, only the one that was missing comes.
    setup.artifacts.sha256.insert((ArtifactName::Kubelet, "amd64".into()), sha256("kubelet").to_uppercase());
    let again = fetch(&machine, &setup).succeeded();
    assert_eq!(again.all("installed").count(), 1, "{again:?}");
}

#[test]
fn an_artifact_without_a_checksum_is_refused() {
    let (machine, setup) = mirrored();
    machine.write(
        "/mirror/github/opencontainers/runc/releases/download/v1.5.2/runc.sha256sum",
        &format!("{} *runc.arm64\n", sha256("runc")),
    );
    let failure = fetch(&machine, &setup).failed().failure();
    assert!(matches!(failure, Some(Failure::Checksum { artifact, .. }) if artifact == "runc"));
    assert!(!machine.exists("/usr/local/sbin/runc"));
}

//! What machines get from this machine.

use anyhow::{Context as _, ensure};
use lab::lab::Lab;
use lab::machines::addresses::Services;

fn services(lab: &Lab) -> anyhow::Result<Services> {
    lab.machines()?.services.context("no services")
}

pub(crate) fn mirror(lab: &Lab) -> anyhow::Result<()> {
    let services = services(lab)?;
    let kubernetes = format!(
        "{}/release/v{}/bin/linux/amd64",
        services.mirrors["dl.k8s.io"], services.versions.kubernetes
    );
    let script = format!(
        "cd /tmp && curl -fsSO {kubernetes}/kubeadm && \
         echo \"$(curl -fsS {kubernetes}/kubeadm.sha256)  kubeadm\" | sha256sum -c - && \
         chmod +x kubeadm && ./kubeadm version -o short"
    );
    let said = lab.on_machine("m1", "admin", &script)?;
    ensure!(said == format!("kubeadm: OK\nv{}\n", services.versions.kubernetes), "{said}");
    Ok(())
}

pub(crate) fn archives(lab: &Lab) -> anyhow::Result<()> {
    let services = services(lab)?;
    let (github, versions) = (&services.mirrors["github.com"], &services.versions);
    let (containerd, runc, plugins) = (&versions.containerd, &versions.runc, &versions.cni_plugins);
    let script = format!(
        "cd /tmp && get() {{ curl -fsSO {github}/$1/$2 && curl -fsSO {github}/$1/$3 && sha256sum -c $3; }} && \
         get containerd/containerd/releases/download/v{containerd} containerd-{containerd}-linux-amd64.tar.gz containerd-{containerd}-linux-amd64.tar.gz.sha256sum && \
         get containernetworking/plugins/releases/download/v{plugins} cni-plugins-linux-amd64-v{plugins}.tgz cni-plugins-linux-amd64-v{plugins}.tgz.sha256 && \
         get opencontainers/runc/releases/download/v{runc} runc.amd64 runc.sha256sum && \
         tar -xzf containerd-*.gz && bin/containerd --version && chmod +x runc.amd64 && ./runc.amd64 --version | head -n 1 && \
         mkdir -p cni && tar -xzf cni-plugins-*.tgz -C cni && cni/bridge --version 2>&1"
    );
    let said = lab.on_machine("m1", "admin", &script)?;
    for wanted in [format!("v{containerd}"), format!("runc version {runc}"), format!("v{plugins}")] {
        ensure!(said.contains(&wanted), "no {wanted} in {said}");
    }
    Ok(())
}

pub(crate) fn tampered(lab: &Lab) -> anyhow::Result<()> {
    let services = services(lab)?;
    let path = format!("dl.k8s.io/release/v{}/bin/linux/amd64/kubectl.sha256", services.versions.kubernetes);
    let file = services.mirror_dir.join(&path);
    let url = format!("{}/{}", services.mirrors["dl.k8s.io"], path.trim_start_matches("dl.k8s.io/"));
    let fetch = || lab.on_machine("m1", "admin", &format!("curl -fsS {url}"));
    let (right, link) = (fetch()?, std::fs::read_link(&file)?);
    std::fs::remove_file(&file)?;
    std::fs::write(&file, "wrong")?;
    let wrong = fetch()?;
    std::fs::remove_file(&file)?;
    std::os::unix::fs::symlink(&link, &file)?;
    ensure!(wrong == "wrong" && fetch()? == right, "{right} became {wrong}");
    Ok(())
}

pub(crate) fn registry(lab: &Lab) -> anyhow::Result<()> {
    let services = services(lab)?;
    let repositories =
        lab.on_machine("m1", "admin", &format!("curl -fsS http://{}/v2/_catalog", services.registry))?;
    for name in
        ["kube-apiserver", "kube-proxy", "etcd", "coredns/coredns", "pause", "alpine/helm", "lab/test"]
    {
        ensure!(repositories.contains(&format!("\"{name}\"")), "no {name} in {repositories}");
    }
    Ok(())
}

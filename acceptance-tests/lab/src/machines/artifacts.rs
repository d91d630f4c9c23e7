//! The binaries that clusters are made of, laid out as their projects publish them: one folder per host of theirs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::environment::cache_root;
use crate::files::write_private;
use crate::machines::image::Hashed;
use crate::machines::shell::{command, output, run};
use crate::progress::Progress;
use crate::store;
use crate::tools::cache::Cache;
use crate::tools::recipe::{self, hex};

/// Changes when the same tools are to be laid out in another way.
const EDITION: &str = "1";

/// The tools that are published here.
const TOOLS: &[&str] = &["kubernetes", "kubernetes-node", "containerd", "cni-plugins"];

/// The file that says which versions there are.
const VERSIONS: &str = "versions.json";

/// The versions that the mirror and the registry have, without a `v`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// kubeadm, kubelet and kubectl, and the images of a control plane.
    pub kubernetes: String,
    /// containerd.
    pub containerd: String,
    /// runc, Debian's.
    pub runc: String,
    /// The CNI plugins.
    pub cni_plugins: String,
}

/// Gives the folder, making it the first time.
///
/// # Errors
///
/// A tool cannot be built, or runc cannot be fetched.
pub(crate) fn ensure(tools: &Cache, progress: &Progress) -> anyhow::Result<PathBuf> {
    let root = cache_root()?.join("machines");
    let key = store::key("mirror", TOOLS.iter().map(|name| recipe::key_of(name)).chain([EDITION.to_owned()]));
    store::folder(&root, "mirror", &key, progress, |scratch| {
        let out = scratch.join("mirror");
        lay_out(tools, scratch, &out).context("laying out the mirror")?;
        progress.say("mirror: laid out");
        Ok(out)
    })
}

/// Reads which versions the folder has.
pub(crate) fn versions(folder: &Path) -> anyhow::Result<Versions> {
    let text = fs::read(folder.join(VERSIONS)).context("reading the mirror's versions")?;
    serde_json::from_slice(&text).context("reading the mirror's versions")
}

fn lay_out(tools: &Cache, scratch: &Path, out: &Path) -> anyhow::Result<()> {
    let version = |name: &str| {
        let recipe = recipe::find(name).with_context(|| format!("no tool is called {name}"))?;
        anyhow::Ok(recipe.version().unwrap_or_default().trim_start_matches('v').to_owned())
    };
    let (runc, runc_version) = runc(scratch)?;
    let versions = Versions {
        kubernetes: version("kubernetes-node")?,
        containerd: version("containerd")?,
        runc: runc_version,
        cni_plugins: version("cni-plugins")?,
    };
    let (server, node) = (tools.built("kubernetes")?, tools.built("kubernetes-node")?);
    let folder = out.join(format!("dl.k8s.io/release/v{}/bin/linux/amd64", versions.kubernetes));
    for (from, name) in [(&node, "kubeadm"), (&node, "kubelet"), (&server, "kubectl")] {
        let file = copy(&from.join(name), &folder.join(name))?;
        // This project publishes the bare number.
        write_private(&file.with_added_extension("sha256"), sum(&file)?)?;
    }

    let releases =
        |project: &str, version: &str| out.join(format!("github.com/{project}/releases/download/v{version}"));
    let folder = releases("containerd/containerd", &versions.containerd);
    let file = folder.join(format!("containerd-{}-linux-amd64.tar.gz", versions.containerd));
    archive(&file, &tools.built("containerd")?, "bin/")?;
    write_private(&file.with_added_extension("sha256sum"), sum_line(&file)?)?;

    let folder = releases("containernetworking/plugins", &versions.cni_plugins);
    let file = folder.join(format!("cni-plugins-linux-amd64-v{}.tgz", versions.cni_plugins));
    archive(&file, &tools.built("cni-plugins")?, "./")?;
    write_private(&file.with_added_extension("sha256"), sum_line(&file)?)?;

    let folder = releases("opencontainers/runc", &versions.runc);
    let file = copy(&runc, &folder.join("runc.amd64"))?;
    write_private(&folder.join("runc.sha256sum"), sum_line(&file)?)?;

    write_private(&out.join(VERSIONS), serde_json::to_vec_pretty(&versions)?)
}

/// Takes runc out of Debian's package: it needs a C library to be built with. Gives the file and its version.
fn runc(scratch: &Path) -> anyhow::Result<(PathBuf, String)> {
    let root = scratch.join("debian");
    let mut mmdebstrap = command("mmdebstrap");
    mmdebstrap
        .args([
            "--quiet",
            "--variant=extract",
            "--include=runc",
            "--aptopt=Acquire::Retries \"5\"",
            "bookworm",
        ])
        .arg(&root)
        .env("TMPDIR", scratch);
    output(&mut mmdebstrap).context("fetching runc")?;
    let said = run("chroot", [root.as_os_str(), "/usr/sbin/runc".as_ref(), "--version".as_ref()])?;
    let version = said.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
    // Debian's own addition is no part of a release's name.
    let version = version.split(['+', '~']).next().unwrap_or_default().to_owned();
    Ok((root.join("usr/sbin/runc"), version))
}

fn parent_of(file: &Path) -> anyhow::Result<()> {
    let parent = file.parent().with_context(|| format!("{}: in no folder", file.display()))?;
    fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<PathBuf> {
    parent_of(to)?;
    fs::copy(from, to).with_context(|| format!("copying {}", from.display()))?;
    Ok(to.to_owned())
}

/// Packs the files of a folder, as programs, under `prefix`.
fn archive(file: &Path, folder: &Path, prefix: &str) -> anyhow::Result<()> {
    parent_of(file)?;
    let doing = || format!("packing {}", file.display());
    let out = File::create(file).with_context(doing)?;
    let mut archive = tar::Builder::new(GzBuilder::new().mtime(0).write(out, Compression::fast()));
    let mut names: Vec<_> =
        fs::read_dir(folder).with_context(doing)?.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let mut content = File::open(folder.join(&name)).with_context(doing)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(content.metadata().with_context(doing)?.len());
        header.set_mode(0o755);
        let path = format!("{prefix}{}", name.to_string_lossy());
        archive.append_data(&mut header, path, &mut content).with_context(doing)?;
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).map(drop).with_context(doing)
}

fn sum(file: &Path) -> anyhow::Result<String> {
    let doing = || format!("adding up {}", file.display());
    let mut sum = Hashed { out: io::sink(), hash: Sha256::new() };
    io::copy(&mut File::open(file).with_context(doing)?, &mut sum).with_context(doing)?;
    Ok(hex(&sum.hash.finalize()))
}

/// As `sha256sum` writes it.
fn sum_line(file: &Path) -> anyhow::Result<String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{}  {name}\n", sum(file)?))
}

/// Makes a tree of links to all files of `folder`: a test may put another file in the place of one of them.
pub(crate) fn link(folder: &Path, root: &Path) -> anyhow::Result<()> {
    for file in crate::files::files_under(folder)? {
        let link = root.join(&file);
        parent_of(&link)?;
        if link.symlink_metadata().is_err() {
            std::os::unix::fs::symlink(folder.join(&file), &link)
                .with_context(|| format!("linking {}", link.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_holds_programs_and_its_sum_is_written_as_by_sha256sum() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        fs::write(dir.path().join("in/ctr"), "x").unwrap();
        let file = dir.path().join("out/a.tgz");
        archive(&file, &dir.path().join("in"), "bin/").unwrap();
        let mut read = tar::Archive::new(flate2::read::GzDecoder::new(File::open(&file).unwrap()));
        let entry = read.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap(), Path::new("bin/ctr"));
        assert_eq!(entry.header().mode().unwrap(), 0o755);
        let line = sum_line(&dir.path().join("in/ctr")).unwrap();
        assert_eq!(line, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  ctr\n");
    }

    #[test]
    fn a_file_in_the_place_of_a_link_does_not_reach_the_cache() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, root) = (dir.path().join("cache"), dir.path().join("root"));
        fs::create_dir_all(cache.join("a")).unwrap();
        fs::write(cache.join("a/x"), "right").unwrap();
        link(&cache, &root).unwrap();
        assert_eq!(fs::read_to_string(root.join("a/x")).unwrap(), "right");
        write_private(&root.join("a/x"), "wrong").unwrap();
        link(&cache, &root).unwrap();
        assert_eq!(fs::read_to_string(root.join("a/x")).unwrap(), "wrong");
        assert_eq!(fs::read_to_string(cache.join("a/x")).unwrap(), "right");
    }
}

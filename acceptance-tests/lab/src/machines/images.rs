//! The images that a cluster on machines needs, made from the binaries that the lab builds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::environment::cache_root;
use crate::machines::image::{Entry, Files, Layer, Process, Registry};
use crate::machines::shell::{command, output, run};
use crate::machines::{add_ons, base};
use crate::progress::Progress;
use crate::store;
use crate::tools::cache::Cache;
use crate::tools::recipe;

/// Changes when the same tools are to become other images.
const EDITION: &str = "1";

/// The tools that images are made of.
const TOOLS: &[&str] = &[
    "kubernetes",
    "kubernetes-node",
    "etcd",
    "etcdctl",
    "coredns",
    "helm",
    "source-controller",
    "kustomize-controller",
    "helm-controller",
];

/// What holds a pod together.
const PAUSE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/machines/pause.c"));

/// The agent of the stand-in for a pod network.
const CNI_STAND_IN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/machines/cni-stand-in.sh"));

/// The programs of busybox that are there under their own names.
const APPLETS: &str = "sh ls cat cp mv ln rm mkdir rmdir touch find ip wget nslookup httpd sleep echo hostname nc ping \
    ps env date grep sed awk head tail sort uniq tr cut wc tar test true false kill chmod mount id base64 sha256sum";

/// Gives the folder with the registry's data, making it the first time.
///
/// # Errors
///
/// A tool cannot be built, or a file of the base is not where it was.
pub(crate) fn ensure(tools: &Cache, base: &Path, progress: &Progress) -> anyhow::Result<PathBuf> {
    let root = cache_root()?.join("machines");
    let inputs = [EDITION, PAUSE, CNI_STAND_IN, APPLETS].map(str::to_owned);
    let keys = TOOLS
        .iter()
        .map(|name| recipe::key_of(name))
        .chain([base::key()])
        .chain(inputs)
        .chain(add_ons::inputs());
    store::folder(&root, "images", &store::key("images", keys), progress, |scratch| {
        let begun = std::time::Instant::now();
        let out = scratch.join("images");
        Making { tools, base, registry: Registry::new(&out), scratch }.all().context("making images")?;
        progress.say(&format!("images: made in {:.0} s", begun.elapsed().as_secs_f64()));
        Ok(out)
    })
}

/// The images being made.
struct Making<'a> {
    tools: &'a Cache,
    base: &'a Path,
    registry: Registry,
    scratch: &'a Path,
}

impl Making<'_> {
    fn all(&self) -> anyhow::Result<()> {
        let shell = self.registry.layer(&shell())?;
        let filters = self.registry.layer(&self.packet_filters()?)?;
        let curl = self.registry.layer(&self.with_libraries(&["/usr/bin/curl".to_owned()])?)?;
        let authorities = self.registry.layer(&self.authorities()?)?;
        let kubectl = self.program("kubernetes", &["kubectl"], "usr/local/bin")?;
        self.control_plane(&filters)?;

        let helm = self.program("helm", &["helm"], "usr/bin")?;
        let version = recipe::find("helm").and_then(recipe::Recipe::version).unwrap_or_default();
        let process = Process { entrypoint: &["helm"], ..Process::default() };
        // Under the name of the public image that has the same in it.
        let layers = [shell.clone(), authorities.clone(), helm];
        self.registry.image("alpine/helm", version.trim_start_matches('v'), &layers, process)?;
        add_ons::chart(&self.registry)?;
        add_ons::workloads(&self.registry, &shell)?;
        add_ons::flux(&self.registry, self.tools, &authorities, self.scratch)?;

        let process = Process { command: &["sh"], ..Process::default() };
        self.registry.image("lab/test", "1", &[shell.clone(), curl], process)?;
        let agent = Files::from([("cni-stand-in".to_owned(), Entry::Text(CNI_STAND_IN.to_owned()))]);
        let agent = self.registry.layer(&agent)?;
        let process = Process { command: &["sh", "/cni-stand-in"], ..Process::default() };
        self.registry.image("lab/cni-stand-in", "1", &[shell, filters, kubectl, agent], process)
    }

    /// What kubeadm asks for, under the names and tags that it asks for.
    fn control_plane(&self, filters: &Layer) -> anyhow::Result<()> {
        let node = self.tools.built("kubernetes-node")?;
        let kubeadm = node.join("kubeadm");
        let version = recipe::find("kubernetes-node").and_then(recipe::Recipe::version).unwrap_or_default();
        let list = ["config", "images", "list", "--kubernetes-version", version];
        let wanted = output(command(&kubeadm.display().to_string()).args(list))?;
        for name in wanted.lines() {
            let image = name.strip_prefix("registry.k8s.io/").with_context(|| format!("an image {name}"))?;
            let (repository, tag) = image.rsplit_once(':').with_context(|| format!("an image {name}"))?;
            let plain = Process::default();
            let put = |layers: &[Layer], process| self.registry.image(repository, tag, layers, process);
            match repository {
                "kube-apiserver" | "kube-controller-manager" => {
                    put(&[self.program("kubernetes", &[repository], "usr/local/bin")?], plain)?;
                }
                "kube-scheduler" => {
                    put(&[self.program("kubernetes-node", &[repository], "usr/local/bin")?], plain)?;
                }
                "kube-proxy" => {
                    let program = self.program("kubernetes-node", &[repository], "usr/local/bin")?;
                    put(&[filters.clone(), program], plain)?;
                }
                "etcd" => {
                    let server = self.program("etcd", &["etcd"], "usr/local/bin")?;
                    put(&[server, self.program("etcdctl", &["etcdctl"], "usr/local/bin")?], plain)?;
                }
                "coredns/coredns" => {
                    let process = Process { entrypoint: &["/coredns"], ..plain };
                    let program = self.program("coredns", &["coredns"], "")?;
                    put(std::slice::from_ref(&program), process)?;
                    // So it is asked for where `imageRepository` names a registry of one's own.
                    self.registry.image("coredns", tag, &[program], process)?;
                }
                "pause" => {
                    let process = Process { entrypoint: &["/pause"], user: "65535:65535", ..plain };
                    put(&[self.pause()?], process)?;
                }
                _ => anyhow::bail!("kubeadm asks for {name}, and nobody knows what that is"),
            }
        }
        Ok(())
    }

    fn program(&self, tool: &str, names: &[&str], folder: &str) -> anyhow::Result<Layer> {
        let built = self.tools.built(tool)?;
        let path = |name: &str| format!("{folder}/{name}").trim_start_matches('/').to_owned();
        let files = names.iter().map(|name| (path(name), Entry::Program(built.join(name)))).collect();
        self.registry.layer(&files)
    }

    fn pause(&self) -> anyhow::Result<Layer> {
        let (source, program) = (self.scratch.join("pause.c"), self.scratch.join("pause"));
        fs::write(&source, PAUSE).context("writing pause.c")?;
        let mut cc = command("cc");
        cc.args(["-Os", "-static", "-s", "-o"]).arg(&program).arg(&source);
        output(&mut cc)?;
        self.registry.layer(&Files::from([("pause".to_owned(), Entry::Program(program))]))
    }

    /// The certificates of public authorities.
    fn authorities(&self) -> anyhow::Result<Files> {
        let path = "etc/ssl/certs/ca-certificates.crt";
        let text = fs::read_to_string(self.base.join(path)).context("reading the public authorities")?;
        Ok(Files::from([(path.to_owned(), Entry::Text(text))]))
    }

    /// iptables in both kinds, nft, ipset and conntrack, out of the base.
    fn packet_filters(&self) -> anyhow::Result<Files> {
        let extensions = "/usr/lib/x86_64-linux-gnu/xtables";
        let kinds = ["nft", "legacy"];
        let mut programs = ["ipset", "nft", "conntrack"].map(|name| format!("/usr/sbin/{name}")).to_vec();
        programs.extend(kinds.map(|kind| format!("/usr/sbin/xtables-{kind}-multi")));
        let mut links = Files::new();
        let folder = self.base.join(&extensions[1..]);
        for entry in fs::read_dir(&folder).context("looking for the extensions of iptables")? {
            let path = format!("{extensions}/{}", entry?.file_name().to_string_lossy());
            match fs::read_link(self.base.join(&path[1..])) {
                Ok(target) => {
                    let target = Entry::Link(target.display().to_string());
                    links.insert(path[1..].to_owned(), target);
                }
                Err(_) => programs.push(path),
            }
        }
        for kind in kinds {
            for family in ["ip", "ip6"] {
                for verb in ["", "-save", "-restore"] {
                    let target = Entry::Link(format!("xtables-{kind}-multi"));
                    links.insert(format!("usr/sbin/{family}tables-{kind}{verb}"), target.clone());
                    if kind == "nft" {
                        links.insert(format!("usr/sbin/{family}tables{verb}"), target);
                    }
                }
            }
        }
        let mut files = self.with_libraries(&programs)?;
        files.extend(links);
        Ok(files)
    }

    /// Programs of the base with the libraries that they load.
    fn with_libraries(&self, programs: &[String]) -> anyhow::Result<Files> {
        let arguments = [self.base.display().to_string(), "ldd".to_owned()];
        let listed = run("chroot", arguments.iter().chain(programs))?;
        let mut paths: BTreeSet<&str> = libraries(&listed).collect();
        paths.extend(programs.iter().map(String::as_str));
        let file = |path: &str| {
            // What a link in the base leads to, as seen in it.
            let resolved = run("chroot", [&arguments[0], "readlink", "-f", path])?;
            let from = self.base.join(resolved.trim().trim_start_matches('/'));
            anyhow::Ok((path.trim_start_matches('/').to_owned(), Entry::Program(from)))
        };
        paths.into_iter().map(file).collect()
    }
}

/// The paths in what `ldd` prints.
fn libraries(listed: &str) -> impl Iterator<Item = &str> {
    let lines = listed.lines().filter(|line| line.contains(" (0x"));
    lines
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/') && word.contains(".so")))
}

/// A shell with what scripts usually call, on busybox.
fn shell() -> Files {
    let mut files: Files = APPLETS
        .split_whitespace()
        .map(|name| (format!("bin/{name}"), Entry::Link("busybox".to_owned())))
        .collect();
    files.insert("bin/busybox".to_owned(), Entry::Program(PathBuf::from("/bin/busybox")));
    files.insert("etc/passwd".to_owned(), Entry::Text("root:x:0:0::/root:/bin/sh\n".to_owned()));
    files.insert("tmp/.keep".to_owned(), Entry::Text(String::new()));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_libraries_are_found_in_the_loaders_list() {
        let listed = "/usr/sbin/nft:\n\tlinux-vdso.so.1 (0x00007ffc)\n\tlibnftables.so.1 => /lib/x86_64-linux-gnu/libnftables.so.1 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let found: Vec<_> = libraries(listed).collect();
        assert_eq!(found, ["/lib/x86_64-linux-gnu/libnftables.so.1", "/lib64/ld-linux-x86-64.so.2"]);
    }
}

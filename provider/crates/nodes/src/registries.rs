//! Registry mirrors, as containerd takes them: a directory for each host.

use std::collections::BTreeMap;

use domain::mirrors::Mirrors;

use crate::script::File;

/// The files of `mirrors`, by path.
///
/// A mirror stands in for its registry altogether: upstream is not asked behind its back. A mirror without TLS is told
/// so under its own name too, for images that name it themselves.
pub fn files(mirrors: &Mirrors) -> Vec<File> {
    let mut hosts: BTreeMap<String, String> = BTreeMap::new();
    for (registry, replacement) in mirrors.registries() {
        // Binaries and charts have mirrors too; a host without a dot or a port is no registry's.
        if !registry.contains(['.', ':']) {
            continue;
        }
        let url = if replacement.contains("://") {
            replacement.to_owned()
        } else {
            format!("https://{replacement}")
        };
        if let Some(host) = url.strip_prefix("http://") {
            let host = host.split('/').next().unwrap_or(host).to_owned();
            hosts.entry(host.clone()).or_insert_with(|| hosts_toml(&format!("http://{host}")));
        }
        hosts.insert(registry.to_owned(), hosts_toml(&url));
    }
    hosts
        .into_iter()
        .map(|(host, content)| File::readable(format!("/etc/containerd/certs.d/{host}/hosts.toml"), content))
        .collect()
}

fn hosts_toml(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if path.is_empty() {
        return format!(
            "server = \"{scheme}://{host}\"\n\n[host.\"{scheme}://{host}\"]\n  capabilities = \
                 [\"pull\", \"resolve\"]\n"
        );
    }
    // A registry behind a path: the API's version goes before it, and is said to be there.
    let url = format!("{scheme}://{host}/v2/{path}");
    format!(
        "server = \"{url}\"\n\n[host.\"{url}\"]\n  capabilities = [\"pull\", \"resolve\"]\n  \
             override_path = true\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_stands_in_for_its_registry_and_is_known_without_tls() {
        let mirrors = Mirrors(BTreeMap::from([
            ("registry.k8s.io".to_owned(), "http://10.77.0.1:5000".to_owned()),
            ("quay.io".to_owned(), "mirror.example/quay".to_owned()),
            ("quay.io/cilium".to_owned(), "elsewhere.example".to_owned()),
        ]));
        let files = files(&mirrors);
        let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "/etc/containerd/certs.d/10.77.0.1:5000/hosts.toml",
                "/etc/containerd/certs.d/quay.io/hosts.toml",
                "/etc/containerd/certs.d/registry.k8s.io/hosts.toml",
            ]
        );
        insta::assert_snapshot!(
            files.iter().map(|file| file.content.as_str()).collect::<Vec<_>>().join("---\n")
        );
    }
}

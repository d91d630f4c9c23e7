//! Where to fetch from instead: the provider's `mirrors`.

use std::collections::BTreeMap;

/// Prefixes of addresses and what stands in for them.
///
/// A prefix is written without a scheme, as in `dl.k8s.io` or `registry.k8s.io/coredns`, and stands for whole parts of
/// an address: `dl.k8s` is none of `dl.k8s.io`. A replacement may name its scheme; without one the address keeps its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirrors(pub BTreeMap<String, String>);

impl Mirrors {
    /// The address to use for `address`, which may begin with a scheme. The longest prefix that fits decides.
    pub fn rewrite(&self, address: &str) -> String {
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, address),
        };
        let fitting = self.0.iter().filter_map(|(prefix, replacement)| {
            let prefix = prefix.trim_end_matches('/');
            let rest = rest.strip_prefix(prefix)?;
            (rest.is_empty() || rest.starts_with(['/', ':', '@'])).then_some((
                prefix.len(),
                replacement,
                rest,
            ))
        });
        let Some((_, replacement, rest)) = fitting.max_by_key(|(length, ..)| *length) else {
            return address.to_owned();
        };
        let replaced = format!("{}{rest}", replacement.trim_end_matches('/'));
        match scheme {
            Some(scheme) if !replacement.contains("://") => format!("{scheme}://{replaced}"),
            Some(_) => replaced,
            None => replaced.split_once("://").map_or_else(|| replaced.clone(), |(_, rest)| rest.to_owned()),
        }
    }

    /// Registries as a whole that have a stand-in: host and replacement, in order.
    ///
    /// A prefix with a path is none of them: a container runtime is told of hosts only.
    pub fn registries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(prefix, replacement)| (prefix.trim_end_matches('/'), replacement.trim_end_matches('/')))
            .filter(|(prefix, _)| !prefix.contains('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrors(pairs: &[(&str, &str)]) -> Mirrors {
        Mirrors(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
    }

    #[test]
    fn the_longest_prefix_decides_and_only_whole_parts_count() {
        let some =
            mirrors(&[("dl.k8s.io", "m.example/k8s"), ("dl.k8s.io/release/v1", "http://other.example")]);
        assert_eq!(some.rewrite("https://dl.k8s.io/release/x"), "https://m.example/k8s/release/x");
        assert_eq!(some.rewrite("https://dl.k8s.io/release/v1/kubelet"), "http://other.example/kubelet");
        assert_eq!(some.rewrite("https://dl.k8s.io.example/x"), "https://dl.k8s.io.example/x");
        assert_eq!(some.rewrite("https://elsewhere/x"), "https://elsewhere/x");
    }

    #[test]
    fn an_image_stays_without_a_scheme() {
        let some = mirrors(&[("registry.k8s.io", "http://10.0.0.1:5000/k8s/")]);
        assert_eq!(some.rewrite("registry.k8s.io/pause:3.10"), "10.0.0.1:5000/k8s/pause:3.10");
    }

    #[test]
    fn only_whole_hosts_are_registries() {
        let some = mirrors(&[("docker.io", "m.example"), ("quay.io/cilium", "m.example/cilium")]);
        assert_eq!(some.registries().collect::<Vec<_>>(), [("docker.io", "m.example")]);
    }
}

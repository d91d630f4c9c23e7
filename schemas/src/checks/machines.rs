//! Checks of what says where machines are and what is put on them.

use std::net::IpAddr;

use ipnet::IpNet;
use semver::Version;
use tf_value::attribute::Complaint;
use tf_value::raw::Raw;

use super::{is_label_text, label, one_of};
use crate::resources::custom_cluster::node::{ARCHITECTURES, ARTIFACTS};

fn unusable(text: &str, what: &str, way_out: &str) -> Complaint {
    Complaint {
        summary: "Not written as it must be".to_owned(),
        detail: format!("`{text}` {what}.\n\n{way_out}"),
    }
}

fn parsed_version(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

/// A version of Kubernetes.
pub fn version(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let is_one = parsed_version(text).is_some_and(|version| version.major == 1 && version.build.is_empty());
    (!is_one).then(|| {
        unusable(
            text,
            "is not a version of Kubernetes",
            "Write it with all its parts, like `1.34.4` or `v1.34.4`.",
        )
    })
}

/// Whether two texts name one version.
pub fn versions_are_alike(one: &Raw, other: &Raw) -> bool {
    let version = |value: &Raw| value.text().and_then(parsed_version);
    version(one).is_some_and(|one| Some(one) == version(other))
}

/// An IP address.
pub fn ip(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    text.parse::<IpAddr>().is_err().then(|| {
        unusable(text, "is not an IP address", "Write it like `10.0.0.11`, without a prefix or a port.")
    })
}

/// Where a machine is, without a port.
pub fn host(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    (text.parse::<IpAddr>().is_err() && !is_dns_name(text)).then(|| {
        unusable(
            text,
            "is neither an IP address nor a DNS name",
            "Write it like `10.0.0.11` or `cp1.example`. A port belongs into `port`, a user into `user`.",
        )
    })
}

/// Labels of letters of either case, digits and dashes.
fn is_dns_name(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.len() <= 253 && text.split('.').all(|part| label("Part", part, 63).is_none())
}

/// A name that is no address: kubeadm can exchange what is behind a name, but not a name.
pub fn endpoint_name(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    (text.parse::<IpAddr>().is_ok() || !is_dns_name(text) || text.to_ascii_lowercase() != text).then(|| {
        unusable(
            text,
            "is not the DNS name of an API",
            "Write a name in lower case, like `api.factory.example`, without scheme and port. It need not be in DNS: \
             unless `dns_managed` is set, every machine of the cluster is told of it.",
        )
    })
}

/// A port.
pub fn port(value: &Raw) -> Option<Complaint> {
    let Raw::Number(number) = value else { return None };
    let is_one = number.as_i64().is_some_and(|port| (1..=65535).contains(&port));
    (!is_one).then(|| unusable(&number.to_string(), "is not a port", "Write a whole number from 1 to 65535."))
}

/// A fingerprint of a host key. Only the shape: what is in it is compared with what a machine proves.
pub fn host_key(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let digest = text.strip_prefix("SHA256:").map(|digest| digest.strip_suffix('=').unwrap_or(digest));
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    let is_one = digest.is_some_and(|digest| digest.len() == 43 && digest.chars().all(is_base64));
    (!is_one).then(|| {
        unusable(
            text,
            "is not the fingerprint of a host key",
            "Write it as `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` on the machine shows it: `SHA256:` and 43 \
             letters.",
        )
    })
}

/// Ranges of addresses.
pub fn ranges(value: &Raw) -> Option<Complaint> {
    let texts = elements(value);
    if texts.is_empty() {
        return Some(Complaint {
            summary: "Nothing is in it".to_owned(),
            detail: "The list is empty.\n\nWrite one range, or remove the attribute for its default."
                .to_owned(),
        });
    }
    texts.into_iter().find_map(|text| match text.parse::<IpNet>() {
        Err(_) => Some(unusable(text, "is not a range of addresses", "Write it like `10.244.0.0/16`.")),
        Ok(range) if range.trunc() != range => Some(unusable(
            text,
            "is an address in a range, not the range",
            &format!("Write `{}`.", range.trunc()),
        )),
        Ok(_) => None,
    })
}

/// The known texts of a list or a set.
fn elements(value: &Raw) -> Vec<&str> {
    match value {
        Raw::List(elements) | Raw::Set(elements) => elements.iter().filter_map(Raw::text).collect(),
        _ => Vec::new(),
    }
}

/// What a certificate can be for.
pub fn certificate_names(value: &Raw) -> Option<Complaint> {
    elements(value).into_iter().find_map(|text| {
        let name = text.strip_prefix("*.").unwrap_or(text);
        (text.parse::<IpAddr>().is_err() && !is_dns_name(name)).then(|| {
            unusable(
                text,
                "is neither a DNS name nor an IP address",
                "Write names like `api.factory.example` and addresses like `10.0.0.11`, without scheme and port.",
            )
        })
    })
}

/// The key of a label or a taint.
pub fn label_key(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let (prefix, name) = text.rsplit_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    let is_one = is_label_text(name) && !name.is_empty() && prefix.is_none_or(is_dns_name);
    (!is_one).then(|| {
        unusable(
            text,
            "cannot be a key",
            "Use at most 63 letters, digits, dashes, underscores and dots, beginning and ending with a letter or a \
             digit; a DNS name and a slash may come before it.",
        )
    })
}

/// The value of a label or a taint.
pub fn label_value(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    (!is_label_text(text)).then(|| {
        unusable(
            text,
            "cannot be a value",
            "Use at most 63 letters, digits, dashes, underscores and dots, beginning and ending with a letter or a digit.",
        )
    })
}

/// Where a chart is.
pub fn chart_source(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let rest = ["oci://", "https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let problem = match rest {
        None => "it begins with none of `oci://`, `https://` and `http://`",
        Some(rest) => match authority(rest) {
            (Some(_), _) => "it holds credentials, which would be stored in state",
            (None, "") => "no host follows the scheme",
            (None, _) => return None,
        },
    };
    Some(Complaint {
        summary: "Chart's source cannot be used".to_owned(),
        // The URL is not repeated: it may hold a password.
        detail: format!(
            "The URL is not usable: {problem}.\n\nWrite it like `oci://registry.example/charts/cilium`, or like \
             `https://charts.example` for a repository that has the chart."
        ),
    })
}

/// What is before an `@` in the authority of a URL, and the host with its port.
fn authority(rest: &str) -> (Option<&str>, &str) {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    }
}

/// A proxy.
pub fn proxy_url(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let rest = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let problem = match rest {
        None => "it begins with neither `http://` nor `https://`",
        Some(rest) => match authority(rest) {
            (Some(_), _) => "it holds credentials, which would be stored in state",
            (None, "") => "no host follows the scheme",
            (None, _) => return None,
        },
    };
    Some(Complaint {
        summary: "Proxy cannot be used".to_owned(),
        // The URL is not repeated: it may hold a password.
        detail: format!(
            "The URL is not usable: {problem}.\n\nWrite it like `http://proxy.example:3128`, and let the proxy know the \
             machines by their addresses."
        ),
    })
}

/// Prefixes of addresses and what stands in for them.
pub fn mirrors(value: &Raw) -> Option<Complaint> {
    value.entries()?.iter().find_map(|(prefix, replacement)| {
        let replacement = replacement.text()?;
        let rest = replacement.split_once("://").map_or(replacement, |(_, rest)| rest);
        let problem = if prefix.is_empty() || prefix.contains("://") {
            "the prefix is empty or has a scheme"
        } else {
            match authority(rest) {
                (Some(_), _) => "the replacement holds credentials, which machines would keep",
                (None, "") => "the replacement names no host",
                (None, _) => return None,
            }
        };
        Some(Complaint {
            summary: "Mirror cannot be used".to_owned(),
            // The replacement is not repeated: it may hold a password.
            detail: format!(
                "The mirror of `{prefix}` is not usable: {problem}.\n\nWrite it like `\"dl.k8s.io\" = \
                 \"mirror.example/k8s\"`: a prefix without a scheme, and a host with or without one."
            ),
        })
    })
}

/// The beginning of an image's name, or all of it.
pub fn image_place(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let is_one = !text.is_empty()
        && !text.contains("://")
        && !text.ends_with('/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/@".contains(c));
    (!is_one).then(|| {
        unusable(
            text,
            "cannot be the place of an image",
            "Write it like `registry.example/k8s`, without a scheme and without a slash at the end.",
        )
    })
}

/// A command-line argument's name.
pub fn argument_name(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let is_one = !text.is_empty()
        && !text.starts_with('-')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    (!is_one).then(|| {
        unusable(
            text,
            "is not the name of an argument",
            "Write it without dashes before it, like `audit-log-maxage`.",
        )
    })
}

/// What kubeadm patches (its documentation, "Customizing with patches", read 2026-11-21).
const PATCHED: [&str; 6] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubeletconfiguration",
    "corednsdeployment",
];

/// File names of patches, and that each is a document. kubeadm passes over what it does not recognise.
pub fn patches(value: &Raw) -> Option<Complaint> {
    value.entries()?.iter().find_map(|(name, content)| {
        if !is_patch_name(name) {
            return Some(unusable(
                name,
                "is not the file name of a patch",
                &format!(
                    "Write it like `kube-apiserver0+merge.yaml`: one of `{}`, a suffix if you like, `+strategic`, \
                     `+merge` or `+json` if you like, and `.yaml` or `.json`.",
                    PATCHED.join("`, `")
                ),
            ));
        }
        let problem = serde_saphyr::from_str::<serde_json::Value>(content.text()?).err()?;
        Some(unusable(name, &format!("is not YAML: {problem}"), "Correct the patch."))
    })
}

fn is_patch_name(name: &str) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    let (stem, kind) = stem.split_once('+').unwrap_or((stem, "strategic"));
    let suffix = PATCHED.iter().find_map(|target| stem.strip_prefix(target));
    ["yaml", "json"].contains(&extension)
        && ["strategic", "merge", "json"].contains(&kind)
        && suffix
            .is_some_and(|suffix| suffix.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'))
}

/// Versions by artifact.
pub fn artifact_versions(value: &Raw) -> Option<Complaint> {
    value.entries()?.iter().find_map(|(name, version)| {
        one_of(&Raw::string(name), ARTIFACTS).or_else(|| {
            let text = version.text()?;
            parsed_version(text)
                .is_none()
                .then(|| unusable(text, "is not a version", "Write it with all its parts, like `2.4.2`."))
        })
    })
}

/// Digests by artifact and architecture.
pub fn artifact_digests(value: &Raw) -> Option<Complaint> {
    value.entries()?.iter().find_map(|(name, digests)| {
        one_of(&Raw::string(name), ARTIFACTS).or_else(|| digests.entries()?.iter().find_map(digest))
    })
}

fn digest((arch, digest): (&String, &Raw)) -> Option<Complaint> {
    one_of(&Raw::string(arch), ARCHITECTURES).or_else(|| {
        let text = digest.text()?;
        let is_one = text.len() == 64 && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        (!is_one).then(|| {
            unusable(
                text,
                "is not a SHA-256",
                "Write 64 hexadecimal digits in lower case, as `sha256sum` prints them.",
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(check: fn(&Raw) -> Option<Complaint>, value: &Raw) -> Option<String> {
        check(value).map(|complaint| complaint.summary)
    }

    #[track_caller]
    fn assert_texts(check: fn(&Raw) -> Option<Complaint>, good: &[&str], bad: &[&str], summary: &str) {
        for text in good {
            assert_eq!(said(check, &Raw::string(*text)), None, "{text}");
        }
        for text in bad {
            assert_eq!(said(check, &Raw::string(*text)).as_deref(), Some(summary), "{text}");
        }
    }

    const UNUSABLE: &str = "Not written as it must be";

    #[test]
    fn places_of_machines() {
        let bad = ["10.0.0.11/24", "cp1", ""];
        assert_texts(ip, &["10.0.0.11", "fd00::1"], &bad, "Not written as it must be");
        let not_hosts = ["10.0.0.11:22", "admin@cp1", "", "-a", "a..b", "ssh://a"];
        assert_texts(host, &["10.0.0.11", "fd00::1", "cp1", "CP1.example"], &not_hosts, UNUSABLE);
        let not_names = ["10.0.0.11", "https://api.x", "api.x:6443", "API.x", ""];
        assert_texts(endpoint_name, &["api.factory.internal"], &not_names, UNUSABLE);
        let key = "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDlaXrS3kKlYt2BUlE";
        assert_texts(host_key, &[key], &["MD5:aa:bb", "SHA256:abc", "ssh-ed25519 AAAA"], UNUSABLE);
        for (number, good) in [(22, true), (65535, true), (0, false), (65536, false)] {
            assert_eq!(port(&Raw::Number(i64::into(number))).is_none(), good, "{number}");
        }
    }

    #[test]
    fn versions_of_kubernetes() {
        assert_texts(version, &["1.34.4", "v1.34.4", "1.35.0-rc.1"], &["1.34", "34", "2.0.0", ""], UNUSABLE);
        assert!(versions_are_alike(&Raw::string("v1.34.4"), &Raw::string("1.34.4")));
        assert!(!versions_are_alike(&Raw::string("1.34.4"), &Raw::string("1.34.5")));
        assert!(!versions_are_alike(&Raw::string("x"), &Raw::string("x")), "neither can be used");
    }

    #[test]
    fn ranges_are_ranges() {
        let list = |texts: &[&str]| Raw::List(texts.iter().map(|text| Raw::string(*text)).collect());
        assert_eq!(ranges(&list(&["10.244.0.0/16", "fd00::/56"])), None);
        assert!(ranges(&list(&[])).is_some_and(|told| told.summary == "Nothing is in it"));
        assert!(
            ranges(&list(&["10.244.1.0/16"])).is_some_and(|told| told.detail.contains("`10.244.0.0/16`"))
        );
        assert_eq!(said(ranges, &list(&["10.244.0.0"])).as_deref(), Some(UNUSABLE));
        assert_eq!(certificate_names(&list(&["api.x", "*.x", "10.0.0.1"])), None);
        assert!(certificate_names(&list(&["https://x"])).is_some());
    }

    #[test]
    fn keys_and_values_of_taints() {
        assert_texts(label_key, &["gpu", "example.com/gpu"], &["", "a b", "/gpu", "-a"], UNUSABLE);
        assert_texts(label_value, &["", "yes"], &["-x", "a b"], UNUSABLE);
    }

    #[test]
    fn places_hold_no_credentials_and_are_not_repeated() {
        let chart = "Chart's source cannot be used";
        assert_texts(
            chart_source,
            &["oci://r/c", "https://r"],
            &["r/c", "https://", "https://u:hunter2@r"],
            chart,
        );
        let proxy = "Proxy cannot be used";
        assert_texts(proxy_url, &["http://p:3128"], &["p:3128", "http://", "http://u:hunter2@p"], proxy);
        let mirror =
            |prefix: &str, text: &str| mirrors(&Raw::Map([(prefix.to_owned(), Raw::string(text))].into()));
        assert_eq!(mirror("dl.k8s.io", "http://m.example/k8s"), None);
        assert_eq!(mirror("quay.io/cilium", "m.example:5000"), None);
        for (prefix, text) in [("https://dl.k8s.io", "m"), ("", "m"), ("a", ""), ("a", "http://u:hunter2@m")]
        {
            let told = mirror(prefix, text).unwrap();
            assert_eq!(told.summary, "Mirror cannot be used", "{prefix}");
            assert!(!told.detail.contains("hunter2"));
        }
        for check in [chart_source, proxy_url] {
            assert!(!check(&Raw::string("https://u:hunter2@p")).unwrap().detail.contains("hunter2"));
        }
    }

    #[test]
    fn what_is_put_on_machines() {
        assert_texts(
            image_place,
            &["r.example:5000/k8s", "a/b@sha256:c"],
            &["", "https://r", "r/"],
            UNUSABLE,
        );
        assert_texts(argument_name, &["audit-log-maxage", "v"], &["", "--v", "a b"], UNUSABLE);
        let map = |key: &str, value: Raw| Raw::Map([(key.to_owned(), value)].into());
        for good in ["etcd.json", "kube-apiserver0+merge.yaml", "kubeletconfiguration+strategic.yaml"] {
            assert_eq!(patches(&map(good, Raw::string("a: 1"))), None, "{good}");
        }
        for bad in ["apiserver.yaml", "etcd.toml", "etcd+x.yaml", "etcd", "etcd/0.yaml"] {
            assert_eq!(said(patches, &map(bad, Raw::string("a: 1"))).as_deref(), Some(UNUSABLE), "{bad}");
        }
        assert!(
            patches(&map("etcd.yaml", Raw::string("{ a: [")))
                .is_some_and(|told| told.detail.contains("YAML"))
        );
        assert_eq!(artifact_versions(&map("runc", Raw::string("v1.5.2"))), None);
        assert!(artifact_versions(&map("crictl", Raw::string("1.0.0"))).is_some());
        assert!(artifact_versions(&map("runc", Raw::string("newest"))).is_some());
        let digest = |arch: &str, text: &str| map("kubelet", map(arch, Raw::string(text)));
        assert_eq!(artifact_digests(&digest("amd64", &"0f".repeat(32))), None);
        assert!(artifact_digests(&digest("amd64", "0f")).is_some());
        assert!(artifact_digests(&digest("riscv", &"0f".repeat(32))).is_some());
    }
}

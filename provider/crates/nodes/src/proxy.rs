//! Proxies on the way out, and what goes past them.

use domain::node_setup::NodeSetup;

/// The environment of a program that follows the site's proxies; empty without any.
///
/// Shape: each name in both spellings, because programs differ; `NO_PROXY` holds the cluster's own ranges and names.
pub fn environment(setup: &NodeSetup) -> Vec<(String, String)> {
    let Some(proxy) = &setup.proxy else { return Vec::new() };
    let mut all = Vec::new();
    let no_proxy = no_proxy(setup);
    let pairs = [
        ("HTTP_PROXY", proxy.http.as_deref()),
        ("HTTPS_PROXY", proxy.https.as_deref()),
        ("NO_PROXY", Some(&no_proxy)),
    ];
    for (name, value) in pairs {
        if let Some(value) = value {
            all.push((name.to_owned(), value.to_owned()));
            all.push((name.to_lowercase(), value.to_owned()));
        }
    }
    all
}

/// What must not go through a proxy: this machine, all machines, pods, services, the API's name, and what the user adds.
pub fn no_proxy(setup: &NodeSetup) -> String {
    let mut parts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    parts.extend(setup.machine_addresses.iter().map(ToString::to_string));
    parts.extend(setup.network.pod_cidrs.iter().map(ToString::to_string));
    parts.extend(setup.network.service_cidrs.iter().map(ToString::to_string));
    parts.push(setup.endpoint.host.clone());
    parts.push(".svc".to_owned());
    parts.push(format!(".{}", setup.network.dns_domain));
    parts.extend(setup.proxy.iter().flat_map(|proxy| proxy.no_proxy.iter().cloned()));
    let mut seen = std::collections::BTreeSet::new();
    parts.retain(|part| seen.insert(part.clone()));
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use domain::node_setup::ProxySpec;

    use super::*;
    use crate::testing;

    #[test]
    fn the_clusters_own_goes_past_the_proxy() {
        let mut setup = testing::setup();
        assert_eq!(environment(&setup), []);
        setup.machine_addresses = ["10.77.0.11".parse().unwrap()].into();
        setup.proxy = Some(ProxySpec {
            http: None,
            https: Some("http://proxy.example:3128".into()),
            no_proxy: vec![".example".into(), "localhost".into()],
        });
        let environment = environment(&setup);
        assert_eq!(environment[0], ("HTTPS_PROXY".into(), "http://proxy.example:3128".into()));
        assert_eq!(
            environment.last().unwrap().1,
            "localhost,127.0.0.1,::1,10.77.0.11,10.244.0.0/16,10.96.0.0/12,api.factory.internal,.svc,.cluster.local,.example"
        );
    }
}

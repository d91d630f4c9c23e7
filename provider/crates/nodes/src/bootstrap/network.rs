//! What is put into a cluster so that its pods have a network, by what the configuration says.

use std::net::IpAddr;

use domain::custom_cluster::{ChartSpec, CniSpec};
use domain::node_setup::{NodeSetup, YamlText};
use serde_json::Value;

use super::charts::{ChartSource, Cni};
use super::objects::{self, Bootstrap, First, HELM_IMAGE, Release};
use crate::digest;
use crate::problem::Problem;
use crate::yaml;

/// The attribute that holds the documents.
const MANIFESTS: &str = "network.cni.manifests";

/// The release that a pod network's chart makes.
///
/// # Errors
///
/// [`Problem`] for a network, a version or a source that is not known, and for values that are no mapping.
pub fn release(setup: &NodeSetup, chart: &ChartSpec) -> Result<Release, Problem> {
    let cni = Cni::parse(&chart.network)?;
    let named = || chart.network.clone();
    let version = chart
        .version
        .clone()
        .or_else(|| cni.default_version().map(str::to_owned))
        .ok_or_else(|| Problem::NoCniVersion(named()))?;
    let source =
        chart.source.as_deref().or_else(|| cni.repository()).ok_or_else(|| Problem::NoCniSource(named()))?;
    Ok(Release {
        name: cni.as_str().to_owned(),
        namespace: cni.namespace().to_owned(),
        chart: ChartSource::new(source, cni.chart(), &version, chart.digest.as_deref(), &setup.mirrors),
        values: cni.values(setup, chart.values.as_ref())?,
    })
}

/// The Job that makes the release, where the API answers at `api`.
///
/// # Errors
///
/// As [`release`].
pub fn job(setup: &NodeSetup, chart: &ChartSpec, api: IpAddr, first: First) -> Result<Bootstrap, Problem> {
    let image = setup.mirrors.rewrite(chart.helm_image.as_deref().unwrap_or(HELM_IMAGE));
    objects::objects(&release(setup, chart)?, &image, api, setup.endpoint.port, first)
}

/// The documents of a network that is no chart.
///
/// # Errors
///
/// [`Problem`] for one that is no mapping.
pub fn documents(manifests: &[YamlText]) -> Result<Vec<Value>, Problem> {
    let mut all = Vec::new();
    for text in manifests {
        all.extend(yaml::documents(text, MANIFESTS)?.into_iter().map(Value::Object));
    }
    Ok(all)
}

/// What is noted once the network is installed, and compared later: it changes with whatever is put into the cluster. None
/// where nothing is.
///
/// # Errors
///
/// As [`release`] and [`documents`].
pub fn wanted(setup: &NodeSetup, cni: &CniSpec) -> Result<Option<String>, Problem> {
    match cni {
        CniSpec::Chart(chart) => {
            // Where the API answers and who runs helm is nothing of the network's.
            let nowhere = IpAddr::from([0, 0, 0, 0]);
            Ok(Some(job(setup, chart, nowhere, First::Nothing)?.name))
        }
        CniSpec::Manifests(manifests) if manifests.is_empty() => Ok(None),
        CniSpec::Manifests(manifests) => {
            let documents: Vec<_> = documents(manifests)?.iter().map(ToString::to_string).collect();
            Ok(Some(format!("manifests-{}", digest::of(documents.iter().map(String::as_str), 8))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn chart(network: &str) -> ChartSpec {
        ChartSpec {
            network: network.to_owned(),
            version: None,
            source: None,
            digest: None,
            values: None,
            helm_image: None,
        }
    }

    #[test]
    fn a_network_without_version_or_source_has_to_be_told_them() {
        let setup = testing::setup();
        assert!(release(&setup, &chart("cilium")).is_ok());
        assert!(matches!(release(&setup, &chart("calico")), Err(Problem::NoCniVersion(_))));
        let versioned = |network| ChartSpec { version: Some("1.2.3".to_owned()), ..chart(network) };
        assert!(matches!(release(&setup, &versioned("kube-router")), Err(Problem::NoCniSource(_))));
        let sourced = ChartSpec { source: Some("oci://r.example/x".into()), ..versioned("kube-router") };
        assert_eq!(release(&setup, &sourced).unwrap().chart.url, "oci://r.example/x");
    }

    #[test]
    fn what_is_noted_changes_with_what_is_put_into_the_cluster_and_nothing_else() {
        let setup = testing::setup();
        let noted = |chart: ChartSpec| wanted(&setup, &CniSpec::Chart(chart)).unwrap().unwrap();
        let one = noted(chart("cilium"));
        assert_eq!(one, noted(ChartSpec { helm_image: Some("x/helm:1".to_owned()), ..chart("cilium") }));
        let valued =
            ChartSpec { values: Some(YamlText("debug: {enabled: true}".to_owned())), ..chart("cilium") };
        assert_ne!(one, noted(valued));
    }

    #[test]
    fn documents_are_compared_by_meaning() {
        let text = |text: &str| CniSpec::Manifests(vec![YamlText(text.to_owned())]);
        let noted = |cni: &CniSpec| wanted(&testing::setup(), cni).unwrap();
        let one = noted(&text("kind: A\nx: 1\n---\nkind: B\n"));
        assert_eq!(one, noted(&text("---\n# spelt otherwise\n{x: 1, kind: A}\n---\n---\nkind: \"B\"\n")));
        assert_ne!(one, noted(&text("kind: A\nx: 2\n---\nkind: B\n")));
        assert_eq!(noted(&CniSpec::Manifests(vec![])), None);
        assert!(documents(&[YamlText("- list".to_owned())]).is_err());
    }
}

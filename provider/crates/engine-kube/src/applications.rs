//! The applications of a host, put together from Flux's objects.

use std::collections::HashMap;
use std::sync::Arc;

use domain::application::{ApplicationFacts, Carrier, PlacementFacts, PlacementId};
use domain::name::Name;

use crate::flux_object::FluxObject as _;
use crate::git_repository::GitRepository;
use crate::helm_chart::{self, HelmChart};
use crate::helm_release::HelmRelease;
use crate::kustomization::Kustomization;
use crate::labels::APPLICATION;
use crate::metadata::Metadata;

/// Flux's objects that fleets keep on a host for distribution.
pub(crate) struct FluxObjects {
    pub(crate) sources: Vec<GitRepository>,
    pub(crate) kustomizations: Vec<Kustomization>,
    pub(crate) releases: Vec<HelmRelease>,
    pub(crate) charts: Vec<HelmChart>,
}

impl FluxObjects {
    /// The objects that carry policies, each with the metadata it bears.
    pub(crate) fn placements(&self) -> impl Iterator<Item = (&Metadata, PlacementId, PlacementFacts)> {
        let id = |metadata: &Metadata, carrier: Carrier| PlacementId { name: metadata.name.clone(), carrier };
        let charts: HashMap<_, _> = self
            .charts
            .iter()
            .map(|chart| ((chart.metadata.namespace.as_deref(), chart.metadata.name.as_str()), chart))
            .collect();
        let kustomizations = self.kustomizations.iter().filter_map(move |one| {
            Some((&one.metadata, id(&one.metadata, Kustomization::CARRIER), one.to_facts()?))
        });
        let releases = self.releases.iter().filter_map(move |one| {
            let namespace = one.metadata.namespace.as_deref();
            let chart = helm_chart::name_of(namespace.unwrap_or_default(), &one.metadata.name);
            let chart = charts.get(&(namespace, chart.as_str())).copied();
            Some((&one.metadata, id(&one.metadata, HelmRelease::CARRIER), one.to_facts(chart)?))
        });
        kustomizations.chain(releases)
    }
}

/// Applications by namespace and name: each is put together once, not by every read out of all objects.
#[derive(Default)]
pub(crate) struct Applications(HashMap<String, HashMap<String, Arc<ApplicationFacts>>>);

impl Applications {
    /// Puts the objects of each application together.
    pub(crate) fn of(objects: &FluxObjects) -> Self {
        let mut found = HashMap::<String, HashMap<String, ApplicationFacts>>::new();
        let mut its = |metadata: &Metadata, add: &mut dyn FnMut(&mut ApplicationFacts)| {
            let (Some(namespace), Some(name)) = (&metadata.namespace, metadata.label(APPLICATION)) else {
                return;
            };
            add(found.entry(namespace.clone()).or_default().entry(name.to_owned()).or_default());
        };
        for source in &objects.sources {
            // Others may bear an application's label by mistake; its source bears its name too.
            if source.metadata.label(APPLICATION) == Some(&source.metadata.name) {
                its(&source.metadata, &mut |facts| facts.source = Some(source.to_facts()));
            }
        }
        for (metadata, id, placement) in objects.placements() {
            let mut placement = Some((id, placement));
            its(metadata, &mut |facts| facts.placements.extend(placement.take()));
        }
        let shared = |facts: HashMap<String, ApplicationFacts>| {
            facts.into_iter().map(|(name, facts)| (name, Arc::new(facts))).collect()
        };
        Self(found.into_iter().map(|(namespace, facts)| (namespace, shared(facts))).collect())
    }

    /// One application; of one that is not there nothing is found.
    pub(crate) fn find(&self, namespace: &str, application: &Name) -> Arc<ApplicationFacts> {
        let found = self.0.get(namespace).and_then(|names| names.get(application.as_str()));
        found.map(Arc::clone).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::{FLEET, MEMBER, POLICY};
    use serde_json::json;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn source(namespace: &str, object: &str, application: &str) -> GitRepository {
        let labels = json!({ FLEET: "demo", APPLICATION: application });
        let metadata = json!({ "namespace": namespace, "name": object, "labels": labels });
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    }

    fn placement(namespace: &str, application: &str, member: &str) -> Kustomization {
        let labels = json!({ FLEET: "demo", APPLICATION: application, POLICY: "base", MEMBER: member });
        let object = format!("{application}-base-{member}");
        let metadata = json!({ "namespace": namespace, "name": object, "labels": labels });
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    }

    #[test]
    fn each_application_has_its_own_objects_and_nobody_elses() {
        let found = Applications::of(&FluxObjects {
            sources: vec![source("one", "web", "web"), source("one", "copy-of-web", "web")],
            kustomizations: vec![
                placement("one", "web", "hub"),
                placement("one", "web", "edge"),
                placement("one", "web-two", "hub"),
                placement("two", "web", "hub"),
            ],
            releases: vec![],
            charts: vec![],
        });
        let placements = |namespace: &str, application: &str| {
            let found = found.find(namespace, &name(application));
            (found.source.is_some(), found.placements.keys().map(|id| id.name.clone()).collect::<Vec<_>>())
        };
        assert_eq!(placements("one", "web"), (true, vec!["web-base-edge".into(), "web-base-hub".into()]));
        assert_eq!(placements("one", "web-two"), (false, vec!["web-two-base-hub".into()]));
        assert_eq!(placements("two", "web"), (false, vec!["web-base-hub".into()]));
        assert_eq!(placements("two", "other"), (false, Vec::new()));
    }

    #[test]
    fn a_thousand_reads_put_an_application_together_once() {
        let found = Applications::of(&FluxObjects {
            sources: vec![source("one", "web", "web")],
            kustomizations: vec![],
            releases: vec![],
            charts: vec![],
        });
        let first = found.find("one", &name("web"));
        assert!((0..1_000).all(|_| Arc::ptr_eq(&first, &found.find("one", &name("web")))));
    }
}

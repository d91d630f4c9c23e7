//! Flux on a cluster.

use async_trait::async_trait;
use domain::fleet::{FluxFacts, FluxSpec};
use domain::mark::Phase;
use domain::name::Name;
use engines::error::EngineError;
use engines::flux::Flux;
use engines::limits::Limits;

use crate::cluster::KubeCluster;
use crate::collection::Extent;
use crate::definition;
use crate::flux_install::DEFINITION;
use crate::git_repository;
use crate::kustomization;
use crate::labels::{FLUX_INSTALLED_BY, FLUX_PHASE};
use crate::metadata::{AnyObject, Metadata};
use crate::namespace;

#[async_trait]
impl Flux for KubeCluster {
    async fn look_at_flux(&self, limits: &Limits) -> Result<FluxFacts, EngineError> {
        let definitions = definition::collection();
        let (sources, kustomizations, definition) = futures::try_join!(
            self.served(git_repository::API_VERSION, limits),
            self.served(kustomization::API_VERSION, limits),
            self.find::<AnyObject>(&definitions, DEFINITION, Extent::Metadata, limits),
        )?;
        let served = sources.contains_key("GitRepository") && kustomizations.contains_key("Kustomization");
        Ok(judge(served, definition.as_ref().map(|found| &found.metadata)))
    }

    async fn observe_flux(&self, namespaces: &[&str], limits: &Limits) -> Result<FluxFacts, EngineError> {
        let installed_by = match self.look_at_flux(limits).await? {
            FluxFacts::Served { installed_by } => installed_by,
            other => return Ok(other),
        };
        let answers = match self.first_to_hold(namespaces, limits).await? {
            Some(namespace) => self.do_controllers_answer(namespace, limits).await?,
            None => false,
        };
        Ok(if answers { FluxFacts::Working { installed_by } } else { FluxFacts::Silent { installed_by } })
    }

    async fn install_flux(&self, spec: &FluxSpec, fleet: &Name, limits: &Limits) -> Result<(), EngineError> {
        self.install(spec, fleet, limits).await
    }

    async fn remove_flux(&self, fleet: &Name, limits: &Limits) -> Result<(), EngineError> {
        self.remove_installed(fleet, limits).await
    }
}

impl KubeCluster {
    /// The first of `namespaces` in which an object can be made.
    async fn first_to_hold<'a>(
        &self,
        namespaces: &[&'a str],
        limits: &Limits,
    ) -> Result<Option<&'a str>, EngineError> {
        let collection = namespace::collection();
        for name in namespaces {
            let found = self.find::<AnyObject>(&collection, name, Extent::Metadata, limits).await?;
            if found.is_some_and(|found| !found.metadata.is_deleting()) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

/// What is true of Flux, from whether its kinds are served and from the definition that says who installed it.
fn judge(served: bool, definition: Option<&Metadata>) -> FluxFacts {
    let installed_by = definition.and_then(|found| found.annotation(FLUX_INSTALLED_BY)).map(str::to_owned);
    let cut = definition.is_some_and(|found| {
        found.annotation(FLUX_PHASE) == Some(Phase::Creating.as_str()) || found.is_deleting()
    });
    match installed_by {
        Some(installed_by) if cut || !served => FluxFacts::Unfinished { installed_by },
        installed_by if served => FluxFacts::Served { installed_by },
        _ => FluxFacts::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, Asked, cluster, limits, refuses};
    use serde_json::{Value, json};
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn an_installation_of_ours_that_was_cut_off_is_told_from_a_whole_one_and_from_others() {
        let definition = |annotations: &[(&str, &str)], deleting: bool| Metadata {
            annotations: annotations.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            deletion_timestamp: deleting.then(|| "2026-11-21T08:00:00Z".to_owned()),
            ..Metadata::default()
        };
        let (by, creating, ready) =
            ((FLUX_INSTALLED_BY, "demo"), (FLUX_PHASE, "creating"), (FLUX_PHASE, "ready"));
        let demo = || "demo".to_owned();
        let unfinished = || FluxFacts::Unfinished { installed_by: demo() };
        for (served, found, want) in [
            (false, None, FluxFacts::Absent),
            (false, Some(definition(&[], false)), FluxFacts::Absent),
            (true, Some(definition(&[], false)), FluxFacts::Served { installed_by: None }),
            (true, Some(definition(&[by, ready], false)), FluxFacts::Served { installed_by: Some(demo()) }),
            (true, Some(definition(&[by, creating], false)), unfinished()),
            (false, Some(definition(&[by, ready], false)), unfinished()),
            (true, Some(definition(&[by, ready], true)), unfinished()),
        ] {
            assert_eq!(judge(served, found.as_ref()), want, "{served} {found:?}");
        }
    }

    fn kinds(kind: &str) -> Answer {
        let resource = json!({ "name": "any", "kind": kind, "namespaced": true });
        Answer::Says(200, json!({ "resources": [resource] }))
    }

    /// A host that serves Flux's kinds and has these namespaces; whether a controller puts its finalizer on a probe.
    fn host(namespaces: &'static [(&'static str, bool)], answers: bool) -> (KubeCluster, Asked) {
        let probes = Arc::new(Mutex::new(BTreeSet::<String>::new()));
        cluster(PATIENCE, move |line, _| {
            let (method, path) = line.split_once(' ').unwrap();
            let path = path.split('?').next().unwrap();
            if path.ends_with("/apis/source.toolkit.fluxcd.io/v1") {
                return kinds("GitRepository");
            }
            if path.ends_with("/apis/kustomize.toolkit.fluxcd.io/v1") {
                return kinds("Kustomization");
            }
            if let Some(name) = path.strip_prefix("/api/v1/namespaces/") {
                let Some((_, deleting)) = namespaces.iter().find(|(known, _)| *known == name) else {
                    return refuses(404, "NotFound");
                };
                let deleted = if *deleting { json!("2026-11-21T08:00:00Z") } else { Value::Null };
                return Answer::Says(
                    200,
                    json!({ "metadata": { "name": name, "deletionTimestamp": deleted } }),
                );
            }
            if !path.ends_with("/kurator-probe") {
                return refuses(404, "NotFound");
            }
            let mut probes = probes.lock().unwrap();
            match method {
                "PATCH" if path.contains("/namespaces/vanishing/") => return refuses(404, "NotFound"),
                "PATCH" => {
                    probes.insert(path.to_owned());
                }
                "DELETE" => {
                    probes.remove(path);
                }
                _ if !probes.contains(path) => return refuses(404, "NotFound"),
                _ => {}
            }
            let finalizers = if answers { json!(["finalizers.fluxcd.io"]) } else { json!([]) };
            let metadata = json!({ "name": "kurator-probe", "uid": "u-1", "finalizers": finalizers });
            Answer::Says(200, json!({ "metadata": metadata }))
        })
    }

    fn probed(asked: &Asked) -> Vec<String> {
        let asked = asked.lock().unwrap();
        let patches =
            asked.iter().filter(|line| line.starts_with("PATCH") && line.contains("gitrepositories"));
        patches.map(|line| line.split('/').nth(5).unwrap().to_owned()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_goes_where_there_is_a_place_for_it() {
        const ASKED: [&str; 3] = ["flux-system", "kurator-demo", "default"];
        const HOSTS: [(&[(&str, bool)], &str); 3] = [
            (&[("flux-system", false), ("default", false)], "flux-system"),
            (&[("kurator-demo", false), ("default", false)], "kurator-demo"),
            (&[("flux-system", true), ("kurator-demo", true), ("default", false)], "default"),
        ];
        for (namespaces, place) in HOSTS {
            let (hub, asked) = host(namespaces, true);
            let found = hub.observe_flux(&ASKED, &limits()).await.unwrap();
            assert_eq!(found, FluxFacts::Working { installed_by: None }, "{place}");
            assert_eq!(probed(&asked), [place]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flux_that_cannot_be_tried_or_does_not_answer_is_silent() {
        let silent = FluxFacts::Silent { installed_by: None };
        let (hub, asked) = host(&[("flux-system", true)], true);
        assert_eq!(hub.observe_flux(&["flux-system", "default"], &limits()).await.unwrap(), silent);
        assert_eq!(probed(&asked), [""; 0], "there is nowhere to put a probe");
        let (hub, _) = host(&[("vanishing", false)], true);
        assert_eq!(hub.observe_flux(&["vanishing"], &limits()).await.unwrap(), silent);
        let (hub, _) = host(&[("flux-system", false)], false);
        assert_eq!(hub.observe_flux(&["flux-system"], &limits()).await.unwrap(), silent);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_writes_nothing() {
        let (hub, asked) = host(&[("flux-system", false)], true);
        assert_eq!(hub.look_at_flux(&limits()).await.unwrap(), FluxFacts::Served { installed_by: None });
        assert!(asked.lock().unwrap().iter().all(|line| line.starts_with("GET")), "{asked:?}");
    }
}

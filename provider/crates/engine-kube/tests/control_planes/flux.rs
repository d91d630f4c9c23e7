//! Flux on a cluster.

use domain::fleet::{FluxFacts, FluxSpec};

use crate::setup::{Lab, limits, name, told};

#[tokio::test]
async fn a_living_flux_answers() {
    let Some(lab) = Lab::find() else { return };
    let hub = lab.connect("hub").await;
    let working = FluxFacts::Working { installed_by: None };
    for namespaces in [&["default"][..], &["ek-nowhere", "default"]] {
        assert_eq!(hub.flux().observe_flux(namespaces, &limits()).await.unwrap(), working);
    }
    let silent = FluxFacts::Silent { installed_by: None };
    assert_eq!(hub.flux().observe_flux(&["ek-nowhere"], &limits()).await.unwrap(), silent);
    let served = FluxFacts::Served { installed_by: None };
    assert_eq!(hub.flux().look_at_flux(&limits()).await.unwrap(), served);
}

#[tokio::test]
async fn flux_is_installed_and_removed_and_a_strangers_is_kept() {
    let (Some(lab), Some(registry)) = (Lab::find(), told("KURATOR_LAB_REGISTRY")) else { return };
    let edge = lab.connect("edge").await;
    let flux = edge.flux();
    assert_eq!(flux.look_at_flux(&limits()).await.unwrap(), FluxFacts::Absent);
    let spec = FluxSpec {
        install: true,
        source: format!("oci://{registry}/flux/manifests"),
        version: "v1".into(),
        digest: None,
        registry: Some("mirror.example/flux".into()),
        concurrency: 20,
    };
    let (demo, other) = (name("ek-demo"), name("ek-other"));
    flux.install_flux(&spec, &demo, &limits()).await.unwrap();
    // Nothing runs pods in this lab, so the controllers stay silent. A second run is safe, also for another fleet.
    flux.install_flux(&spec, &demo, &limits()).await.unwrap();
    flux.install_flux(&spec, &other, &limits()).await.unwrap();
    let facts = flux.observe_flux(&["default"], &limits()).await.unwrap();
    assert_eq!(facts, FluxFacts::Silent { installed_by: Some("ek-demo".into()) }, "it stays the first one's");

    flux.remove_flux(&other, &limits()).await.unwrap();
    let facts = flux.look_at_flux(&limits()).await.unwrap();
    assert_eq!(facts, FluxFacts::Served { installed_by: Some("ek-demo".into()) }, "another fleet's stays");
    flux.remove_flux(&demo, &limits()).await.unwrap();
    assert_eq!(flux.look_at_flux(&limits()).await.unwrap(), FluxFacts::Absent);
}

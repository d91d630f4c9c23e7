//! Flux on a cluster.

use domain::fleet::{FluxFacts, FluxSpec};

use crate::setup::{Lab, incarnation, limits, told};

#[tokio::test]
async fn a_living_flux_answers() {
    let Some(lab) = Lab::find() else { return };
    let hub = lab.connect("hub").await;
    let facts = hub.flux().observe_flux("default", &limits()).await.unwrap();
    assert_eq!(facts, FluxFacts::Working { installed_by: None });
}

#[tokio::test]
async fn flux_is_installed_and_removed_and_a_strangers_is_kept() {
    let (Some(lab), Some(registry)) = (Lab::find(), told("KURATOR_LAB_REGISTRY")) else { return };
    let edge = lab.connect("edge").await;
    let flux = edge.flux();
    assert_eq!(flux.observe_flux("default", &limits()).await.unwrap(), FluxFacts::Absent);
    let spec = FluxSpec {
        install: true,
        source: format!("oci://{registry}/flux/manifests"),
        version: "v1".into(),
        digest: None,
        registry: Some("mirror.example/flux".into()),
        concurrency: 20,
    };
    flux.install_flux(&spec, &incarnation("i-1"), &limits()).await.unwrap();
    // Nothing runs pods in this lab, so the controllers stay silent; a second run, with a new incarnation, is safe.
    flux.install_flux(&spec, &incarnation("i-2"), &limits()).await.unwrap();
    let facts = flux.observe_flux("default", &limits()).await.unwrap();
    assert_eq!(facts, FluxFacts::Silent { installed_by: Some("i-2".into()) });

    flux.remove_flux(&incarnation("i-1"), &limits()).await.unwrap();
    let facts = flux.observe_flux("default", &limits()).await.unwrap();
    assert_eq!(facts, FluxFacts::Silent { installed_by: Some("i-2".into()) }, "another incarnation's stays");
    flux.remove_flux(&incarnation("i-2"), &limits()).await.unwrap();
    assert_eq!(flux.observe_flux("default", &limits()).await.unwrap(), FluxFacts::Absent);
}

use super::*;
use domain::application::Placement;
use domain::mark::Incarnation;
use domain::name::Name;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn helm() -> HelmSpec {
    HelmSpec {
        chart: "./charts/web".into(),
        reconcile_strategy: ReconcileStrategy::Revision,
        values_files: vec!["./charts/web/values.yaml".into(), "./edge.yaml".into()],
        values: r#"{"a":[1,"2",true],"b":{},"c":1.5}"#.into(),
        release_name: "web".into(),
        target_namespace: "apps".into(),
        interval: duration::parse("5m").unwrap(),
        timeout: Some(duration::parse("90s").unwrap()),
        install_retries: Some(0),
        upgrade_retries: None,
    }
}

fn written() -> Value {
    let placement = Placement { policy: name("base"), member: name("edge"), content: Content::Helm(helm()) };
    let (fleet, application) = (name("demo"), name("web"));
    let incarnation = Incarnation::new("i-1");
    let put = PutPlacement { name: "web-base-edge", placement: &placement, incarnation: &incarnation };
    let of = Whose { fleet: &fleet, application: &application };
    body("kurator-demo", of, put, &helm()).unwrap()
}

fn ready(kind: &str) -> Value {
    json!([{ "type": "Ready", "status": "True", "reason": kind, "observedGeneration": 2 }])
}

/// As it is once Flux has installed it.
fn deployed() -> Value {
    let mut body = written();
    body["metadata"]["generation"] = json!(2);
    body["status"] = json!({
        "observedGeneration": 2,
        "lastAttemptedGeneration": 2,
        "lastAttemptedRevision": "1.0.0",
        "lastAttemptedConfigDigest": "sha256:aa",
        "conditions": ready("InstallSucceeded"),
        "history": [{ "status": "deployed", "chartVersion": "1.0.0", "configDigest": "sha256:aa", "version": 1 }],
        "inventory": { "entries": [
            { "id": "apps_web_apps_Deployment", "v": "v1" },
            { "id": "_webs.example.com_apiextensions.k8s.io_CustomResourceDefinition", "v": "v1" },
        ] },
    });
    body
}

fn chart(version: &str) -> HelmChart {
    serde_json::from_value(json!({
        "metadata": { "name": "kurator-demo-web-base-edge", "generation": 2 },
        "status": {
            "conditions": ready("ChartPackageSucceeded"),
            "observedSourceArtifactRevision": "main@sha1:abc",
            "artifact": { "revision": version, "size": 12 },
        },
    }))
    .unwrap()
}

fn facts(object: Value, chart: Option<&HelmChart>) -> PlacementFacts {
    serde_json::from_value::<HelmRelease>(object).unwrap().to_facts(chart).unwrap()
}

#[test]
fn a_release_reads_back_as_written() {
    let body = written();
    for (path, value) in [
        ("/spec/storageNamespace", json!("apps")),
        ("/spec/install/createNamespace", json!(true)),
        ("/spec/driftDetection/mode", json!("enabled")),
        ("/spec/kubeConfig/secretRef/name", json!("member-edge")),
        ("/spec/chart/metadata/labels/kurator.dev~1member", json!("edge")),
    ] {
        assert_eq!(body.pointer(path), Some(&value), "{path}");
    }
    assert_eq!(body["spec"].get("suspend"), None);
    let facts = facts(deployed(), Some(&chart("1.0.0")));
    assert_eq!(facts.content, Some(Content::Helm(helm())));
    assert_eq!((facts.policy, facts.member, facts.application), (name("base"), name("edge"), name("web")));
    assert_eq!(facts.progress, Progress::Ready);
    assert_eq!(facts.applied_revision.as_deref(), Some("main@sha1:abc"));
    let held: Vec<String> = facts.inventory.iter().map(ToString::to_string).collect();
    assert_eq!(held, ["Deployment apps/web"], "Helm leaves definitions behind");
}

#[test]
fn the_revision_is_applied_once_its_chart_and_these_values_are_in_place() {
    let packed = chart("1.0.0");
    let revision = |change: &dyn Fn(&mut Value), chart: Option<&HelmChart>| {
        let mut object = deployed();
        change(&mut object);
        facts(object, chart).applied_revision
    };
    let not_yet = Some("chart 1.0.0".to_owned());
    assert_eq!(revision(&|_| (), Some(&packed)).as_deref(), Some("main@sha1:abc"));
    assert_eq!(revision(&|_| (), None), not_yet);
    assert_eq!(revision(&|_| (), Some(&chart("1.1.0"))), not_yet, "a newer chart is packed");
    let mut packing = chart("1.0.0");
    packing.metadata.generation = Some(3);
    assert_eq!(revision(&|_| (), Some(&packing)), not_yet, "the chart is looked at anew");
    for (at, value) in [
        ("/metadata/generation", json!(3)),
        ("/status/lastAttemptedRevision", json!("1.1.0")),
        ("/status/lastAttemptedConfigDigest", json!("sha256:bb")),
    ] {
        let change = |object: &mut Value| *object.pointer_mut(at).unwrap() = value.clone();
        assert_eq!(revision(&change, Some(&packed)), not_yet, "{at}");
    }
    let failed = |object: &mut Value| object["status"]["history"][0]["status"] = json!("failed");
    assert_eq!(revision(&failed, Some(&packed)), None);
}

#[test]
fn a_failure_that_flux_calls_progress_is_one_after_the_last_retry() {
    let progress = |generation: i64, failures: u32, ready: &str| {
        let mut object = deployed();
        object["spec"]["upgrade"] = json!({ "remediation": { "retries": 1 } });
        object["status"]["failures"] = json!(failures);
        object["status"]["lastAttemptedReleaseAction"] = json!("upgrade");
        object["status"]["conditions"] = json!([
            { "type": "Ready", "status": ready, "message": "running", "observedGeneration": 2 },
            { "type": "Reconciling", "status": "True", "observedGeneration": 2 },
            {
                "type": "Released", "status": "False", "reason": "UpgradeFailed", "message": "no",
                "observedGeneration": generation,
            },
        ]);
        facts(object, Some(&chart("1.0.0"))).progress
    };
    let failed = Progress::Failed { reason: "UpgradeFailed".into(), message: "no".into(), stalled: false };
    let pending = Progress::Pending { message: "running".into() };
    for ready in ["False", "Unknown"] {
        assert_eq!(progress(2, 2, ready), failed, "{ready}");
        assert_eq!(progress(2, 1, ready), pending, "{ready}, with a retry left");
        assert_eq!(progress(1, 2, ready), pending, "{ready}, of an older shape");
    }
}

#[test]
fn what_keeps_the_chart_from_being_packed_is_told() {
    let mut object = deployed();
    object["status"]["conditions"] = json!([
        { "type": "Ready", "status": "False", "reason": "SourceNotReady", "observedGeneration": 2 },
        { "type": "Reconciling", "status": "True", "observedGeneration": 2 },
    ]);
    let broken: HelmChart = serde_json::from_value(json!({
        "metadata": { "name": "c", "generation": 1 },
        "status": { "conditions": [{
            "type": "Ready", "status": "False", "reason": "InvalidChartReference", "message": "no such folder",
            "observedGeneration": 1,
        }] },
    }))
    .unwrap();
    let failed = Progress::Failed {
        reason: "InvalidChartReference".into(),
        message: "no such folder".into(),
        stalled: false,
    };
    assert_eq!(facts(object, Some(&broken)).progress, failed);
    assert_eq!(facts(deployed(), Some(&broken)).progress, failed, "the old chart is in place");
}

#[test]
fn what_we_never_write_is_not_as_we_want_it() {
    for (at, value) in [
        ("/spec/storageNamespace", json!("elsewhere")),
        ("/spec/driftDetection/mode", json!("warn")),
        ("/spec/install/createNamespace", json!(false)),
        ("/spec/chart/spec/reconcileStrategy", json!("Other")),
        ("/spec/chart/metadata/labels/kurator.dev~1application", json!("other")),
    ] {
        let mut object = deployed();
        *object.pointer_mut(at).unwrap() = value;
        assert_eq!(facts(object, None).content, None, "{at}");
    }
}

//! A pod network's way in, without machines: the lab's stand-in for a node says that pods run, and runs none. With it an
//! image named `crash` fails and one named `broken` cannot be pulled.

use std::time::Duration;

use engines::bootstrap::{Bootstrap, BootstrapFacts, BootstrapJob, JobState, ReleaseFacts};
use engines::error::Kind;
use engines::wait::{Pace, Seen, until};
use kube::api::{Api, DeleteParams, DynamicObject};
use serde_json::json;

use crate::other::Other;
use crate::setup::{Lab, limits};

const NAMESPACE: &str = "ek-bootstrap";
const JOB: &str = "ek-cni-1";

fn job(image: &str) -> BootstrapJob {
    let image = format!("registry.example/{image}");
    let container = json!({ "name": "helm", "image": image, "args": ["upgrade", "ek-cni"] });
    let spec = json!({ "restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "serviceAccountName": NAMESPACE, "containers": [container] });
    let there = json!({ "name": NAMESPACE, "namespace": NAMESPACE });
    let rbac = "rbac.authorization.k8s.io";
    BootstrapJob {
        namespace: NAMESPACE.into(),
        name: JOB.into(),
        base: vec![
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }),
            json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": there }),
        ],
        binding: json!({
            "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": { "name": NAMESPACE },
            "roleRef": { "apiGroup": rbac, "kind": "ClusterRole", "name": "view" },
            "subjects": [{ "kind": "ServiceAccount", "name": NAMESPACE, "namespace": NAMESPACE }],
        }),
        secret: json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": JOB, "namespace": NAMESPACE },
            "stringData": { "values.yaml": "{}" },
        }),
        job: json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": JOB, "namespace": NAMESPACE },
            "spec": { "backoffLimit": 0, "template": { "spec": spec } },
        }),
    }
}

async fn look(cluster: &dyn Bootstrap) -> BootstrapFacts {
    cluster.look_at_job(NAMESPACE, JOB, NAMESPACE, "ek-cni", &limits()).await.unwrap()
}

#[tokio::test]
async fn a_job_is_run_to_its_end_and_documents_of_new_kinds_are_applied() {
    let (Some(lab), Some(other)) = (Lab::find(), Other::on_edge().await) else { return };
    let edge = lab.connect("edge").await;
    let (cluster, limits) = (edge.bootstrap(), limits());
    let namespaces = other.api("", "v1", "Namespace", None);
    let secrets = other.api("", "v1", "Secret", Some(NAMESPACE));
    let bindings = other.api("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", None);
    let rights_are_gone = async || {
        let binding = bindings.get_opt(NAMESPACE).await.unwrap();
        assert!(binding.is_none_or(|binding| binding.metadata.deletion_timestamp.is_some()));
        assert!(secrets.get_opt(JOB).await.unwrap().is_none());
    };
    gone(&namespaces).await;
    assert_eq!(look(cluster).await, BootstrapFacts::default());

    let error = cluster.run_job(&job("crash"), &limits).await.unwrap_err();
    assert_eq!(error.kind, Kind::Rejected);
    assert!(error.chain().contains("BackoffLimitExceeded"), "{}", error.chain());
    assert!(error.chain().contains("container `helm` ended with 1"), "{}", error.chain());
    assert_eq!(look(cluster).await.job, JobState::Failed);
    rights_are_gone().await;

    // A Job of the same name is made anew, first after a failure, then because its pod never started.
    let error = cluster.run_job(&job("broken"), &limits.at_most(Duration::from_secs(4))).await.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    assert!(error.chain().contains("ImagePullBackOff"), "{}", error.chain());
    assert_eq!(look(cluster).await.job, JobState::Active);
    rights_are_gone().await;

    cluster.note(NAMESPACE, "first", &limits).await.unwrap();
    cluster.run_job(&job("helm"), &limits).await.unwrap();
    rights_are_gone().await;
    // The namespace was applied once more, without the note.
    assert_eq!(cluster.noted(NAMESPACE, &limits).await.unwrap().as_deref(), Some("first"));

    for (revision, status) in [("1", "superseded"), ("2", "deployed")] {
        let labels = json!({ "owner": "helm", "name": "ek-cni", "status": status, "version": revision });
        let metadata = json!({ "name": format!("sh.helm.release.v1.ek-cni.v{revision}"), "labels": labels });
        let secret = json!({ "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1", "metadata": metadata });
        other.make(&secrets, secret).await;
    }
    let release = ReleaseFacts { status: "deployed".into(), revision: 2 };
    assert_eq!(look(cluster).await.release, Some(release));

    documents_are_applied(&other, cluster).await;
    gone(&namespaces).await;
}

/// Deletes the namespace and waits until it is gone.
async fn gone(namespaces: &Api<DynamicObject>) {
    until("waiting for the end of", NAMESPACE, Pace::CONTROLLER, &limits(), || async {
        match namespaces.delete(NAMESPACE, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Seen::Ready(())),
            _ => Ok(Seen::Pending("it is there".to_owned())),
        }
    })
    .await
    .unwrap();
}

async fn documents_are_applied(other: &Other, cluster: &dyn Bootstrap) {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "ekpools.ek.example" },
        "spec": {
            "group": "ek.example", "scope": "Namespaced", "names": { "kind": "EkPool", "plural": "ekpools" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true } } }],
        },
    });
    let there = json!({ "name": "a", "namespace": NAMESPACE });
    let documents = [
        json!({ "apiVersion": "ek.example/v1", "kind": "EkPool", "metadata": there, "spec": { "size": 1 } }),
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": there, "data": { "a": "1" } }),
        definition,
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }),
    ];
    cluster.apply_documents(&documents, &limits()).await.unwrap();
    cluster.apply_documents(&documents, &limits()).await.unwrap();
    let pools = other.api("ek.example", "v1", "EkPool", Some(NAMESPACE));
    assert_eq!(pools.get("a").await.unwrap().data["spec"]["size"], 1);
    let bad = [json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": there, "data": 1 })];
    let error = cluster.apply_documents(&bad, &limits().at_most(Duration::from_secs(5))).await.unwrap_err();
    assert_eq!(error.kind, Kind::Rejected);
    assert!(error.chain().starts_with("applying ConfigMap ek-bootstrap/a: "), "{}", error.chain());
    let definitions = other.api("apiextensions.k8s.io", "v1", "CustomResourceDefinition", None);
    definitions.delete("ekpools.ek.example", &DeleteParams::default()).await.unwrap();
}

//! Jobs on an API server that remembers what is put, and says of a Job's pod what a test lets it say.

use super::*;
use crate::double::{Answer, Asked, cluster, limits, refuses};
use engines::bootstrap::Bootstrap as _;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const JOB: &str = "/apis/batch/v1/namespaces/boot/jobs/cni-1";
const BINDING: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/boot";
const SECRET: &str = "/api/v1/namespaces/boot/secrets/cni-1";
const NAMESPACE: &str = "/api/v1/namespaces/boot";

/// What the controllers say of a Job and of its pod, by how often it was looked at.
type Course = Box<dyn Fn(u32) -> (Value, Value) + Send + Sync>;

struct Server {
    objects: BTreeMap<String, Value>,
    uids: u32,
    looks: u32,
    course: Course,
    /// What events say of everything.
    warning: Option<&'static str>,
}

type Shared = Arc<Mutex<Server>>;

fn wanted() -> BootstrapJob {
    let named = |api: &str, kind: &str, namespace: Option<&str>, name: &str| json!({ "apiVersion": api, "kind": kind, "metadata": { "name": name, "namespace": namespace } });
    BootstrapJob {
        namespace: "boot".into(),
        name: "cni-1".into(),
        base: vec![
            named("v1", "Namespace", None, "boot"),
            named("v1", "ServiceAccount", Some("boot"), "boot"),
        ],
        binding: named("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", None, "boot"),
        secret: named("v1", "Secret", Some("boot"), "cni-1"),
        job: named("batch/v1", "Job", Some("boot"), "cni-1"),
    }
}

fn condition(kind: &str) -> Value {
    json!([{ "type": kind, "status": "True", "reason": "BackoffLimitExceeded", "message": "it has failed" }])
}

fn waiting(reason: &str, message: &str) -> Value {
    let waiting = json!({ "waiting": { "reason": reason, "message": message } });
    json!({ "phase": "Pending", "containerStatuses": [{ "name": "helm", "state": waiting }] })
}

fn kinds(path: &str) -> Value {
    let one = |name: &str, kind: &str, namespaced: bool| json!({ "name": name, "kind": kind, "namespaced": namespaced });
    let resources = match path {
        "/api/v1" => vec![
            one("namespaces", "Namespace", false),
            one("namespaces/status", "Namespace", false),
            one("serviceaccounts", "ServiceAccount", true),
            one("secrets", "Secret", true),
        ],
        "/apis/batch/v1" => vec![one("jobs", "Job", true)],
        _ => vec![one("clusterrolebindings", "ClusterRoleBinding", false)],
    };
    json!({ "resources": resources })
}

impl Server {
    fn answer(&mut self, line: &str, mut body: Value) -> Answer {
        let (method, uri) = line.split_once(' ').unwrap();
        let path = uri.split('?').next().unwrap();
        match method {
            "PATCH" => {
                self.uids += 1;
                body["metadata"]["uid"] = json!(format!("u{}", self.uids));
                self.objects.insert(path.to_owned(), body.clone());
                return Answer::Says(200, body);
            }
            "DELETE" => {
                self.objects.remove(path);
                return Answer::Says(200, json!({}));
            }
            _ => {}
        }
        if ["/api/v1", "/apis/batch/v1", "/apis/rbac.authorization.k8s.io/v1"].contains(&path) {
            return Answer::Says(200, kinds(path));
        }
        if path.ends_with("/events") {
            let event = |message| json!({ "type": "Warning", "reason": "FailedMount", "message": message });
            return Answer::Says(
                200,
                json!({ "items": self.warning.map(event).into_iter().collect::<Vec<_>>() }),
            );
        }
        if path.ends_with("/log") {
            return Answer::Says(200, json!(format!("Error of {}", uri.split('=').nth(1).unwrap())));
        }
        if path.ends_with("/pods") {
            let (_, status) = (self.course)(self.looks);
            let pod = json!({ "metadata": { "name": "cni-1-x", "uid": "p" }, "status": status });
            let is_there = !status.is_null() && self.objects.contains_key(JOB);
            return Answer::Says(200, json!({ "items": if is_there { vec![pod] } else { vec![] } }));
        }
        let Some(object) = self.objects.get(path) else { return refuses(404, "NotFound") };
        let mut object = object.clone();
        if path == JOB {
            self.looks += 1;
            object["status"] = json!({ "conditions": (self.course)(self.looks).0 });
        }
        Answer::Says(200, object)
    }
}

/// A server, one that it speaks through, and what it is asked.
fn server(course: impl Fn(u32) -> (Value, Value) + Send + Sync + 'static) -> (Shared, KubeCluster, Asked) {
    let server =
        Server { objects: BTreeMap::new(), uids: 0, looks: 0, course: Box::new(course), warning: None };
    let server = Arc::new(Mutex::new(server));
    let shared = Arc::clone(&server);
    let (cluster, asked) =
        cluster(Duration::from_secs(5), move |line, body| shared.lock().unwrap().answer(line, body));
    (server, cluster, asked)
}

fn left(server: &Shared) -> Vec<String> {
    let all = [JOB, BINDING, SECRET, NAMESPACE];
    let server = server.lock().unwrap();
    all.iter().filter(|path| server.objects.contains_key(**path)).map(|path| (*path).to_owned()).collect()
}

/// The writes, as `METHOD path`.
fn writes(asked: &Asked) -> Vec<String> {
    let asked = asked.lock().unwrap();
    let writes = asked.iter().filter(|line| !line.starts_with("GET"));
    writes.map(|line| line.split('?').next().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ended_well_goes_with_its_rights_and_values() {
    let (server, cluster, asked) = server(|looks| match looks {
        0..3 => (json!([]), json!({ "phase": "Running" })),
        _ => (condition("Complete"), json!({ "phase": "Succeeded" })),
    });
    cluster.run_job(&wanted(), &limits()).await.unwrap();
    assert_eq!(left(&server), [NAMESPACE]);
    let writes = writes(&asked);
    let put = |path: &str| format!("PATCH {path}");
    assert_eq!(writes[0], put(NAMESPACE));
    assert_eq!(writes[2..5], [put(BINDING), put(SECRET), put(JOB)]);
    assert_eq!(writes[5..], [BINDING, SECRET, JOB].map(|path| format!("DELETE {path}")));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_failed_stays_and_its_last_lines_are_told() {
    let (server, cluster, _) = server(|_| {
        let ended = |name: &str, code: i32| json!({ "name": name, "state": { "terminated": { "exitCode": code, "reason": "Error" } } });
        let status = json!({ "phase": "Failed", "initContainerStatuses": [ended("first", 1)], "containerStatuses": [ended("helm", 0)] });
        (condition("Failed"), status)
    });
    let error = cluster.run_job(&wanted(), &limits()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Rejected);
    assert_eq!(
        error.chain(),
        "running Job boot/cni-1: BackoffLimitExceeded: it has failed\n\
         pod cni-1-x: container `first` ended with 1 (Error), container `helm` ended with 0 (Error)\n\
         container `first` wrote:\n\"Error of first&tailLines\""
    );
    assert_eq!(left(&server), [JOB, NAMESPACE]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ended_is_made_again_and_one_that_is_at_work_is_waited_for() {
    for (before, is_remade) in [("Failed", true), ("Complete", true), ("Suspended", false)] {
        let (server, cluster, asked) = server(move |looks| match looks {
            1 => (condition(before), json!({ "phase": "Running" })),
            _ => (condition("Complete"), json!({ "phase": "Running" })),
        });
        let found = json!({ "metadata": { "name": "cni-1", "uid": "old" } });
        server.lock().unwrap().objects.insert(JOB.to_owned(), found);
        cluster.run_job(&wanted(), &limits()).await.unwrap();
        let writes = writes(&asked);
        let is_put = writes.contains(&format!("PATCH {JOB}"));
        assert_eq!((writes[0] == format!("DELETE {JOB}"), is_put), (is_remade, is_remade), "{before}");
        assert!(writes.contains(&format!("PATCH {SECRET}")), "{before}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_does_not_come_is_told_after_a_few_tries_with_what_was_met() {
    let (server, cluster, _) = server(|looks| match looks % 2 {
        0 => (json!([]), waiting("ImagePullBackOff", "Back-off pulling image")),
        _ => (json!([]), waiting("ErrImagePull", "no such host")),
    });
    let limits = Limits::within(Duration::from_mins(10), CancellationToken::new());
    let begun = Instant::now();
    let error = cluster.run_job(&wanted(), &limits).await;
    let took = begun.elapsed();
    assert!((Duration::from_secs(50)..Duration::from_secs(70)).contains(&took), "{took:?}");
    let error = error.unwrap_err();
    assert_eq!(error.kind, Kind::Rejected);
    assert_eq!(
        error.chain(),
        "running Job boot/cni-1: its pod does not start: pod cni-1-x: container `helm`: ErrImagePull: no such host"
    );
    // Nothing is to be learned from it, and the next one may name another image.
    assert_eq!(left(&server), [NAMESPACE]);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_comes_in_the_end_is_no_trouble_and_a_bad_name_is_trouble_at_once() {
    let (_, cluster, _) = server(|looks| match looks {
        0..8 => (json!([]), waiting("ErrImagePull", "no such host")),
        _ => (condition("Complete"), json!({ "phase": "Succeeded" })),
    });
    cluster.run_job(&wanted(), &limits()).await.unwrap();

    let (_, cluster, _) = server(|_| (json!([]), waiting("InvalidImageName", "x y")));
    let begun = Instant::now();
    let error = cluster.run_job(&wanted(), &limits()).await.unwrap_err();
    assert_eq!((error.kind, begun.elapsed().as_secs()), (Kind::Rejected, 0));
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_never_started_is_made_anew_with_what_is_wanted_now() {
    let (server, cluster, asked) = server(|looks| match looks {
        0..2 => (json!([]), waiting("ImagePullBackOff", "the old one")),
        _ => (condition("Complete"), json!({ "phase": "Succeeded" })),
    });
    let found = json!({ "metadata": { "name": "cni-1", "uid": "old" } });
    server.lock().unwrap().objects.insert(JOB.to_owned(), found);
    cluster.run_job(&wanted(), &limits()).await.unwrap();
    assert!(writes(&asked).contains(&format!("PATCH {JOB}")));
}

#[tokio::test(start_paused = true)]
async fn a_time_out_tells_what_only_an_event_says_and_the_rights_go() {
    let (server, cluster, _) = server(|_| (json!([]), waiting("ContainerCreating", "")));
    server.lock().unwrap().warning = Some("no such Secret");
    let error = cluster.run_job(&wanted(), &limits().at_most(Duration::from_secs(20))).await.unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    let words = "pod cni-1-x: container `helm` waits (ContainerCreating); FailedMount: no such Secret";
    assert!(error.chain().ends_with(words), "{}", error.chain());
    assert_eq!(left(&server), [JOB, NAMESPACE]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_may_make_no_pod_says_why() {
    let (server, cluster, _) = server(|_| (json!([]), Value::Null));
    server.lock().unwrap().warning = Some("violates PodSecurity");
    let error = cluster.run_job(&wanted(), &limits()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Rejected);
    assert!(error.chain().ends_with("FailedMount: violates PodSecurity"), "{}", error.chain());
}

#[tokio::test(start_paused = true)]
async fn a_cancel_takes_the_rights_and_values_away() {
    let token = CancellationToken::new();
    let fires = token.clone();
    let (server, cluster, _) = server(move |looks| {
        if looks == 3 {
            fires.cancel();
        }
        (json!([]), json!({ "phase": "Running" }))
    });
    let limits = Limits::within(Duration::from_mins(1), token);
    let error = cluster.run_job(&wanted(), &limits).await.unwrap_err();
    assert_eq!(error.kind, Kind::Cancelled);
    assert_eq!(left(&server), [JOB, NAMESPACE]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_somebody_removes_is_not_waited_for() {
    let (server, cluster, _) = server(|_| (json!([]), json!({ "phase": "Running" })));
    let removed = Arc::clone(&server);
    let wanted = wanted();
    let limits = limits();
    let run = cluster.run_job(&wanted, &limits);
    let remove = async move {
        while !removed.lock().unwrap().objects.contains_key(JOB) {
            tokio::task::yield_now().await;
        }
        removed.lock().unwrap().objects.remove(JOB);
    };
    let (outcome, ()) = tokio::join!(run, remove);
    let error = outcome.unwrap_err();
    assert_eq!((error.kind, left(&server).len()), (Kind::Rejected, 1));
    assert!(error.chain().ends_with("somebody removed it before it ended"), "{}", error.chain());
}

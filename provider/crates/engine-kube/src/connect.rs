//! The resolver: from a reference to a cluster that was asked who it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::cluster::{ClusterFacts, ClusterUid};
use domain::cluster_ref::{ClusterRef, Place};
use engines::clusters::{Cluster, Clusters};
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::Machines;
use http::header::USER_AGENT;
use http::{HeaderValue, Request};
use serde::Deserialize;

use crate::admin_kubeconfig::{self, Giver};
use crate::blocking;
use crate::call::Caller;
use crate::cluster::{KubeCluster, Trust};
use crate::collection::{Collection, Extent};
use crate::errors::{from_kube, said};
use crate::kubeconfig::{self, Credentials};
use crate::metadata::AnyObject;
use crate::own_credentials::Own;
use crate::shared_reads::SharedReads;
use crate::single_flight::SingleFlight;
use crate::ways::{Way, Ways};

const DOING: &str = "connecting to the cluster of";

/// How we call ourselves to API servers: it is in their audit logs.
const AGENT: &str = concat!("terraform-provider-kurator/", env!("CARGO_PKG_VERSION"));

/// How long the other side may keep us waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, with its TLS handshake; and for the answer to who is there, which costs nobody anything.
    pub connect: Duration,
    /// For one request, from sending to the last byte of the answer.
    pub request: Duration,
}

impl Default for Patience {
    /// 10 s and 30 s: an API server that lists thousands of objects under load takes seconds, and one that takes
    /// half a minute is hung (lab, 2026-11-21: 1,500 objects restored in 33 s, each request under one second).
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), request: Duration::from_secs(30) }
    }
}

/// All clusters this process speaks to: one client per place, made by whoever asks first.
#[derive(Default)]
pub struct KubeClusters {
    patience: Patience,
    places: Mutex<HashMap<Place, Arc<SingleFlight<Arc<KubeCluster>>>>>,
    shared: Mutex<HashMap<ClusterUid, Arc<SharedReads>>>,
    machines: Option<Arc<dyn Machines>>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "gitVersion")]
    git_version: String,
}

impl KubeClusters {
    /// Clusters that are given `patience`.
    pub fn with_patience(patience: Patience) -> Self {
        Self { patience, ..Self::default() }
    }

    /// The same clusters, and those whose kubeconfig is on a machine that `machines` lead to.
    #[must_use]
    pub fn with_machines(self, machines: Arc<dyn Machines>) -> Self {
        Self { machines: Some(machines), ..self }
    }

    async fn make(&self, place: &Place, limits: &Limits) -> Result<Arc<KubeCluster>, EngineError> {
        let target = kubeconfig::describe(place);
        let met = match place {
            Place::File { .. } | Place::Env { .. } => self.meet(place, None, &target, limits).await?,
            Place::Ssh(machines) => {
                let meet = |giver| self.meet_on(place, giver, &target, limits);
                admin_kubeconfig::first(self.machines.as_deref(), machines, &target, limits, meet).await?
            }
        };
        let Met { client, facts, trust, own } = met;
        let caller = Caller::new(client, self.patience.request);
        tracing::debug!(endpoint = facts.endpoint, uid = facts.uid.as_str(), "connected");
        let shared = Arc::clone(locked(&self.shared).entry(facts.uid.clone()).or_default());
        Ok(Arc::new(KubeCluster { caller, facts, trust, own, shared }))
    }

    /// Asks the API server on a machine who it is. Another one may answer at the machine's address here than there, so
    /// one that is not trusted directly is asked once more through the machine.
    async fn meet_on(
        &self,
        place: &Place,
        giver: Giver,
        target: &str,
        limits: &Limits,
    ) -> Result<Met, EngineError> {
        match self.meet(place, Some((&giver, None)), target, limits).await {
            Err(error) if error.kind == Kind::Untrusted => {
                self.meet(place, Some((&giver, Some(Way::Tunnel))), target, limits).await
            }
            met => met,
        }
    }

    async fn meet(
        &self,
        place: &Place,
        giver: Option<(&Giver, Option<Way>)>,
        target: &str,
        limits: &Limits,
    ) -> Result<Met, EngineError> {
        let Reached { client, endpoint, trust, own } = self.client(place, giver, target, limits).await?;
        let introduction = Caller::new(client.clone(), self.patience.connect);
        let facts = ask(&introduction, endpoint, target, limits).await?;
        Ok(Met { client, facts, trust, own })
    }

    /// Reads the credentials and makes a client. Files and exec plugins block, so both happen on a thread that may;
    /// a plugin that hangs is left behind when the deadline passes.
    async fn client(
        &self,
        place: &Place,
        giver: Option<(&Giver, Option<Way>)>,
        target: &str,
        limits: &Limits,
    ) -> Result<Reached, EngineError> {
        let patience = self.patience;
        let (place, subject) = (place.clone(), target.to_owned());
        let giver = giver.map(|(giver, way)| (giver.fetched.clone(), Arc::clone(&giver.machine), way));
        let runtime = tokio::runtime::Handle::current();
        let hung = "its kubeconfig or exec plugin gave nothing in time";
        blocking::run(DOING, target, hung, limits, move || {
            let fetched = giver.as_ref().map(|(fetched, ..)| fetched);
            let Credentials { mut config, endpoint, certificate_authority, is_unchecked, own } =
                kubeconfig::load(&place, fetched)?;
            config.connect_timeout = Some(patience.connect);
            config.read_timeout = Some(patience.request);
            config.write_timeout = Some(patience.request);
            config.reset_reader_on_write = true;
            // `call.rs` asks again, within bounds of ours.
            config.default_retry = false;
            config.headers.push((USER_AGENT, HeaderValue::from_static(AGENT)));
            let trust = match certificate_authority {
                _ if is_unchecked => Trust::Anybody,
                Some(pem) => Trust::Authorities(pem),
                None => Trust::System,
            };
            let _inside = runtime.enter();
            let client = match giver {
                None => kube::Client::try_from(config),
                Some((fetched, machine, way)) => {
                    let port = config.cluster_url.port_u16().unwrap_or(443);
                    Ways::new(machine, fetched.host, port, patience.connect, way).client(&config)
                }
            };
            let client = client.map_err(|error| from_kube(DOING, &subject, &error))?;
            Ok(Reached { client, endpoint, trust, own })
        })
        .await
    }
}

/// A cluster that was asked who it is.
struct Met {
    client: kube::Client,
    facts: ClusterFacts,
    trust: Trust,
    own: Own,
}

/// What a kubeconfig leads to, not asked anything yet.
struct Reached {
    client: kube::Client,
    endpoint: String,
    trust: Trust,
    own: Own,
}

/// Asks a cluster who it is.
async fn ask(
    caller: &Caller,
    endpoint: String,
    target: &str,
    limits: &Limits,
) -> Result<ClusterFacts, EngineError> {
    let target = format!("{target} at {endpoint}");
    let kube_system =
        Collection::new("v1", "Namespace", "namespaces", None).get("kube-system", Extent::Metadata);
    let version = Request::get("/version").body(Vec::new());
    let (kube_system, version) = futures::future::try_join(
        caller.read::<AnyObject>(DOING, &target, kube_system, limits),
        caller.read::<Version>(DOING, &target, version, limits),
    )
    .await
    .map_err(|error| match error.kind {
        // "Not found" would read as "the cluster is gone", and nothing is known of it.
        Kind::NotFound => {
            said(DOING, target.as_str(), Kind::Rejected, "it is no Kubernetes API: no namespace kube-system")
        }
        _ => error,
    })?;
    let uid = kube_system.metadata.uid;
    if uid.is_empty() {
        return Err(said(DOING, target.as_str(), Kind::Rejected, "its namespace kube-system has no uid"));
    }
    let version = version.git_version;
    Ok(ClusterFacts {
        uid: ClusterUid::new(uid),
        version: version.strip_prefix('v').unwrap_or(&version).to_owned(),
        endpoint,
    })
}

#[async_trait]
impl Clusters for KubeClusters {
    async fn connect(&self, cluster: &ClusterRef, limits: &Limits) -> Result<Arc<dyn Cluster>, EngineError> {
        let flight = Arc::clone(locked(&self.places).entry(cluster.place.clone()).or_default());
        let target = kubeconfig::describe(&cluster.place);
        let connected = flight.get(DOING, &target, limits, || self.make(&cluster.place, limits)).await?;
        let connected: &Arc<KubeCluster> = &connected;
        match &cluster.uid {
            Some(uid) if *uid != connected.facts.uid => Err(said(
                DOING,
                target,
                Kind::AnotherCluster,
                format!(
                    "the cluster with uid {uid} was expected, and the one with uid {} answers",
                    connected.facts.uid
                ),
            )),
            _ => Ok(Arc::<KubeCluster>::clone(connected) as Arc<dyn Cluster>),
        }
    }

    fn forget(&self, cluster: &ClusterRef) {
        locked(&self.places).remove(&cluster.place);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing is left half done under these locks, so a panic elsewhere does not spoil them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use tokio::io::AsyncBufReadExt as _;
    use tokio_util::sync::CancellationToken;

    fn cluster_at(server: &str) -> (tempfile::TempDir, ClusterRef) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let text = format!(
            "{{current-context: a, contexts: [{{name: a, context: {{cluster: a}}}}], \
             clusters: [{{name: a, cluster: {{server: '{server}'}}}}]}}"
        );
        std::fs::write(&path, text).unwrap();
        let place = Place::File { path: path.to_str().unwrap().to_owned(), context: None };
        (folder, ClusterRef { place, uid: None })
    }

    fn clusters() -> KubeClusters {
        KubeClusters::with_patience(Patience {
            connect: Duration::from_millis(200),
            request: Duration::from_millis(400),
        })
    }

    fn limits() -> Limits {
        Limits::within(Duration::from_secs(30), CancellationToken::new())
    }

    #[tokio::test]
    async fn a_hundred_who_ask_for_a_hung_server_wait_together() {
        // The listener accepts nothing itself; the system completes the connections and nobody ever answers.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (_folder, reference) = cluster_at(&format!("https://{}", listener.local_addr().unwrap()));
        let (clusters, limits) = (clusters(), limits());
        let begun = tokio::time::Instant::now();
        let all = futures::future::join_all((0..100).map(|_| clusters.connect(&reference, &limits))).await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        for one in all {
            assert_eq!(one.err().map(|error| error.kind), Some(Kind::Unreachable));
        }
    }

    #[tokio::test]
    async fn api_servers_are_told_who_asks() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (_folder, reference) = cluster_at(&format!("http://{}", listener.local_addr().unwrap()));
        let head = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut lines = tokio::io::BufReader::new(stream).lines();
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some(agent) = line.strip_prefix("user-agent: ") {
                    return agent.to_owned();
                }
            }
            String::new()
        };
        let (clusters, limits) = (clusters(), limits());
        let (_, agent) = tokio::join!(clusters.connect(&reference, &limits), head);
        assert_eq!(agent, format!("terraform-provider-kurator/{}", env!("CARGO_PKG_VERSION")));
    }

    #[tokio::test]
    async fn a_refusing_port_is_out_of_reach_and_says_so() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (_folder, reference) = cluster_at(&format!("https://{port}"));
        let error = clusters().connect(&reference, &limits()).await.err().unwrap();
        assert_eq!(error.kind, Kind::Unreachable);
        assert!(error.chain().contains("refused"), "{}", error.chain());
    }
}

//! Draining a node: keep new pods off, and evict the others as their disruption budgets allow.

use std::sync::Mutex;

use domain::name::Name;
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::nodes::{DrainRules, Nodes as _};
use engines::wait::{Pace, Seen, until};
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use crate::cluster::KubeCluster;
use crate::errors::said;
use crate::metadata::List;
use crate::node;
use crate::pod::{self, Fate, Pod};

/// Evictions at a time: each is a request that a disruption budget may hold up for a moment.
const AT_A_TIME: usize = 16;

/// How many of the pods that are still there a message names.
const NAMED: usize = 10;

impl KubeCluster {
    pub(crate) async fn drain_node(
        &self,
        name: &Name,
        rules: DrainRules,
        limits: &Limits,
    ) -> Result<(), EngineError> {
        let limits = limits.at_most(rules.timeout);
        let target = node::collection().object(name.as_str());
        match self.set_schedulable(name, false, &limits).await {
            Err(error) if error.kind == Kind::NotFound => return Ok(()),
            other => other?,
        }
        let forbidden: Vec<String> = self
            .pods_on(name, &limits)
            .await?
            .iter()
            .filter_map(|pod| match pod.fate(rules) {
                Fate::Forbidden(why) => Some(format!("{}: {why}", pod.place())),
                Fate::Goes | Fate::Stays => None,
            })
            .collect();
        if !forbidden.is_empty() {
            return Err(said("draining", target, Kind::Rejected, in_short(&forbidden)));
        }
        until("draining", &target, Pace::CONTROLLER, &limits, || async {
            let pods = self.pods_on(name, &limits).await?;
            let left: Vec<&Pod> = pods.iter().filter(|pod| pod.fate(rules) != Fate::Stays).collect();
            if left.is_empty() {
                return Ok(Seen::Ready(()));
            }
            self.evict(&left, &limits).await.map(|held| Seen::Pending(in_short(&held)))
        })
        .await
    }

    async fn pods_on(&self, node: &Name, limits: &Limits) -> Result<Vec<Pod>, EngineError> {
        let request = pod::collection(None).list_where("spec.nodeName", node.as_str());
        let list: List<Pod> = self.caller.read("listing", "pods", request, limits).await?;
        Ok(list.items.unwrap_or_default())
    }

    /// Asks all to go, and says of each what it is at. One that is going already is not asked again.
    async fn evict(&self, pods: &[&Pod], limits: &Limits) -> Result<Vec<String>, EngineError> {
        let held = Mutex::new(Vec::new());
        let one = |pod: &&Pod| {
            let (place, metadata) = (pod.place(), pod.metadata.clone());
            let held = &held;
            async move {
                let note = |text: &str| {
                    held.lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push(format!("{place}: {text}"));
                };
                if metadata.is_deleting() {
                    note("it is being deleted");
                    return Ok(());
                }
                let collection = pod::collection(metadata.namespace.as_deref());
                // The uid keeps a successor of the same name, as a StatefulSet makes it, on its own node.
                let body = json!({
                    "apiVersion": "policy/v1",
                    "kind": "Eviction",
                    "metadata": { "name": metadata.name, "namespace": metadata.namespace },
                    "deleteOptions": { "preconditions": { "uid": metadata.uid } },
                });
                let request = collection.ask(&metadata.name, "eviction", &body);
                match self
                    .caller
                    .write::<Value>("evicting", &collection.object(&metadata.name), request, limits)
                    .await
                {
                    Ok(_) => note("it was asked to go"),
                    // 429: a disruption budget; it may allow it a moment later.
                    Err(error) if matches!(error.kind, Kind::Throttled | Kind::Busy) => note(&error.chain()),
                    // It is gone, or another one by now.
                    Err(error) if matches!(error.kind, Kind::NotFound | Kind::Conflict) => {}
                    Err(error) => return Err(error),
                }
                Ok(())
            }
        };
        let mut asked = stream::iter(pods.iter().map(one)).buffer_unordered(AT_A_TIME);
        while let Some(outcome) = asked.next().await {
            outcome?;
        }
        drop(asked);
        let mut held = held.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        held.sort();
        Ok(held)
    }
}

fn in_short(lines: &[String]) -> String {
    let text = lines.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    if lines.len() > NAMED {
        return format!("{text}; and {} more", lines.len() - NAMED);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Answer, cluster, limits, refuses};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    const RULES: DrainRules =
        DrainRules { timeout: Duration::from_secs(20), delete_emptydir: false, force: false };

    fn pod(name: &str, controller: &str) -> Value {
        json!({
            "metadata": {
                "name": name, "namespace": "web", "uid": name,
                "ownerReferences": [{ "kind": controller, "name": "a", "uid": "1", "controller": true }],
            },
        })
    }

    /// A node with these pods; an eviction is answered by `evict`, which is given how many there were before.
    fn node_with(
        pods: Vec<Value>,
        evict: impl Fn(u32) -> Answer + Send + Sync + 'static,
    ) -> (KubeCluster, crate::double::Asked) {
        let gone = Arc::new(AtomicU32::new(0));
        cluster(Duration::from_secs(5), move |line, body| {
            if line.contains("/eviction") {
                assert_eq!(body["deleteOptions"]["preconditions"]["uid"], body["metadata"]["name"]);
                let answer = evict(gone.load(Ordering::Relaxed));
                gone.fetch_add(1, Ordering::Relaxed);
                return answer;
            }
            if line.starts_with("GET /api/v1/pods") {
                assert!(line.ends_with("fieldSelector=spec.nodeName%3Dw1"), "{line}");
                // A pod goes with its second eviction.
                let left = if gone.load(Ordering::Relaxed) >= 2 { &pods[..1] } else { &pods[..] };
                return Answer::Says(200, json!({ "items": left }));
            }
            Answer::Says(200, json!({}))
        })
    }

    fn w1() -> Name {
        Name::parse("w1").unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn pods_are_asked_until_their_budget_lets_them_go() {
        let pods = vec![pod("logs", "DaemonSet"), pod("web", "ReplicaSet")];
        let (cluster, asked) = node_with(pods, |before| match before {
            0 => refuses(429, "TooManyRequests"),
            _ => Answer::Says(201, json!({})),
        });
        cluster.drain(&w1(), RULES, &limits()).await.unwrap();
        let asked = asked.lock().unwrap();
        assert_eq!(asked[0], "PATCH /api/v1/nodes/w1?fieldManager=terraform-provider-kurator-request");
        assert!(asked.iter().all(|line| !line.contains("pods/logs")), "{asked:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_not_be_evicted_is_named_before_any_pod_is_touched() {
        let mut bare = pod("bare", "ReplicaSet");
        bare["metadata"]["ownerReferences"] = json!([]);
        let (cluster, asked) =
            node_with(vec![pod("web", "ReplicaSet"), bare], |_| Answer::Says(201, json!({})));
        let error = cluster.drain(&w1(), RULES, &limits()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Rejected);
        assert_eq!(error.chain(), "draining Node w1: web/bare: no controller would make it again");
        assert!(asked.lock().unwrap().iter().all(|line| !line.contains("eviction")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_that_takes_too_long_names_what_is_still_there() {
        let pods = vec![pod("web", "ReplicaSet")];
        let (cluster, _) = node_with(pods, |_| refuses(429, "TooManyRequests"));
        let error = cluster.drain(&w1(), RULES, &limits()).await.unwrap_err();
        assert_eq!(error.kind, Kind::TimedOut);
        assert!(error.chain().contains("web/web"), "{}", error.chain());
    }

    #[tokio::test]
    async fn a_node_that_is_not_there_needs_no_drain() {
        let (cluster, _) = cluster(Duration::from_secs(5), |_, _| refuses(404, "NotFound"));
        cluster.drain(&w1(), RULES, &limits()).await.unwrap();
    }
}

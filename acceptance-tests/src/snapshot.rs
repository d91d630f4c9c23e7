//! All that is on a cluster, to compare before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::wait::until;

/// Kinds that are left out, as `GROUP/RESOURCE`, because the control plane writes them by itself all the time.
const LEFT_OUT: &[(&str, &str)] = &[
    ("/events", "a log that forgets by itself"),
    ("events.k8s.io/events", "the same log under its newer name"),
    ("coordination.k8s.io/leases", "heartbeats of API servers and controllers"),
    ("/componentstatuses", "no objects: health checks made up at each list"),
];

/// How long what is collected in the background may take: pods follow their deployments only after a while.
const SETTLES: Duration = Duration::from_secs(20);

/// Every object of every kind that can be listed, by kind, namespace and name.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot(BTreeMap<String, Value>);

impl Snapshot {
    /// Lists everything on the cluster, but for objects whose namespace or name holds one of `others`.
    ///
    /// # Errors
    ///
    /// The cluster does not answer.
    pub fn of(cluster: &Cluster, others: &[String]) -> anyhow::Result<Self> {
        let mut objects = BTreeMap::new();
        for (kind, path) in kinds(cluster)? {
            for mut object in cluster.list(&path)? {
                let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
                let key = format!("{kind} {}/{}", text("namespace"), text("name"));
                if others.iter().any(|other| key.contains(other)) {
                    continue;
                }
                strip(&kind, &mut object);
                objects.insert(key, object);
            }
        }
        Ok(Self(objects))
    }

    /// The keys of the objects for which `is_meant`, once there are none or after the time that what is collected in
    /// the background may take.
    ///
    /// # Errors
    ///
    /// The cluster does not answer.
    pub fn settled(cluster: &Cluster, is_meant: impl Fn(&str) -> bool) -> anyhow::Result<Vec<String>> {
        let mut left = Vec::new();
        let begun = Instant::now();
        until("nothing is left", 2 * SETTLES, || {
            left = Self::of(cluster, &[])?.0.into_keys().filter(|key| is_meant(key)).collect();
            Ok((left.is_empty() || begun.elapsed() > SETTLES).then_some(()))
        })?;
        Ok(left)
    }

    /// What is not as in `self`, a line each.
    pub fn differences(&self, later: &Self) -> Vec<String> {
        let keys: BTreeSet<&String> = self.0.keys().chain(later.0.keys()).collect();
        keys.into_iter()
            .filter_map(|key| match (self.0.get(key), later.0.get(key)) {
                (Some(_), None) => Some(format!("{key} is gone")),
                (None, Some(_)) => Some(format!("{key} is new")),
                (Some(before), Some(after)) if before != after => {
                    Some(format!("{key} was {before} and is {after}"))
                }
                _ => None,
            })
            .collect()
    }

    /// Checks that the cluster is as it was, or is so within a short time.
    ///
    /// # Errors
    ///
    /// It stays different; the message says what differs.
    pub fn holds(&self, cluster: &Cluster, others: &[String]) -> anyhow::Result<()> {
        let mut differences = Vec::new();
        until("nothing of ours is left", SETTLES, || {
            differences = self.differences(&Self::of(cluster, others)?);
            Ok(differences.is_empty().then_some(()))
        })
        .with_context(|| format!("{} is not as it was:\n{}", cluster.name, differences.join("\n")))
    }
}

/// The kinds that can be listed, with the path to list them at. A kind served in several versions counts once.
fn kinds(cluster: &Cluster) -> anyhow::Result<BTreeMap<String, String>> {
    let mut versions = vec![(String::new(), "/api/v1".to_owned())];
    let groups = cluster.get("/apis")?;
    for group in groups["groups"].as_array().into_iter().flatten() {
        let name = group["name"].as_str().unwrap_or_default();
        let all = group["versions"].as_array().into_iter().flatten();
        for version in std::iter::once(&group["preferredVersion"]).chain(all) {
            let version = version["groupVersion"].as_str().unwrap_or_default();
            versions.push((name.to_owned(), format!("/apis/{version}")));
        }
    }
    let mut kinds = BTreeMap::new();
    for (group, path) in versions {
        let Some(served) = cluster.find(&path)? else { continue };
        for resource in served["resources"].as_array().into_iter().flatten() {
            let name = resource["name"].as_str().unwrap_or_default();
            let can_list =
                resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&Value::from("list")));
            let kind = format!("{group}/{name}");
            let is_left_out = LEFT_OUT.iter().any(|(out, _)| *out == kind);
            if can_list && !name.contains('/') && !is_left_out {
                kinds.entry(kind).or_insert_with(|| format!("{path}/{name}"));
            }
        }
    }
    Ok(kinds)
}

/// Takes away what changes although nobody changed the object.
fn strip(kind: &str, object: &mut Value) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        // Counts every write, also one that changes nothing.
        metadata.remove("resourceVersion");
        // Who wrote last, and when: a controller that writes the same again is in it.
        metadata.remove("managedFields");
    }
    if kind == "/nodes"
        && let Some(node) = object.as_object_mut()
    {
        // The fake node says every few seconds that it is alive.
        node.remove("status");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_new_gone_or_changed_is_named() {
        let snapshot = |entries: &[(&str, Value)]| {
            Snapshot(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
        };
        let before = snapshot(&[("a", json!(1)), ("b", json!(1)), ("c", json!(1))]);
        let after = snapshot(&[("a", json!(1)), ("b", json!(2)), ("d", json!(1))]);
        assert_eq!(before.differences(&after), ["b was 1 and is 2", "c is gone", "d is new"]);
        assert!(before.differences(&before).is_empty());
    }

    #[test]
    fn what_changes_by_itself_is_not_compared() {
        let mut node =
            json!({"metadata": {"name": "n", "resourceVersion": "7", "managedFields": []}, "status": {}});
        strip("/nodes", &mut node);
        assert_eq!(node, json!({"metadata": {"name": "n"}}));
    }
}

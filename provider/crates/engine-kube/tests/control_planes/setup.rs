//! What every test here begins with.

use std::sync::Arc;
use std::time::Duration;

use domain::cluster_ref::{ClusterRef, Place};
use domain::mark::{Incarnation, Mark, Phase};
use domain::name::Name;
use engine_kube::connect::KubeClusters;
use engines::clusters::{Cluster, Clusters};
use engines::limits::Limits;
use tokio_util::sync::CancellationToken;

/// The lab's clusters, or none with the reason printed.
pub(crate) struct Lab {
    pub(crate) clusters: KubeClusters,
    kubeconfig: String,
}

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment where the lab is")]
pub(crate) fn told(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        println!("skipped: {name} is not set");
    }
    value
}

impl Lab {
    pub(crate) fn find() -> Option<Self> {
        let kubeconfig = told("KURATOR_LAB_KUBECONFIG")?;
        Some(Self { clusters: KubeClusters::default(), kubeconfig })
    }

    pub(crate) fn reference(&self, context: &str) -> ClusterRef {
        let place = Place::File { path: self.kubeconfig.clone(), context: Some(context.to_owned()) };
        ClusterRef { place, uid: None }
    }

    pub(crate) async fn connect(&self, context: &str) -> Arc<dyn Cluster> {
        self.clusters.connect(&self.reference(context), &limits()).await.unwrap()
    }
}

pub(crate) fn limits() -> Limits {
    Limits::within(Duration::from_mins(1), CancellationToken::new())
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn incarnation(text: &str) -> Incarnation {
    Incarnation::new(text)
}

pub(crate) fn mark(kind: &str, name: &Name, incarnation: &str) -> Mark {
    Mark {
        kind: kind.into(),
        name: name.to_string(),
        owner: "tests".into(),
        incarnation: Incarnation::new(incarnation),
        phase: Phase::Creating,
    }
}

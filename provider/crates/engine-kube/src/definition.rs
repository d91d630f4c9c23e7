//! A `CustomResourceDefinition`: what kind of object it defines, and whether the API server serves that.

use engines::error::EngineError;
use engines::limits::Limits;
use engines::wait::{Pace, Seen, until};
use serde::Deserialize;

use crate::cluster::KubeCluster;
use crate::collection::{Collection, Extent};
use crate::metadata::Metadata;

/// Their kind.
pub(crate) const KIND: &str = "CustomResourceDefinition";

/// A `CustomResourceDefinition`, as far as we look at it.
#[derive(Debug, Deserialize)]
pub(crate) struct Definition {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    pub(crate) spec: DefinitionSpec,
    #[serde(default)]
    status: DefinitionStatus,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DefinitionSpec {
    pub(crate) group: String,
    pub(crate) names: Names,
    pub(crate) versions: Vec<Version>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    pub(crate) kind: String,
    pub(crate) plural: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) served: bool,
}

#[derive(Debug, Default, Deserialize)]
struct DefinitionStatus {
    conditions: Option<Vec<Condition>>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

/// All definitions of custom resources.
pub(crate) fn collection() -> Collection {
    Collection::new("apiextensions.k8s.io/v1", KIND, "customresourcedefinitions", None)
}

impl KubeCluster {
    /// Waits until the API that a definition defines is served.
    ///
    /// # Errors
    ///
    /// [`engines::error::Kind::TimedOut`].
    pub(crate) async fn wait_established(&self, name: &str, limits: &Limits) -> Result<(), EngineError> {
        let collection = collection();
        let target = collection.object(name);
        until("waiting for the API of", &target, Pace::CONTROLLER, limits, || async {
            let found = self.find::<Definition>(&collection, name, Extent::Whole, limits).await?;
            let is_established = found.is_some_and(|found| {
                let mut conditions = found.status.conditions.iter().flatten();
                conditions.any(|condition| condition.kind == "Established" && condition.status == "True")
            });
            Ok(if is_established {
                Seen::Ready(())
            } else {
                Seen::Pending("it is not established".to_owned())
            })
        })
        .await
    }
}

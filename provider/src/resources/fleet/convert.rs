//! Model to spec and back.

use std::collections::BTreeMap;

use domain::cluster::ClusterFacts;
use domain::cluster_ref::{ClusterRef, FleetRef};
use domain::fleet::{FLEET_NAME_MOST, FleetSpec, FluxSpec, MemberSpec};
use domain::name::Name;
use planning::fleet::FleetShape;
use schemas::resources::fleet::{
    DEFAULT_FLUX_CONCURRENCY, DEFAULT_FLUX_SOURCE, DEFAULT_FLUX_VERSION, DEFAULT_MEMBER_ROLE, FleetModel,
    FleetStatusModel, FluxModel, TargetMemberModel, TargetModel,
};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::path::Path;
use tf_value::value::Value;

/// The host's reference, if it is known and one.
pub(super) fn host(model: &FleetModel) -> Option<ClusterRef> {
    ClusterRef::parse(model.host.known()?).ok()
}

/// A map of labels without null values; none while it is unknown.
pub(crate) fn labels(labels: &Value<BTreeMap<String, Value<String>>>) -> Option<BTreeMap<String, String>> {
    match labels {
        Value::Null => Some(BTreeMap::new()),
        Value::Unknown => None,
        Value::Known(labels) => labels
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| Some((key.clone(), value.known()?.clone())))
            .collect(),
    }
}

/// A wholly known model as a spec.
///
/// # Errors
///
/// Diagnostics at the attributes that are no references or names.
pub(super) fn spec(model: &FleetModel) -> Result<FleetSpec, Diagnostics> {
    let mut problems = Diagnostics::none();
    let name = Name::parse_up_to(model.name.known().map_or("", String::as_str), FLEET_NAME_MOST)
        .map_err(|problem| problems.push(not_a_name(&problem.to_string()).at(Path::to("name"))));
    let host = reference(model.host.known(), Path::to("host"), &mut problems);
    let mut members = BTreeMap::new();
    for (key, cluster) in model.clusters.known().into_iter().flatten() {
        let path = Path::to("clusters").key(key.clone());
        let Some(cluster) = cluster.known() else { continue };
        let member = Name::parse(key)
            .map_err(|problem| problems.push(not_a_name(&problem.to_string()).at(path.clone())));
        let found = reference(cluster.r#ref.known(), path.attribute("ref"), &mut problems);
        if let (Ok(member), Some(found)) = (member, found) {
            let spec = MemberSpec {
                cluster: found,
                labels: labels(&cluster.labels).unwrap_or_default(),
                api_server: cluster.api_server.known().cloned(),
            };
            members.insert(member, spec);
        }
    }
    match (name, host) {
        (Ok(name), Some(host)) if !problems.has_error() => Ok(FleetSpec {
            name,
            host,
            members,
            member_role: model.member_role.known().cloned().unwrap_or_else(|| DEFAULT_MEMBER_ROLE.to_owned()),
            flux: flux(model.flux.known()),
        }),
        _ => Err(problems),
    }
}

fn not_a_name(problem: &str) -> Diagnostic {
    Diagnostic::error(
        "Not a DNS-1123 label",
        format!(
            "The name cannot be used: {problem}.\n\nUse lower-case letters, digits and dashes, beginning and ending \
             with a letter or a digit."
        ),
    )
}

/// A cluster's reference at `path`, or a diagnostic there.
pub(super) fn reference(text: Option<&String>, path: Path, problems: &mut Diagnostics) -> Option<ClusterRef> {
    let text = text?;
    ClusterRef::parse(text)
        .map_err(|problem| {
            problems.push(
                Diagnostic::error(
                    "Not a cluster's reference",
                    format!(
                        "`{text}` cannot be used: {problem}.\n\nPass the `ref` of a cluster, such as \
                         `kurator_attached_cluster.NAME.ref`."
                    ),
                )
                .at(path),
            );
        })
        .ok()
}

fn flux(model: Option<&FluxModel>) -> FluxSpec {
    let default = FluxModel::default();
    let model = model.unwrap_or(&default);
    let concurrency = model.concurrency.known().and_then(|count| u32::try_from(*count).ok());
    FluxSpec {
        install: model.install.known().copied().unwrap_or(true),
        source: model.source.known().cloned().unwrap_or_else(|| DEFAULT_FLUX_SOURCE.to_owned()),
        version: model.version.known().cloned().unwrap_or_else(|| DEFAULT_FLUX_VERSION.to_owned()),
        digest: model.digest.known().cloned(),
        registry: model.registry.known().cloned(),
        concurrency: concurrency.unwrap_or(DEFAULT_FLUX_CONCURRENCY),
    }
}

/// The fleet's reference as far as configuration has it.
pub(super) fn fleet_ref(model: &FleetModel) -> Value<String> {
    let name = model.name.known().and_then(|name| Name::parse(name).ok());
    match (name, host(model)) {
        (Some(name), Some(host)) => Value::Known(FleetRef { name, host }.to_string()),
        _ => Value::Unknown,
    }
}

/// The target as far as configuration has it: what is written there is known, references or not.
pub(super) fn target(model: &FleetModel) -> Value<TargetModel> {
    let members = model.clusters.clone().map(|clusters| {
        clusters
            .into_iter()
            .map(|(name, cluster)| {
                let member = cluster.map(|cluster| TargetMemberModel {
                    r#ref: cluster.r#ref,
                    labels: match cluster.labels {
                        Value::Null => Value::Known(BTreeMap::new()),
                        set => set,
                    },
                });
                (name, member)
            })
            .collect()
    });
    Value::Known(TargetModel { r#ref: fleet_ref(model), members })
}

/// Whether the words of a change need references: those of a create do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum References {
    Needed,
    Ignored,
}

/// What the words of a change are made of; none while something of it is unknown.
pub(super) fn shape(model: &FleetModel, references: References) -> Option<FleetShape> {
    let mut shape = FleetShape::default();
    for (name, cluster) in model.clusters.known()? {
        let cluster = cluster.known()?;
        shape.members.insert(name.clone(), labels(&cluster.labels)?);
        if references == References::Needed {
            shape.references.insert(name.clone(), cluster.r#ref.known()?.clone());
        }
    }
    Some(shape)
}

/// How a member is, from what it says of itself.
pub(super) fn status(ready: bool, facts: Option<&ClusterFacts>) -> Value<FleetStatusModel> {
    Value::Known(FleetStatusModel {
        ready: Value::Known(ready),
        version: facts.map(|facts| facts.version.clone()).into(),
    })
}

//! The fleet's target as it reaches an application: of any type on the wire, so that a reference in its place gets
//! a message of ours and not only Terraform's.

use std::collections::BTreeMap;

use domain::application::{FleetTarget, TargetMember};
use domain::cluster_ref::{ClusterRef, FleetRef};
use domain::name::Name;
use schemas::resources::fleet::target_type;
use tf_value::diagnostic::Diagnostic;
use tf_value::path::Path;
use tf_value::raw::Raw;
use tf_value::value::Value;

/// A target as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartialTarget {
    /// The fleet, if it is known.
    pub(super) fleet: Option<FleetRef>,
    /// The members, if they are known.
    pub(super) members: Option<BTreeMap<String, PartialMember>>,
}

/// A member as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartialMember {
    /// Its reference, if it is known.
    pub(super) reference: Option<ClusterRef>,
    /// Its labels, if they are known.
    pub(super) labels: Option<BTreeMap<String, String>>,
}

/// Reads a target.
///
/// # Errors
///
/// A diagnostic at `fleet`, for a value that is no target.
pub(super) fn parse(value: &Value<Raw>) -> Result<PartialTarget, Diagnostic> {
    let Some(raw) = value.known() else { return Ok(PartialTarget::default()) };
    let raw = unwrapped(raw);
    match raw {
        Raw::Unknown(_) => Ok(PartialTarget::default()),
        Raw::String(text) => Err(refused(&format!("A string is given: `{text}`."))),
        Raw::Map(entries) if entries.contains_key("ref") && entries.contains_key("members") => {
            Ok(PartialTarget { fleet: fleet(raw.get("ref"))?, members: members(raw.get("members"))? })
        }
        _ => Err(refused("The value has no `ref` and `members`.")),
    }
}

/// The fleet alone, if the value is a target and its fleet is known.
pub(super) fn fleet_of(value: &Value<Raw>) -> Option<FleetRef> {
    match unwrapped(value.known()?) {
        target @ Raw::Map(entries) if entries.contains_key("members") => fleet(target.get("ref")).ok()?,
        _ => None,
    }
}

fn unwrapped(raw: &Raw) -> &Raw {
    match raw {
        Raw::Dynamic(typed) => unwrapped(&typed.1),
        other => other,
    }
}

fn refused(saw: &str) -> Diagnostic {
    Diagnostic::error(
            "A fleet's target belongs here",
            format!(
                "{saw}\n\nWrite `fleet = kurator_fleet.NAME.target`: the target (not `.ref`) carries the members and \
                 their labels, so that a changed label is a change of the application in the same apply."
            ),
        )
        .at(Path::to("fleet"))
}

fn fleet(raw: &Raw) -> Result<Option<FleetRef>, Diagnostic> {
    match raw {
        Raw::Unknown(_) => Ok(None),
        Raw::String(text) => FleetRef::parse(text).map(Some).map_err(|problem| {
            refused(&format!("Its `ref` is `{text}`, and that is not a fleet's: {problem}."))
        }),
        _ => Err(refused("Its `ref` is not a string.")),
    }
}

fn members(raw: &Raw) -> Result<Option<BTreeMap<String, PartialMember>>, Diagnostic> {
    let entries = match unwrapped(raw) {
        Raw::Unknown(_) => return Ok(None),
        Raw::Map(entries) => entries,
        _ => return Err(refused("Its `members` are not a map.")),
    };
    entries
        .iter()
        .map(|(name, member)| Ok((name.clone(), self::member(name, member)?)))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn member(name: &str, raw: &Raw) -> Result<PartialMember, Diagnostic> {
    let raw = unwrapped(raw);
    let reference = match raw.get("ref") {
        Raw::Unknown(_) => None,
        Raw::String(text) => Some(ClusterRef::parse(text).map_err(|problem| {
            refused(&format!(
                "The `ref` of member `{name}` is `{text}`, and that is not a cluster's: {problem}."
            ))
        })?),
        Raw::Null if raw.is_unknown() => None,
        _ => return Err(refused(&format!("Member `{name}` has no `ref`."))),
    };
    let labels = match raw.get("labels") {
        Raw::Null => Some(BTreeMap::new()),
        Raw::Map(labels) => {
            labels.iter().map(|(key, value)| Some((key.clone(), value.text()?.to_owned()))).collect()
        }
        _ => None,
    };
    Ok(PartialMember { reference, labels })
}

impl PartialTarget {
    /// The whole target, if all of it is known.
    pub(super) fn into_whole(self) -> Option<FleetTarget> {
        let members = self
            .members?
            .into_iter()
            .map(|(name, member)| {
                let whole = TargetMember { cluster: member.reference?, labels: member.labels? };
                Some((Name::parse(&name).ok()?, whole))
            })
            .collect::<Option<_>>()?;
        Some(FleetTarget { fleet: self.fleet?, members })
    }

    /// The labels of all members, if all are known.
    pub(super) fn labels(&self) -> Option<BTreeMap<&str, &BTreeMap<String, String>>> {
        self.members
            .as_ref()?
            .iter()
            .map(|(name, member)| Some((name.as_str(), member.labels.as_ref()?)))
            .collect()
    }
}

/// A target as `kurator_fleet` exports it.
pub(super) fn write(target: &FleetTarget) -> Value<Raw> {
    let members = target
        .members
        .iter()
        .map(|(name, member)| {
            let labels =
                member.labels.iter().map(|(key, value)| (key.clone(), Raw::string(value.clone()))).collect();
            let member = Raw::Map(
                [
                    ("ref".to_owned(), Raw::String(member.cluster.to_string())),
                    ("labels".to_owned(), Raw::Map(labels)),
                ]
                .into(),
            );
            (name.to_string(), member)
        })
        .collect();
    let whole = Raw::Map(
        [
            ("ref".to_owned(), Raw::String(target.fleet.to_string())),
            ("members".to_owned(), Raw::Map(members)),
        ]
        .into(),
    );
    Value::Known(Raw::Dynamic(Box::new((target_type(), whole))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_reads_back_as_written() {
        let cluster = ClusterRef::parse("env:HUB?uid=1").unwrap();
        let target = FleetTarget {
            fleet: FleetRef { name: Name::parse("demo").unwrap(), host: cluster.clone() },
            members: BTreeMap::from([(
                Name::parse("hub").unwrap(),
                TargetMember { cluster, labels: BTreeMap::from([("env".into(), "hub".into())]) },
            )]),
        };
        assert_eq!(parse(&write(&target)).unwrap().into_whole(), Some(target));
    }

    #[test]
    fn a_reference_in_its_place_is_told_apart() {
        let value = Value::Known(Raw::Dynamic(Box::new((
            tf_value::ty::Type::String,
            Raw::string("fleet:demo?host=env%3AHUB"),
        ))));
        let told = parse(&value).unwrap_err();
        assert!(told.detail.contains("kurator_fleet.NAME.target"), "{told:?}");
    }
}

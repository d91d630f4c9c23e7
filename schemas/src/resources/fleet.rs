//! `kurator_fleet`: member clusters that one host distributes to.

use std::collections::BTreeMap;

use tf_value::attribute::Attribute;
use tf_value::model;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;
use tf_value::value::Value;

use crate::checks;

model! {
    /// The resource.
    pub struct FleetModel {
        /// Its name.
        name: String,
        /// Reference of the cluster that carries it.
        host: String,
        /// Members by name.
        clusters: BTreeMap<String, Value<FleetClusterModel>>,
        /// Role of the fleet's account on members.
        member_role: String,
        /// Flux on the host.
        flux: FluxModel,
        /// Its reference.
        r#ref: String,
        /// What applications take.
        target: TargetModel,
        /// How each member is.
        status: BTreeMap<String, Value<FleetStatusModel>>,
    }
}

model! {
    /// A member.
    pub struct FleetClusterModel {
        /// Its reference.
        r#ref: String,
        /// What applications choose it by.
        labels: BTreeMap<String, Value<String>>,
        /// Where the host reaches its API.
        api_server: String,
    }
}

model! {
    /// Flux on the host.
    pub struct FluxModel {
        /// Whether to install it where it is missing.
        install: bool,
        /// Where its manifests are.
        source: String,
        /// Tag of the manifests.
        version: String,
        /// Digest of the manifests.
        digest: String,
        /// Registry of its images.
        registry: String,
        /// Reconciliations at a time.
        concurrency: i64,
    }
}

model! {
    /// What applications take.
    pub struct TargetModel {
        /// The fleet's reference.
        r#ref: String,
        /// Members by name.
        members: BTreeMap<String, Value<TargetMemberModel>>,
    }
}

model! {
    /// A member as applications see it.
    pub struct TargetMemberModel {
        /// Its reference.
        r#ref: String,
        /// What it is chosen by.
        labels: BTreeMap<String, Value<String>>,
    }
}

model! {
    /// How a member is.
    pub struct FleetStatusModel {
        /// Whether the host has working access to it.
        ready: bool,
        /// Version of its API server.
        version: String,
    }
}

/// The role of the fleet's account where the user names none.
pub const DEFAULT_MEMBER_ROLE: &str = "cluster-admin";
/// Where Flux's manifests are where the user names no place: the Flux project's own public artifact.
pub const DEFAULT_FLUX_SOURCE: &str = "oci://ghcr.io/fluxcd/flux-manifests";
/// The tag of Flux's manifests where the user names none: the newest of the 2.9 line (its release page, read
/// 2026-11-21), whose controllers are the 1.9 and 1.6 lines that the lab runs.
pub const DEFAULT_FLUX_VERSION: &str = "v2.9.5";
/// Reconciliations at a time where the user names no number: more than the objects of a few dead members, so that
/// these cannot block the rest.
pub const DEFAULT_FLUX_CONCURRENCY: u32 = 20;

/// The type of `target`.
pub fn target_type() -> Type {
    let member = Type::Object(BTreeMap::from([
        ("ref".to_owned(), Type::String),
        ("labels".to_owned(), Type::map(Type::String)),
    ]));
    Type::Object(BTreeMap::from([
        ("ref".to_owned(), Type::String),
        ("members".to_owned(), Type::map(member)),
    ]))
}

/// The schema without what every resource has.
pub fn schema() -> Schema {
    let status = Type::map(Type::Object(BTreeMap::from([
        ("ready".to_owned(), Type::Bool),
        ("version".to_owned(), Type::String),
    ])));
    Schema {
        version: 0,
        description: "A fleet: member clusters that one host cluster distributes to with Flux. On the host it keeps a \
                      namespace `kurator-NAME` with one Secret per member; on each member a service account of its \
                      own, whose token is the only credential that the host gets."
            .to_owned(),
        attributes: vec![
            Attribute::string(
                "name",
                "Name of the fleet, a DNS-1123 label of at most 55 characters, unique on its host. It cannot be \
                 changed in place.",
            )
            .required()
            .refuses("Make a fleet of the new name beside this one and move its applications, or keep the name.")
            .checked(checks::fleet_name),
            Attribute::string(
                "host",
                "Reference (`ref`) of the cluster that carries Flux and the fleet's objects. It may also be a member. \
                 Another place of the same cluster is no change; another cluster is refused.",
            )
            .required(),
            Attribute::objects("clusters", clusters(), "The members, by name. The map is authoritative: what leaves it leaves the fleet, and what the fleet's applications put there is removed first.")
                .required()
                .checked(checks::keys_are_names),
            Attribute::string(
                "member_role",
                "The `ClusterRole` that the fleet's account is bound to on every member. Default `cluster-admin`, \
                 because applications may hold anything; name a narrower one if yours do not.",
            )
            .defaults_to(Raw::string(DEFAULT_MEMBER_ROLE)),
            Attribute::object("flux", flux(), "How Flux gets onto the host. Flux that works there already is used as it is; one that a fleet installed and that does not answer is installed again."),
            Attribute::string("ref", "The fleet's reference.").computed(),
            Attribute::new(
                "target",
                target_type(),
                "What `kurator_application.fleet` takes: the fleet's reference and its members with their labels.",
            )
            .computed(),
            Attribute::new(
                "status",
                status,
                "How each member is, by name: `ready` (the host has the fleet's own access to it) and `version` of \
                 its API server.",
            )
            .computed(),
        ],
    }
}

fn clusters() -> Vec<Attribute> {
    vec![
        Attribute::string("ref", "Reference of the member cluster.").required(),
        Attribute::new(
            "labels",
            Type::map(Type::String),
            "Labels that applications choose members by. They are the fleet's own, not the cluster's.",
        )
        .checked(checks::labels),
        Attribute::string(
            "api_server",
            "URL at which the host reaches the member's API server. Default: the member's `endpoint`.",
        ),
    ]
}

fn flux() -> Vec<Attribute> {
    vec![
        Attribute::bool("install", "Whether to install Flux where none is found. Default `true`."),
        Attribute::string(
            "source",
            format!("`oci://` URL of the artifact with Flux's manifests. Default `{DEFAULT_FLUX_SOURCE}`."),
        )
        .checked(checks::oci_url),
        Attribute::string("version", format!("Tag of that artifact. Default `{DEFAULT_FLUX_VERSION}`.")),
        Attribute::string(
            "digest",
            "Digest that the artifact must have, `sha256:…`. Default: the tag is trusted.",
        )
        .checked(checks::digest),
        Attribute::string(
            "registry",
            "Registry prefix for the controllers' images. Default: as in the manifests.",
        ),
        Attribute::number(
            "concurrency",
            format!("Reconciliations at a time, per controller. Default {DEFAULT_FLUX_CONCURRENCY}."),
        )
        .checked(checks::at_least_one),
    ]
}

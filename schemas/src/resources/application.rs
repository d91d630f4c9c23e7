//! `kurator_application`: a source, and policies that say what of it goes to which members of a fleet.

use std::collections::BTreeMap;

use tf_value::attribute::Attribute;
use tf_value::model;
use tf_value::raw::Raw;
use tf_value::schema::Schema;
use tf_value::ty::Type;
use tf_value::value::Value;

use crate::{checks, values};

model! {
    /// The resource. Its `fleet` is of any type on the wire, so that a reference in its place gets a message of ours.
    pub struct ApplicationModel {
        /// Its name.
        name: String,
        /// The fleet's target.
        fleet: Raw,
        /// Where the manifests come from.
        source: SourceModel,
        /// Policies by name.
        sync_policies: BTreeMap<String, Value<PolicyModel>>,
        /// Whether an apply waits for the clusters.
        wait: bool,
        /// How each chosen member is.
        status: BTreeMap<String, Value<ApplicationStatusModel>>,
    }
}

model! {
    /// Where the manifests come from.
    pub struct SourceModel {
        /// A git repository.
        git_repository: GitRepositoryModel,
    }
}

model! {
    /// A git repository.
    pub struct GitRepositoryModel {
        /// Its URL.
        url: String,
        /// What of it.
        revision: GitRevisionModel,
        /// How often Flux looks.
        interval: String,
        /// How long one fetch may take.
        timeout: String,
        /// A Secret with credentials.
        secret_name: String,
    }
}

model! {
    /// What of a git repository.
    pub struct GitRevisionModel {
        /// Head of a branch.
        branch: String,
        /// A tag.
        tag: String,
        /// A range of versions.
        semver: String,
        /// One commit.
        commit: String,
    }
}

model! {
    /// What goes where.
    pub struct PolicyModel {
        /// To which members.
        destination: DestinationModel,
        /// A folder to build and apply.
        kustomization: KustomizationModel,
        /// A chart to install.
        helm: HelmModel,
    }
}

model! {
    /// To which members.
    pub struct DestinationModel {
        /// Chosen by labels.
        cluster_selector: ClusterSelectorModel,
    }
}

model! {
    /// Members by labels.
    pub struct ClusterSelectorModel {
        /// Labels that a member must all have.
        match_labels: BTreeMap<String, Value<String>>,
    }
}

model! {
    /// A folder to build and apply.
    pub struct KustomizationModel {
        /// The folder.
        path: String,
        /// Whether what leaves the source leaves the member.
        prune: bool,
        /// How often Flux compares.
        interval: String,
        /// How soon Flux tries again.
        retry_interval: String,
        /// How long one reconciliation may take.
        timeout: String,
        /// Namespace for all objects.
        target_namespace: String,
        /// Whether unchangeable objects are replaced.
        force: bool,
    }
}

model! {
    /// A chart to install.
    pub struct HelmModel {
        /// The chart's folder.
        chart: String,
        /// What makes a new chart of a new commit.
        reconcile_strategy: String,
        /// Files with values.
        values_files: Vec<Value<String>>,
        /// Values, in YAML.
        values: String,
        /// The release's name.
        release_name: String,
        /// The release's namespace.
        target_namespace: String,
        /// How often Flux compares.
        interval: String,
        /// How long one of Helm's operations may take.
        timeout: String,
        /// How it is installed.
        install: HelmActionModel,
        /// How it is upgraded.
        upgrade: HelmActionModel,
    }
}

model! {
    /// How one of Helm's actions is done.
    pub struct HelmActionModel {
        /// What is done about a failure.
        remediation: RemediationModel,
    }
}

model! {
    /// What is done about a failure.
    pub struct RemediationModel {
        /// How often it is tried again.
        retries: i64,
    }
}

model! {
    /// How a chosen member is.
    pub struct ApplicationStatusModel {
        /// The policies that chose it.
        policies: Vec<Value<String>>,
        /// Whether all of them are applied there.
        ready: bool,
    }
}

/// How often Flux looks at a git repository where the user says nothing.
pub const DEFAULT_SOURCE_INTERVAL: &str = "1m";
/// How long one fetch may take where the user says nothing. Flux's own default, written out because the API server
/// fills it in and the object would otherwise read back changed.
pub const DEFAULT_SOURCE_TIMEOUT: &str = "60s";
/// How often Flux compares and mends where the user says nothing.
pub const DEFAULT_INTERVAL: &str = "10m";

/// The schema without what every resource has.
pub fn schema() -> Schema {
    let status = Type::map(Type::Object(BTreeMap::from([
        ("policies".to_owned(), Type::list(Type::String)),
        ("ready".to_owned(), Type::Bool),
    ])));
    Schema {
        version: 0,
        description: "An application: a source, and policies that say what of it goes to which members of a fleet. \
                      Flux on the fleet's host distributes it; an apply ends when every chosen cluster reports the \
                      source's revision applied and healthy."
            .to_owned(),
        attributes: vec![
            Attribute::string(
                "name",
                "Name of the application, a DNS-1123 label, unique in its fleet. It cannot be changed in place.",
            )
            .required()
            .refuses("Make an application of the new name beside this one, then remove this one, or keep the name.")
            .checked(checks::name),
            Attribute::new(
                "fleet",
                Type::Dynamic,
                "The fleet, as its `target` (`kurator_fleet.NAME.target`): an object with `ref` and `members`. A \
                 changed label or member is a change of the application, made in the same apply. Another fleet is \
                 refused.",
            )
            .required(),
            Attribute::object(
                "source",
                vec![Attribute::object("git_repository", git_repository(), "A git repository that Flux follows.")],
                "Where the manifests come from.",
            )
            .required(),
            Attribute::objects(
                "sync_policies",
                vec![
                    Attribute::object("destination", destination(), "To which members. Default: all of them."),
                    Attribute::object(
                        "kustomization",
                        kustomization(),
                        "A folder of the source, built with kustomize. This or `helm`.",
                    ),
                    Attribute::object(
                        "helm",
                        helm(),
                        "A chart in the source, installed by Flux's helm-controller. This or `kustomization`.",
                    ),
                ],
                "What goes where, by name. A policy that leaves the map, or no longer chooses a member, is removed \
                 from that member with what it put there: a chart by an uninstallation, a kustomization if `prune` is \
                 on.",
            )
            .required()
            .checked(checks::keys_are_names)
            .checked(checks::not_empty),
            Attribute::bool(
                "wait",
                "Whether an apply waits until every chosen cluster reports the source's revision applied. Default \
                 `true`.",
            )
            .defaults_to(Raw::Bool(true)),
            Attribute::new(
                "status",
                status,
                "How each chosen member is, by name: the `policies` that chose it, and whether all of them are \
                 applied there (`ready`).",
            )
            .computed(),
        ],
    }
}

fn git_repository() -> Vec<Attribute> {
    vec![
        Attribute::string("url", "URL, with scheme `http`, `https` or `ssh`, without credentials.")
            .required()
            .checked(checks::git_url),
        Attribute::object(
            "revision",
            vec![
                Attribute::string("branch", "The head of this branch; with `commit`, the branch that holds it."),
                Attribute::string("tag", "This tag."),
                Attribute::string("semver", "The newest tag in this range of semantic versions, such as `>=1.2.0 <2.0.0`."),
                Attribute::string("commit", "This commit, by its full SHA."),
            ],
            "What of the repository. Flux follows a branch or a range by itself between applies. Default: the branch \
             `main`.",
        ),
        Attribute::string("interval", "How often Flux looks for news. Default `1m`.").checked(checks::duration),
        Attribute::string("timeout", "How long one fetch may take. Default `60s`.").checked(checks::duration),
        Attribute::string(
            "secret_name",
            "Name of a Secret with credentials for the repository, in the fleet's namespace `kurator-FLEET` on the host.",
        )
        .checked(checks::name),
    ]
}

fn destination() -> Vec<Attribute> {
    vec![Attribute::object(
        "cluster_selector",
        vec![
            Attribute::new(
                "match_labels",
                Type::map(Type::String),
                "Labels that a member must all have. Empty chooses every member.",
            )
            .checked(checks::labels),
        ],
        "Chooses members by the labels that the fleet gives them.",
    )]
}

fn kustomization() -> Vec<Attribute> {
    vec![
        Attribute::string("path", "Folder in the source, such as `./base`. Default: its root."),
        Attribute::bool("prune", "Whether what leaves the source, or the policy, leaves the member.").required(),
        Attribute::string("interval", "How often Flux compares and mends. Default `10m`.").checked(checks::duration),
        Attribute::string("retry_interval", "How soon Flux tries again after a failure. Default: `interval`.")
            .checked(checks::duration),
        Attribute::string(
            "timeout",
            "How long one reconciliation may take, health checks included. Flux raises less than `30s` to that. \
             Default: `interval`.",
        )
        .checked(checks::duration),
        Attribute::string("target_namespace", "Namespace for all objects. Default: as the manifests have it.")
            .checked(checks::name),
        Attribute::bool("force", "Whether objects with changed unchangeable fields are replaced. Default `false`."),
    ]
}

fn helm() -> Vec<Attribute> {
    let remediation = |what: &str| {
        let retries = Attribute::number("retries", format!("How often {what} is tried again. Default `0`."));
        vec![Attribute::object(
            "remediation",
            vec![retries.required().checked(checks::count)],
            "What is done about a failure.",
        )]
    };
    vec![
        Attribute::string("chart", "Folder of the chart in the source, such as `./charts/web`.").required(),
        Attribute::string(
            "reconcile_strategy",
            "What makes a new chart of a new commit: `chart_version`, a new version in its `Chart.yaml`; or `revision`, \
             any commit. Default `chart_version`.",
        )
        .checked(checks::reconcile_strategy),
        Attribute::new(
            "values_files",
            Type::list(Type::String),
            "Files in the source whose values replace the chart's own `values.yaml`, later ones over earlier ones.",
        ),
        Attribute::string(
            "values",
            "Values over those of the chart and its files: a mapping in YAML, as `yamlencode` writes it, compared by what \
             it means. It is stored in state and on the fleet's host in clear, so it is no place for secrets.",
        )
        .alike_if(values::alike)
        .checked(values::mapping),
        Attribute::string(
            "release_name",
            "Name of the release, at most 53 characters. Another name is another release: the old one is uninstalled \
             first. Default: `APPLICATION-POLICY`, shortened if need be.",
        )
        .checked(checks::release_name),
        Attribute::string(
            "target_namespace",
            "Namespace of the release and of Helm's record of it. Helm makes it if it is missing, and leaves it behind. \
             Another namespace is another release.",
        )
        .required()
        .checked(checks::name),
        Attribute::string(
            "interval",
            "How often Flux compares and mends; what was changed on the cluster is put back. Default `10m`.",
        )
        .checked(checks::duration),
        Attribute::string("timeout", "How long one of Helm's operations may take. Default: Flux's, `5m`.")
            .checked(checks::duration),
        Attribute::object("install", remediation("a failed installation, uninstalled first,"), "How it is installed."),
        Attribute::object("upgrade", remediation("a failed upgrade, rolled back first,"), "How it is upgraded."),
    ]
}

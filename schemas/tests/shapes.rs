//! Every schema is valid, and every model has the attributes of its schema.

use schemas::credentials::{CredentialsModel, ServiceAccountModel};
use schemas::data_sources::kubeconfig::{self, OnUnreachableModel};
use schemas::data_sources::machine_check::{self, FindingModel, MachineCheckModel, MachineFactsModel};
use schemas::ephemeral::cluster_credentials;
use schemas::lifecycle::{LastChangeModel, LifecycleModel, TimeoutsModel, with_lifecycle};
use schemas::provider::{ProviderModel, SshCredentialModel};
use schemas::resources::application::{
    ApplicationModel, ClusterSelectorModel, DestinationModel, GitRepositoryModel, GitRevisionModel,
    HelmActionModel, HelmModel, KustomizationModel, PolicyModel, RemediationModel, SourceModel,
};
use schemas::resources::attached_cluster::{AttachedClusterModel, KubeconfigModel};
use schemas::resources::custom_cluster::machines::{
    BastionModel, KnownHostsModel, MachineModel, SshModel, TaintModel,
};
use schemas::resources::custom_cluster::network::{
    CniModel, ControlPlaneModel, KubeProxyModel, NetworkModel,
};
use schemas::resources::custom_cluster::node::{
    ArgumentModel, ArtifactsModel, ContainerdModel, DrainModel, ExtraArgumentsModel, ProxyModel,
    WorkersStrategyModel,
};
use schemas::resources::custom_cluster::{CustomClusterModel, NodeModel};
use schemas::resources::fleet::{FleetClusterModel, FleetModel, FluxModel};
use schemas::resources::{application, attached_cluster, custom_cluster, fleet};
use tf_value::attribute::{Attribute, Shape};
use tf_value::schema::Schema;
use tf_value::ty::Type;

fn all() -> [(&'static str, Schema); 8] {
    [
        ("provider", schemas::provider::schema()),
        ("kurator_attached_cluster", with_lifecycle(attached_cluster::schema())),
        ("kurator_custom_cluster", with_lifecycle(custom_cluster::schema())),
        ("kurator_fleet", with_lifecycle(fleet::schema())),
        ("kurator_application", with_lifecycle(application::schema())),
        ("kurator_cluster_credentials", cluster_credentials::schema()),
        ("kurator_kubeconfig", kubeconfig::schema()),
        ("kurator_machine_check", machine_check::schema()),
    ]
}

fn sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    names
}

fn names(attributes: &[Attribute]) -> Vec<&str> {
    sorted(attributes.iter().map(|attribute| attribute.name))
}

/// The attributes inside the nested attribute at `path`, dots between names. None where the path leads nowhere, which
/// no model equals.
fn inside<'a>(attributes: &'a [Attribute], path: &str) -> &'a [Attribute] {
    path.split('.').fold(attributes, |attributes, name| {
        match attributes.iter().find(|attribute| attribute.name == name).map(|found| &found.shape) {
            Some(Shape::Nested(_, inner)) => inner,
            _ => &[],
        }
    })
}

fn fields(fields: &'static [&'static str]) -> Vec<&'static str> {
    sorted(fields.iter().copied())
}

#[test]
fn every_schema_is_valid() {
    for (name, schema) in all() {
        assert_eq!(schema.problems(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn every_description_is_made_of_sentences() {
    fn check(of: &str, attributes: &[Attribute]) {
        for attribute in attributes {
            let name = format!("{of}.{}", attribute.name);
            assert!(attribute.description.ends_with('.'), "{name}: {}", attribute.description);
            if let Shape::Nested(_, inner) = &attribute.shape {
                check(&name, inner);
            }
        }
    }
    for (name, schema) in all() {
        check(name, &schema.attributes);
    }
}

#[test]
fn every_top_level_model_has_the_attributes_of_its_schema() {
    assert_eq!(fields(ProviderModel::FIELDS), names(&schemas::provider::schema().attributes));
    assert_eq!(fields(AttachedClusterModel::FIELDS), names(&attached_cluster::schema().attributes));
    assert_eq!(fields(CustomClusterModel::FIELDS), names(&custom_cluster::schema().attributes));
    assert_eq!(fields(FleetModel::FIELDS), names(&fleet::schema().attributes));
    assert_eq!(fields(ApplicationModel::FIELDS), names(&application::schema().attributes));
    let shared = with_lifecycle(Schema::default());
    assert_eq!(fields(LifecycleModel::FIELDS), names(&shared.attributes));
    assert_eq!(fields(CredentialsModel::FIELDS), names(&cluster_credentials::schema().attributes));
    assert_eq!(fields(MachineCheckModel::FIELDS), names(&machine_check::schema().attributes));
    let both = CredentialsModel::FIELDS.iter().chain(OnUnreachableModel::FIELDS);
    assert_eq!(sorted(both.copied()), names(&kubeconfig::schema().attributes));
}

#[test]
fn every_nested_model_has_the_attributes_of_its_place() {
    let provider = schemas::provider::schema().attributes;
    assert_eq!(fields(SshCredentialModel::FIELDS), names(inside(&provider, "ssh_credentials")));
    let attached = attached_cluster::schema().attributes;
    assert_eq!(fields(KubeconfigModel::FIELDS), names(inside(&attached, "kubeconfig")));
    let credentials = cluster_credentials::schema().attributes;
    assert_eq!(fields(ServiceAccountModel::FIELDS), names(inside(&credentials, "service_account")));
    let fleet = fleet::schema().attributes;
    assert_eq!(fields(FleetClusterModel::FIELDS), names(inside(&fleet, "clusters")));
    assert_eq!(fields(FluxModel::FIELDS), names(inside(&fleet, "flux")));
    let shared = with_lifecycle(Schema::default()).attributes;
    assert_eq!(fields(TimeoutsModel::FIELDS), names(inside(&shared, "timeouts")));
    assert_eq!(fields(LastChangeModel::FIELDS), names(inside(&shared, "last_change")));
    let application = application::schema().attributes;
    for (model, path) in [
        (SourceModel::FIELDS, "source"),
        (GitRepositoryModel::FIELDS, "source.git_repository"),
        (GitRevisionModel::FIELDS, "source.git_repository.revision"),
        (PolicyModel::FIELDS, "sync_policies"),
        (DestinationModel::FIELDS, "sync_policies.destination"),
        (ClusterSelectorModel::FIELDS, "sync_policies.destination.cluster_selector"),
        (KustomizationModel::FIELDS, "sync_policies.kustomization"),
        (HelmModel::FIELDS, "sync_policies.helm"),
        (HelmActionModel::FIELDS, "sync_policies.helm.install"),
        (HelmActionModel::FIELDS, "sync_policies.helm.upgrade"),
        (RemediationModel::FIELDS, "sync_policies.helm.install.remediation"),
    ] {
        assert_eq!(fields(model), names(inside(&application, path)), "{path}");
    }
}

#[test]
fn every_model_of_a_custom_cluster_has_the_attributes_of_its_place() {
    let cluster = custom_cluster::schema().attributes;
    for (model, path) in [
        (SshModel::FIELDS, "ssh"),
        (KnownHostsModel::FIELDS, "ssh.known_hosts"),
        (BastionModel::FIELDS, "ssh.bastions"),
        (MachineModel::FIELDS, "machines"),
        (SshModel::FIELDS, "machines.ssh"),
        (TaintModel::FIELDS, "machines.taints"),
        (ControlPlaneModel::FIELDS, "control_plane"),
        (NetworkModel::FIELDS, "network"),
        (CniModel::FIELDS, "network.cni"),
        (KubeProxyModel::FIELDS, "network.kube_proxy"),
        (WorkersStrategyModel::FIELDS, "workers_strategy"),
        (DrainModel::FIELDS, "workers_strategy.drain"),
        (ExtraArgumentsModel::FIELDS, "extra_arguments"),
        (ArgumentModel::FIELDS, "extra_arguments.api_server"),
        (ArgumentModel::FIELDS, "extra_arguments.kubelet"),
        (ContainerdModel::FIELDS, "containerd"),
        (ProxyModel::FIELDS, "proxy"),
        (ArtifactsModel::FIELDS, "artifacts"),
    ] {
        assert_eq!(fields(model), names(inside(&cluster, path)), "{path}");
    }
}

/// The names in the type of a plain attribute: of the objects that a list or a map holds.
fn elements(attributes: &[Attribute], name: &str) -> Vec<String> {
    let shape = attributes.iter().find(|attribute| attribute.name == name).map(|found| &found.shape);
    match shape {
        Some(Shape::Plain(Type::List(element) | Type::Map(element))) => match &**element {
            Type::Object(entries) => entries.keys().cloned().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

#[test]
fn every_computed_object_has_the_attributes_of_its_model() {
    let check = machine_check::schema().attributes;
    assert_eq!(fields(FindingModel::FIELDS), elements(&check, "findings"));
    assert_eq!(fields(MachineFactsModel::FIELDS), elements(&check, "facts"));
    let cluster = custom_cluster::schema().attributes;
    assert_eq!(fields(NodeModel::FIELDS), elements(&cluster, "nodes"));
}

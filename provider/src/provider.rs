//! Tables: type name to resource, data source, function, ephemeral resource.

use std::sync::Arc;

use async_trait::async_trait;
use engine_kube::connect::KubeClusters;
use engine_ssh::machines::SshMachines;
use engines::machines::Machines;
use schemas::provider::ProviderModel;
use tf_provider::call::Call;
use tf_provider::provider::{Provider, Tables};
use tf_value::diagnostic::Diagnostics;
use tf_value::schema::Schema;

use crate::context::{Handle, Reach};
use crate::data_sources::kubeconfig::KubeconfigSource;
use crate::data_sources::machine_check::MachineCheckSource;
use crate::ephemeral::cluster_credentials::ClusterCredentials;
use crate::lifecycle::Lifecycle;
use crate::resources::application::Application;
use crate::resources::attached_cluster::AttachedCluster;
use crate::resources::custom_cluster::CustomCluster;
use crate::resources::fleet::Fleet;

/// The provider.
pub struct KuratorProvider {
    handle: Handle,
}

impl KuratorProvider {
    /// The provider over real clusters and machines.
    pub fn new() -> Self {
        Self::over(Handle::new(|credentials| {
            let machines: Arc<dyn Machines> = Arc::new(SshMachines::new(credentials));
            let clusters = KubeClusters::default().with_machines(Arc::clone(&machines));
            Reach { clusters: Arc::new(clusters), machines }
        }))
    }

    /// The provider over any clusters and machines, for tests.
    pub fn over(handle: Handle) -> Self {
        Self { handle }
    }
}

impl Default for KuratorProvider {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Provider for KuratorProvider {
    type Model = ProviderModel;

    fn schema(&self) -> Schema {
        schemas::provider::schema()
    }

    fn validate(&self, config: &ProviderModel) -> Diagnostics {
        crate::configure::validate(config)
    }

    async fn configure(&self, config: ProviderModel, _call: &Call<ProviderModel>) -> Diagnostics {
        crate::configure::configure(&self.handle, config);
        Diagnostics::none()
    }

    fn tables(&self) -> Tables {
        let handle = || self.handle.clone();
        Tables::new()
            .resource(Lifecycle::of(AttachedCluster, handle()))
            .resource(Lifecycle::of(CustomCluster, handle()))
            .resource(Lifecycle::of(Fleet, handle()))
            .resource(Lifecycle::of(Application, handle()))
            .data_source(KubeconfigSource(handle()))
            .data_source(MachineCheckSource(handle()))
            .ephemeral_resource(ClusterCredentials(handle()))
    }
}

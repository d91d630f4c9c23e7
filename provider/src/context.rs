//! What resources reach beside their own values.

use std::sync::{Arc, PoisonError, RwLock};

use domain::mirrors::Mirrors;
use engine_ssh::credentials::SshCredentials;
use engines::clusters::Clusters;
use engines::machines::Machines;

/// What the provider block and the process give to every resource.
#[derive(Clone)]
pub(crate) struct Context {
    /// The resolver of clusters.
    pub(crate) clusters: Arc<dyn Clusters>,
    /// The way to machines.
    pub(crate) machines: Arc<dyn Machines>,
    /// Where to fetch from instead.
    pub(crate) mirrors: Mirrors,
    /// Who we are on owner marks.
    pub(crate) owner: String,
    /// How many clusters or machines one resource works on at a time.
    pub(crate) at_a_time: usize,
    /// Which configuration of this process it is.
    pub(crate) run: usize,
}

/// What resources reach in one run.
#[derive(Clone)]
pub struct Reach {
    /// Clusters.
    pub clusters: Arc<dyn Clusters>,
    /// Machines.
    pub machines: Arc<dyn Machines>,
}

/// What a provider block says; what it leaves open has its default.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) owner: Option<String>,
    pub(crate) at_a_time: Option<usize>,
    pub(crate) credentials: SshCredentials,
    pub(crate) mirrors: Mirrors,
}

/// The owner where the provider block names none.
const DEFAULT_OWNER: &str = "default";

/// Clusters or machines at a time where the provider block says nothing. Each costs one connection and some hundred KiB.
const DEFAULT_AT_A_TIME: usize = 16;

/// The present context. Every resource holds a handle; configuring the provider exchanges what it leads to.
#[derive(Clone)]
pub struct Handle {
    present: Arc<RwLock<Context>>,
    resolver: Arc<dyn Fn(SshCredentials) -> Reach + Send + Sync>,
}

impl Handle {
    /// A context with the defaults of an empty provider block. `resolver` gives what is reached in each run: one process
    /// serves many when a debugger holds it, and none may see what another one read.
    pub fn new(resolver: impl Fn(SshCredentials) -> Reach + Send + Sync + 'static) -> Self {
        let present = context(&resolver, Settings::default(), 0);
        Self { present: Arc::new(RwLock::new(present)), resolver: Arc::new(resolver) }
    }

    pub(crate) fn get(&self) -> Context {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what a provider block says.
    pub(crate) fn configure(&self, settings: Settings) {
        let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
        *present = context(&*self.resolver, settings, present.run + 1);
    }
}

fn context(resolver: &dyn Fn(SshCredentials) -> Reach, settings: Settings, run: usize) -> Context {
    let Settings { owner, at_a_time, credentials, mirrors } = settings;
    let Reach { clusters, machines } = resolver(credentials);
    Context {
        clusters,
        machines,
        mirrors,
        owner: owner.unwrap_or_else(|| DEFAULT_OWNER.to_owned()),
        at_a_time: at_a_time.unwrap_or(DEFAULT_AT_A_TIME),
        run,
    }
}

#[cfg(test)]
mod tests {
    use testkit::fake_kube::FakeClusters;
    use testkit::fake_machines::FakeMachines;

    use super::*;

    #[test]
    fn no_run_sees_what_another_one_read() {
        let handle = Handle::new(|_| Reach {
            clusters: Arc::new(FakeClusters::default()),
            machines: Arc::new(FakeMachines::default()),
        });
        let first = handle.get();
        assert!(Arc::ptr_eq(&first.clusters, &handle.get().clusters));
        assert!(Arc::ptr_eq(&first.machines, &handle.get().machines));
        handle.configure(Settings::default());
        assert!(!Arc::ptr_eq(&first.clusters, &handle.get().clusters));
        assert!(!Arc::ptr_eq(&first.machines, &handle.get().machines));
    }
}

//! What resources reach beside their own values.

use std::sync::{Arc, PoisonError, RwLock};

use engines::clusters::Clusters;

/// What the provider block and the process give to every resource.
#[derive(Clone)]
pub(crate) struct Context {
    /// The resolver of clusters.
    pub(crate) clusters: Arc<dyn Clusters>,
    /// Who we are on owner marks.
    pub(crate) owner: String,
    /// How many clusters one resource works on at a time.
    pub(crate) at_a_time: usize,
    /// Which configuration of this process it is.
    pub(crate) run: usize,
}

/// The owner where the provider block names none.
const DEFAULT_OWNER: &str = "default";

/// Clusters at a time where the provider block says nothing. Each costs one connection and some hundred KiB.
const DEFAULT_AT_A_TIME: usize = 16;

/// The present context. Every resource holds a handle; configuring the provider exchanges what it leads to.
#[derive(Clone)]
pub struct Handle {
    present: Arc<RwLock<Context>>,
    resolver: Arc<dyn Fn() -> Arc<dyn Clusters> + Send + Sync>,
}

impl Handle {
    /// A context with the defaults of an empty provider block. `resolver` gives the clusters of each run: one process
    /// serves many when a debugger holds it, and none may see what another one read.
    pub fn new(resolver: impl Fn() -> Arc<dyn Clusters> + Send + Sync + 'static) -> Self {
        let present = Context {
            clusters: resolver(),
            owner: DEFAULT_OWNER.to_owned(),
            at_a_time: DEFAULT_AT_A_TIME,
            run: 0,
        };
        Self { present: Arc::new(RwLock::new(present)), resolver: Arc::new(resolver) }
    }

    pub(crate) fn get(&self) -> Context {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what a provider block says; what it leaves open has its default.
    pub(crate) fn configure(&self, owner: Option<String>, at_a_time: Option<usize>) {
        let clusters = (self.resolver)();
        let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
        *present = Context {
            clusters,
            owner: owner.unwrap_or_else(|| DEFAULT_OWNER.to_owned()),
            at_a_time: at_a_time.unwrap_or(DEFAULT_AT_A_TIME),
            run: present.run + 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use testkit::fake_kube::FakeClusters;

    use super::*;

    #[test]
    fn no_run_sees_what_another_one_read() {
        let handle = Handle::new(|| Arc::new(FakeClusters::default()));
        let first = handle.get().clusters;
        assert!(Arc::ptr_eq(&first, &handle.get().clusters));
        handle.configure(None, None);
        assert!(!Arc::ptr_eq(&first, &handle.get().clusters));
    }
}

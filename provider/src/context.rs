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
}

/// The owner where the provider block names none.
const DEFAULT_OWNER: &str = "default";

/// Clusters at a time where the provider block says nothing. Each costs one connection and some hundred KiB.
const DEFAULT_AT_A_TIME: usize = 16;

/// The present context. Every resource holds a handle; configuring the provider exchanges what it leads to.
#[derive(Clone)]
pub struct Handle(Arc<RwLock<Context>>);

impl Handle {
    /// A context with the defaults of an empty provider block.
    pub fn new(clusters: Arc<dyn Clusters>) -> Self {
        Self(Arc::new(RwLock::new(Context {
            clusters,
            owner: DEFAULT_OWNER.to_owned(),
            at_a_time: DEFAULT_AT_A_TIME,
        })))
    }

    pub(crate) fn get(&self) -> Context {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what a provider block says; what it leaves open has its default.
    pub(crate) fn configure(&self, owner: Option<String>, at_a_time: Option<usize>) {
        let mut context = self.0.write().unwrap_or_else(PoisonError::into_inner);
        context.owner = owner.unwrap_or_else(|| DEFAULT_OWNER.to_owned());
        context.at_a_time = at_a_time.unwrap_or(DEFAULT_AT_A_TIME);
    }
}

//! How long each operation may take.

use std::time::Duration;

use domain::duration;
use schemas::lifecycle::LifecycleModel;

/// For a create, an update or a delete, where the user says nothing: a Flux reconciliation with slow health checks
/// fits several times; the same default as the AWS and Kubernetes providers have for their longest objects.
const LONG: Duration = Duration::from_mins(20);

/// For a read, where the user says nothing: one connect to an unreachable cluster ends after 10 s.
const SHORT: Duration = Duration::from_mins(2);

/// What is being done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Create,
    Read,
    Update,
    Delete,
}

/// How long `operation` may take on this object.
pub(crate) fn of(shared: &LifecycleModel, operation: Operation) -> Duration {
    let (set, default) = match operation {
        Operation::Create => (shared.timeout(|t| &t.create), LONG),
        Operation::Read => (shared.timeout(|t| &t.read), SHORT),
        Operation::Update => (shared.timeout(|t| &t.update), LONG),
        Operation::Delete => (shared.timeout(|t| &t.delete), LONG),
    };
    // The schema has checked the text.
    set.and_then(|text| duration::parse(text).ok()).unwrap_or(default)
}

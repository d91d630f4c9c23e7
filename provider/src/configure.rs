//! The provider block becomes the context. Asks nobody.

use schemas::provider::ProviderModel;
use tf_value::value::Value;

use crate::context::Handle;

/// Takes the provider block. A value that is not known yet has its default for now: it can only be unknown at plan,
/// and no plan depends on it.
pub(crate) fn configure(handle: &Handle, block: ProviderModel) {
    let owner = block.owner.into_known();
    let at_a_time = match block.max_parallel {
        Value::Known(count) => usize::try_from(count).ok(),
        Value::Null | Value::Unknown => None,
    };
    handle.configure(owner, at_a_time);
}

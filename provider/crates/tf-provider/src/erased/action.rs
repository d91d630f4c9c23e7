//! Actions.

use std::sync::Arc;

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::raw::Raw;

use crate::action::{Action, Progress};
use crate::deferral::Deferring;
use crate::erased::part::{DynPart, erased_part};
use crate::erased::{Surroundings, read};

/// An action without its model.
#[async_trait]
pub(crate) trait DynAction: DynPart {
    fn plan(&self, config: &Raw, deferring: &Deferring) -> Diagnostics;
    async fn invoke(&self, config: Raw, progress: &Progress, around: Surroundings) -> Diagnostics;
}

erased_part! {
    /// An action behind the trait without its model.
    ErasedAction of Action
}

/// Takes the model off an action.
pub(crate) fn erase_action(action: impl Action) -> Arc<dyn DynAction> {
    Arc::new(ErasedAction(action))
}

#[async_trait]
impl<A: Action> DynAction for ErasedAction<A> {
    fn plan(&self, config: &Raw, deferring: &Deferring) -> Diagnostics {
        match read(self.0.type_name(), config) {
            Ok(config) => self.0.plan(&config, deferring),
            Err(diagnostics) => diagnostics,
        }
    }

    async fn invoke(&self, config: Raw, progress: &Progress, around: Surroundings) -> Diagnostics {
        match read(self.0.type_name(), &config) {
            Ok(config) => self.0.invoke(config, progress, &around.call()).await,
            Err(diagnostics) => diagnostics,
        }
    }
}

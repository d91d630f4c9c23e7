//! What an action is: something that is done and leaves nothing in the state.

use async_trait::async_trait;
use tf_value::diagnostic::Diagnostics;
use tf_value::model::Model;
use tf_value::schema::Schema;
use tokio::sync::mpsc;

use crate::call::Call;
use crate::deferral::Deferring;

/// An action.
#[async_trait]
pub trait Action: Send + Sync + 'static {
    /// What users say about what is to be done.
    type Model: Model;

    /// Its type, as users write it.
    fn type_name(&self) -> &'static str;

    /// Its attributes.
    fn schema(&self) -> Schema;

    /// Checks that need more than one attribute. Must accept unknown values and ask nobody.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::none()
    }

    /// Says what can be said before it is done. Must accept unknown values and ask nobody. Only
    /// [`crate::deferral::Deferral::ProviderConfigUnknown`] puts an action off.
    fn plan(&self, _config: &Self::Model, _deferring: &Deferring) -> Diagnostics {
        Diagnostics::none()
    }

    /// Does it, whether or not somebody still listens. The result is all that is left to say; an error in it is the
    /// action's failure.
    async fn invoke(&self, config: Self::Model, progress: &Progress, call: &Call<Self::Model>)
    -> Diagnostics;
}

/// Where an action says how it gets on. It ends with the call: nothing can be said after the end.
#[derive(Debug)]
pub struct Progress {
    messages: mpsc::Sender<String>,
}

impl Progress {
    pub(crate) fn new(messages: mpsc::Sender<String>) -> Self {
        Self { messages }
    }

    /// Says a line to the user. Once nobody listens, it goes nowhere.
    pub async fn say(&self, line: impl Into<String> + Send) {
        drop(self.messages.send(line.into()).await);
    }
}

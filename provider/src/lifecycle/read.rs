//! Refreshing and importing.

use domain::mark::{Incarnation, Phase};
use schemas::lifecycle::LifecycleModel;
use tf_provider::call::Call;
use tf_provider::resource::{Done, Import, Stored};
use tf_value::diagnostic::{Diagnostic, Diagnostics};
use tf_value::value::Value;
use uuid::Uuid;

use super::Lifecycle;
use super::managed::{Managed, Sighting};
use super::plan::is_unfinished;
use super::timeouts::Operation;
use super::whole::Whole;

impl<M: Managed> Lifecycle<M> {
    pub(super) async fn refresh(
        &self,
        stored: Stored<Whole<M::Model>>,
        call: &Call<Whole<M::Model>>,
    ) -> Done<Whole<M::Model>> {
        let Stored { state, private } = stored;
        let work = self.work(&state.shared, Operation::Read, call);
        let mut done = match self.own.read(state.own.clone(), &work).await {
            Sighting::Gone => return Done::gone(),
            Sighting::OutOfReach(diagnostics) => Done::with(state, private).and(diagnostics),
            Sighting::There { object, drift, leftovers, diagnostics } => {
                let mut shared = state.shared;
                shared.drift = list(drift);
                shared.leftovers = list(leftovers);
                Done::with(Whole { own: object, shared }, private).and(diagnostics)
            }
        };
        if done.state.as_ref().is_some_and(|state| is_unfinished(&state.shared)) {
            done.diagnostics.push(Diagnostic::warning(
                "Create is unfinished",
                format!(
                    "An earlier create of this `{}` ended before it was done.\n\nThe plan may show a replacement; \
                     nothing that was made will be destroyed by it: the next apply carries on.",
                    M::TYPE
                ),
            ));
        }
        done
    }

    pub(super) async fn find(
        &self,
        import: Import,
        call: &Call<Whole<M::Model>>,
    ) -> Result<Whole<M::Model>, Diagnostics> {
        let work = self.work(&LifecycleModel::default(), Operation::Read, call);
        let found = self.own.import(&import, &work).await?;
        let (incarnation, phase) = match &found.mark {
            Some(mark) => (mark.incarnation.clone(), mark.phase),
            None => (Incarnation::new(Uuid::new_v4().to_string()), Phase::Ready),
        };
        let shared = LifecycleModel {
            phase: Value::Known(phase.as_str().to_owned()),
            incarnation: Value::Known(incarnation.as_str().to_owned()),
            drift: list(Vec::new()),
            leftovers: list(Vec::new()),
            ..LifecycleModel::default()
        };
        Ok(Whole { own: found.object, shared })
    }
}

pub(super) fn list(texts: Vec<String>) -> Value<Vec<Value<String>>> {
    Value::Known(texts.into_iter().map(Value::Known).collect())
}

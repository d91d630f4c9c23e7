//! Putting off what cannot be done yet, which most hosts do not know.
//!
//! Terraform takes a deferral that it did not allow, or that is not so, as a fault of the provider. So a deferral is
//! asked for here and granted only where it holds: nothing else gets into an answer.

use std::sync::{Arc, Mutex, PoisonError};

/// Why something is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deferral {
    /// The object's own configuration is not wholly known. For plans only: everything else has a known one.
    ConfigUnknown,
    /// The provider's configuration is not wholly known.
    ProviderConfigUnknown,
    /// Something that must be there first is not, such as a cluster that is still to be made.
    ///
    /// Terraform says during apply too that it allows deferrals, and means it only while it plans. Whoever uses this
    /// in a plan must come to the same answer when the plan is made again.
    AbsentPrerequisite,
}

/// Whether, and why, a call is put off. Clones share the answer.
#[derive(Clone, Debug, Default)]
pub struct Deferring {
    granted: Granted,
    /// None where nothing is granted, which is nearly always.
    reason: Option<Arc<Mutex<Option<Deferral>>>>,
}

/// The reasons that hold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Granted {
    pub(crate) config_unknown: bool,
    pub(crate) provider_config_unknown: bool,
    pub(crate) absent_prerequisite: bool,
}

impl Deferring {
    pub(crate) fn new(granted: Granted) -> Self {
        let any = granted.config_unknown || granted.provider_config_unknown || granted.absent_prerequisite;
        Self { granted, reason: any.then(Arc::default) }
    }

    /// Puts the call off for `reason`, if the host allows it and the reason holds; says whether it did.
    ///
    /// What is returned afterwards is a placeholder: it may hold unknown values. After a `false` the call goes on as
    /// if nothing had been asked.
    pub fn because(&self, reason: Deferral) -> bool {
        let granted = match reason {
            Deferral::ConfigUnknown => self.granted.config_unknown,
            Deferral::ProviderConfigUnknown => self.granted.provider_config_unknown,
            Deferral::AbsentPrerequisite => self.granted.absent_prerequisite,
        };
        match &self.reason {
            Some(answer) if granted => {
                *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
                true
            }
            _ => false,
        }
    }

    /// Why the call is put off; none if it is not.
    pub fn reason(&self) -> Option<Deferral> {
        *self.reason.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

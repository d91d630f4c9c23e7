//! What a call may be put off for, and how that is answered.

use std::sync::atomic::Ordering;

use tf_value::raw::Raw;

use crate::deferral::{Deferral, Deferring, Granted};
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::deferred::Reason;
use crate::server::parts::Parts;

/// Whether the host allows deferrals, and what the provider's own configuration gives as a reason.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    allowed: bool,
    provider_config_unknown: bool,
}

impl Allowance {
    pub(super) fn of(parts: &Parts, client: Option<pb::ClientCapabilities>) -> Self {
        Self {
            allowed: client.is_some_and(|client| client.deferral_allowed),
            provider_config_unknown: parts.config_unknown.load(Ordering::Relaxed),
        }
    }

    /// For a plan. Made again during apply its configuration is known, so that reason no longer holds then.
    pub(super) fn plan(self, config: &Raw) -> Deferring {
        Deferring::new(Granted {
            config_unknown: self.allowed && !config.is_wholly_known(),
            provider_config_unknown: self.allowed && self.provider_config_unknown,
            absent_prerequisite: self.allowed,
        })
    }

    /// For what looks at an object or makes a passing one. Its configuration is known.
    pub(super) fn look(self) -> Deferring {
        self.plan(&Raw::Null)
    }

    /// For the plan of an action: Terraform accepts one reason only.
    pub(super) fn action(self) -> Deferring {
        Deferring::new(Granted {
            provider_config_unknown: self.allowed && self.provider_config_unknown,
            ..Granted::default()
        })
    }
}

/// The answer's word for it; none if nothing is put off.
pub(super) fn encode(deferring: &Deferring) -> Option<pb::Deferred> {
    let reason = match deferring.reason()? {
        Deferral::ConfigUnknown => Reason::ResourceConfigUnknown,
        Deferral::ProviderConfigUnknown => Reason::ProviderConfigUnknown,
        Deferral::AbsentPrerequisite => Reason::AbsentPrereq,
    };
    Some(pb::Deferred { reason: reason.into() })
}
